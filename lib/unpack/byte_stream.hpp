#pragma once

#include <cstdint>
#include <memory>

#include "base/bytes.hpp"
#include "storage/input_file.hpp"

namespace rpixen {

/// Bytes that come one after another: a file, or what a decompressor makes of one.
class ByteStream {
  public:
    virtual ~ByteStream() = default;

    /// The next bytes: at least one and at most `most`, nothing at the end of the stream. They stay valid
    /// until the next call.
    ByteView some(std::uint64_t most);
    /// The next bytes without passing over them; nothing at the end of the stream.
    ByteView peek();
    /// Fills `out`; the number of bytes is smaller than asked for only at the end of the stream.
    std::size_t read(MutableBytes out);
    /// Passes over `count` bytes; false where the stream ends before.
    bool skip(std::uint64_t count);
    /// Bytes passed over so far.
    std::uint64_t position() const { return position_; }

  protected:
    /// The bytes at position(), which stay valid until the next call; nothing at the end.
    virtual ByteView refill() = 0;
    /// Moves on by `count` bytes that refill() has not given yet; false where the stream ends before.
    virtual bool jump(std::uint64_t count);
    /// For a jump() that does not go through refill(): counts the bytes.
    void jumped(std::uint64_t count) { position_ += count; }

  private:
    void consume(std::size_t count);

    ByteView ready_;
    std::uint64_t position_ = 0;
};

/// A part of a file, read in small pieces where they are wanted: passing over bytes costs nothing. Never
/// mapped, since a file that is cut meanwhile would end the process.
class FileStream final : public ByteStream {
  public:
    /// `begin` and `end` are offsets in the file, `block` the bytes to read at once.
    FileStream(std::shared_ptr<const InputFile> file, std::uint64_t begin, std::uint64_t end, std::size_t block);

  protected:
    ByteView refill() override;
    bool jump(std::uint64_t count) override;

  private:
    std::shared_ptr<const InputFile> file_;
    std::uint64_t next_;
    std::uint64_t end_;
    Bytes buffer_;
};

}  // namespace rpixen
