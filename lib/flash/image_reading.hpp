#pragma once

#include "flash/card_content.hpp"

namespace rpixen {

/// Reads a part of an image; what lies behind its end (less than a page) reads as zeros. Throws Error{io}.
void read_image(OpenContent& image, std::uint64_t size, Range place, MutableBytes out);

/// Holds an image that is read part by part, in ascending order, against the digests that are known of it.
class ImageProof {
  public:
    explicit ImageProof(const CardContent& content) : content_(content) {}

    /// Throws Error{artifact} where a range ends in this part and is not what its digest says.
    void take(Range place, ByteView bytes);

  private:
    const CardContent& content_;
    std::size_t next_ = 0;
    Sha256 digest_;
};

}  // namespace rpixen
