#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace rpixen {

using Sha256Digest = std::array<std::byte, 32>;

/// SHA-256 (FIPS 180-4) over a stream, through OpenSSL's EVP so that the processor's own instructions are
/// used.
class Sha256 {
  public:
    Sha256();
    ~Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;

    Sha256& update(ByteView bytes);
    Sha256& update(std::string_view text) { return update(as_bytes(text)); }
    /// Ends the stream; the object may only be destroyed or assigned afterwards.
    Sha256Digest finish();

  private:
    struct Context;
    std::unique_ptr<Context> context_;
};

Sha256Digest sha256(ByteView bytes);

/// Lower-case hexadecimal.
std::string hex(ByteView bytes);

using Uuid = std::array<std::byte, 16>;

/// A version-8 UUID (RFC 9562) from the first 16 bytes of SHA-256(seed, 0, name): the same seed and name give
/// the same UUID.
Uuid derive_uuid(const Sha256Digest& seed, std::string_view name);

/// "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", lower case.
std::string format_uuid(const Uuid& uuid);

}  // namespace rpixen
