#pragma once

#include "base/digest.hpp"
#include "unpack/byte_stream.hpp"

namespace rpixen {

/// Another stream's bytes as they are, with their SHA-256. `inner` outlives it.
class HashingStream final : public ByteStream {
  public:
    explicit HashingStream(ByteStream& inner) : inner_(inner) {}
    /// Reads what is left, and ends.
    Sha256Digest finish();

  protected:
    ByteView refill() override;

  private:
    ByteStream& inner_;
    Sha256 sha256_;
};

}  // namespace rpixen
