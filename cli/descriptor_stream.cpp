#include "descriptor_stream.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <rpixen/error.hpp>

namespace rpixen::cli {

DescriptorStream::Buffer::Buffer(int descriptor, const CancelToken* cancel) : descriptor_(descriptor), cancel_(cancel) {
    setp(bytes_.data(), bytes_.data() + bytes_.size());
}

DescriptorStream::Buffer::int_type DescriptorStream::Buffer::overflow(int_type letter) {
    sync();
    if (!traits_type::eq_int_type(letter, traits_type::eof())) sputc(traits_type::to_char_type(letter));
    return traits_type::not_eof(letter);
}

int DescriptorStream::Buffer::sync() {
    const char* place = pbase();
    const char* const limit = pptr();
    setp(bytes_.data(), bytes_.data() + bytes_.size());
    while (place < limit) {
        const ssize_t count = ::write(descriptor_, place, static_cast<std::size_t>(limit - place));
        if (count >= 0) {
            place += count;
        } else if (errno == EPIPE) {
            throw BrokenPipe{};
        } else if (errno == EINTR) {
            if (cancel_) cancel_->check();
        } else {
            throw Error(ErrorCode::io, "cannot write to standard output", std::strerror(errno));
        }
    }
    return 0;
}

}  // namespace rpixen::cli
