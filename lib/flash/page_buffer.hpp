#pragma once

#include <cstdlib>
#include <memory>
#include <new>

#include "base/bytes.hpp"
#include "base/size.hpp"

namespace rpixen {

/// Memory that begins at a page: what is read and written past the system's cache (O_DIRECT, open(2)) has to.
class PageBuffer {
  public:
    static constexpr std::size_t page = 4096;  ///< bytes

    /// Holds zeros.
    explicit PageBuffer(std::size_t size)
        : bytes_(static_cast<std::byte*>(std::aligned_alloc(page, align_up(size, page)))), size_(size) {
        if (!bytes_) throw std::bad_alloc();
        clear();
    }

    MutableBytes first(std::size_t size) { return MutableBytes(bytes_.get(), size_).first(size); }
    MutableBytes all() { return {bytes_.get(), size_}; }
    void clear() { std::memset(bytes_.get(), 0, size_); }

  private:
    struct Free {
        void operator()(std::byte* bytes) const noexcept { std::free(bytes); }
    };
    std::unique_ptr<std::byte, Free> bytes_;
    std::size_t size_;
};

}  // namespace rpixen
