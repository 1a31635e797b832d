#pragma once

#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include <rpixen/error.hpp>

#include "flash/card_device.hpp"
#include "flash/page_buffer.hpp"

namespace rpixen::test {

/// A card in memory, which remembers what was done to it, and may be a bad one.
class FakeCard final : public CardDevice {
  public:
    explicit FakeCard(std::uint64_t size, char filled_with = '\xff')
        : bytes(static_cast<std::size_t>(size), static_cast<std::byte>(filled_with)), real_size(size) {}

    const std::string& name() const override { return name_; }
    std::uint64_t size() const override { return bytes.size(); }

    void write(std::uint64_t place, ByteView data) override {
        check(place, data.size(), data.data());
        if (before_write) before_write(place);
        fail(place, data.size(), bad_to_write);
        writes.push_back({place, place + data.size()});
        for (std::size_t done = 0; done < data.size(); done += 512) {
            const std::uint64_t at = wraps ? (place + done) % real_size : place + done;
            if (at < real_size) std::memcpy(bytes.data() + at, data.data() + done, 512);
        }
    }
    void read(std::uint64_t place, MutableBytes out) override {
        check(place, out.size(), out.data());
        fail(place, out.size(), bad_to_read);
        reads += out.size();
        for (std::size_t done = 0; done < out.size(); done += 512)
            std::memcpy(out.data() + done, bytes.data() + (wraps ? (place + done) % real_size : place + done), 512);
        if (after_read) after_read(place, out);
    }
    void settle() override { writes.push_back({settled, settled}); }

    std::string text(std::size_t size) const { return std::string(as_text(ByteView(bytes).first(size))); }
    std::uint64_t written() const {
        std::uint64_t sum = 0;
        for (const Range& range : writes) sum += range.size();
        return sum;
    }

    static constexpr std::uint64_t settled = ~std::uint64_t{0};  ///< in `writes`: settle() was called

    Bytes bytes;
    std::vector<Range> writes;  ///< in order
    std::uint64_t reads = 0;    ///< bytes
    std::uint64_t real_size;    ///< what it really keeps
    bool wraps = false;         ///< what lies beyond replaces what lies in front; otherwise it is lost
    Range bad_to_write, bad_to_read;
    std::function<void(std::uint64_t)> before_write;
    std::function<void(std::uint64_t, MutableBytes)> after_read;

  private:
    void check(std::uint64_t place, std::uint64_t size, const std::byte* memory) const {
        if (place % PageBuffer::page != 0 || size % 512 != 0 ||
            reinterpret_cast<std::uintptr_t>(memory) % PageBuffer::page != 0)
            throw std::logic_error("not aligned: " + std::to_string(place) + " + " + std::to_string(size));
        if (place + size > bytes.size()) throw std::logic_error("beyond the end of the card");
    }
    static void fail(std::uint64_t place, std::uint64_t size, Range bad) {
        if (bad.overlaps({place, place + size})) throw Error(ErrorCode::io, "bad sector");
    }

    std::string name_ = "/dev/fake";
};

}  // namespace rpixen::test
