#pragma once

#include <array>
#include <ostream>
#include <streambuf>

#include <rpixen/progress.hpp>

namespace rpixen::cli {

/// Standard output's reader went away.
struct BrokenPipe {};

/// A buffered stream to a file descriptor that does not keep a failure to itself: writing and flushing throw
/// Error{io} with the system's reason (a full disk, a closed descriptor), BrokenPipe, or Error{cancelled} where
/// a signal asks to stop while nobody reads. What was not flushed is lost with it.
class DescriptorStream : public std::ostream {
  public:
    explicit DescriptorStream(int descriptor, const CancelToken* cancel = nullptr)
        : std::ostream(nullptr), buffer_(descriptor, cancel) {
        rdbuf(&buffer_);
        exceptions(std::ios::badbit);  // what the buffer throws reaches the writer
    }

  private:
    class Buffer : public std::streambuf {
      public:
        Buffer(int descriptor, const CancelToken* cancel);

      private:
        int_type overflow(int_type letter) override;
        int sync() override;

        int descriptor_;
        const CancelToken* cancel_;
        std::array<char, 32768> bytes_;
    };

    Buffer buffer_;
};

}  // namespace rpixen::cli
