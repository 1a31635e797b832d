#pragma once

#include <cstdint>

#include <rpixen/progress.hpp>

#include "storage/content.hpp"

namespace rpixen {

/// Takes the data of files that arrive as a stream (a compressed tar) and says where it then lies. A back end
/// offers one that puts the data at its final place in the output, so that a stream is unpacked once and
/// written once.
class ContentStore {
  public:
    virtual ~ContentStore() = default;
    /// Begins a content of exactly `size` bytes (> 0).
    virtual void begin(std::uint64_t size) = 0;
    /// The next bytes of it. Throws Error{io}.
    virtual void append(ByteView bytes) = 0;
    /// Ends it; exactly `size` bytes were appended.
    virtual Content finish() = 0;
    /// Whether what is appended already lies where it will stay, so that a plain archive too is best read
    /// once and appended, instead of its headers now and its data later.
    virtual bool in_place() const { return false; }
    /// Brings a whole file system image where it will stay, now, beside other work, and gives it as one that is
    /// placed. A store that is not in_place() leaves it where it is. Throws Error{io, cancelled}.
    virtual Content place_image(const Content& image, const Supervision& supervision) {
        static_cast<void>(supervision);
        return image;
    }
};

}  // namespace rpixen
