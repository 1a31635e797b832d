#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace rpixen {

/// Numbers and texts one after another, little endian: what one run keeps for another of the same version.
class RecordWriter {
  public:
    template <typename Integer>
    void number(Integer value) {
        const std::size_t place = bytes_.size();
        bytes_.resize(place + sizeof(Integer));
        store_le(bytes_.data() + place, value);
    }
    void bytes(ByteView view) { bytes_.insert(bytes_.end(), view.begin(), view.end()); }
    /// Its length and its bytes.
    void text(std::string_view text) {
        number(static_cast<std::uint64_t>(text.size()));
        bytes(as_bytes(text));
    }

    const Bytes& written() const { return bytes_; }

  private:
    Bytes bytes_;
};

/// Reads them again. Everything throws Error{artifact} where the bytes end before.
class RecordReader {
  public:
    explicit RecordReader(ByteView bytes) : rest_(bytes) {}

    template <typename Integer>
    Integer number() {
        return load_le<Integer>(bytes(sizeof(Integer)).data());
    }
    ByteView bytes(std::uint64_t count);
    std::string text() { return std::string(as_text(bytes(number<std::uint64_t>()))); }
    /// How many things of at least `least` bytes (> 0) each follow: no more than there is room for.
    std::uint64_t count(std::uint64_t least);
    bool at_end() const { return rest_.empty(); }

    [[noreturn]] static void refuse();
    static void check(bool sound) {
        if (!sound) refuse();
    }

  private:
    ByteView rest_;
};

}  // namespace rpixen
