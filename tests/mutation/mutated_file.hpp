#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "storage/file_descriptor.hpp"

namespace rpixen::test {

/// A file that is changed in places and then put back as it was.
class MutatedFile {
  public:
    explicit MutatedFile(std::string path);

    const std::string& path() const { return path_; }
    std::uint64_t size() const { return size_; }
    /// The bytes there as they are now; beyond the end zeros.
    Bytes read(std::uint64_t offset, std::size_t size) const;
    /// Changes nothing beyond the end.
    void write(std::uint64_t offset, ByteView bytes);
    /// Makes the same changes in `other`, in which this file begins at `offset`.
    void write_into(MutatedFile& other, std::uint64_t offset) const;
    /// Takes all changes back.
    void restore();

    template <typename Integer>
    Integer number(std::uint64_t offset) const {
        return load_le<Integer>(read(offset, sizeof(Integer)).data());
    }
    template <typename Integer>
    void set(std::uint64_t offset, Integer value) {
        Bytes bytes(sizeof(Integer));
        store_le(bytes.data(), value);
        write(offset, bytes);
    }

    /// What was changed, for messages: "1024: 00 -> ff".
    std::string changes() const;

  private:
    std::string path_;
    FileDescriptor file_;
    std::uint64_t size_ = 0;
    std::vector<std::pair<std::uint64_t, Bytes>> before_;
};

/// Numbers that a seed stands for, the same on every machine.
class Chance {
  public:
    explicit Chance(std::uint64_t seed) : engine_(seed) {}
    /// 0 ... count - 1
    std::uint64_t below(std::uint64_t count) { return engine_() % count; }
    bool one_in(std::uint64_t count) { return below(count) == 0; }
    template <typename Value>
    const Value& of(const std::vector<Value>& values) {
        return values[below(values.size())];
    }
    /// Another value for a field of `size` bytes (1, 2, 4 or 8): a bit turned, one more or less, an edge, or anything.
    std::uint64_t value(std::uint64_t old, std::size_t size);

  private:
    std::mt19937_64 engine_;
};

}  // namespace rpixen::test
