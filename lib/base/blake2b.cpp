#include "base/blake2b.hpp"

#include <openssl/evp.h>

#include <rpixen/error.hpp>

namespace rpixen {

std::array<std::byte, 64> blake2b(ByteView bytes) {
    std::array<std::byte, 64> digest{};
    if (EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), nullptr,
                   EVP_blake2b512(), nullptr) != 1)
        throw Error(ErrorCode::internal, "OpenSSL offers no BLAKE2b");
    return digest;
}

}  // namespace rpixen
