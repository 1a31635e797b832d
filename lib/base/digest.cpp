#include "base/digest.hpp"

#include <openssl/evp.h>

#include <algorithm>

#include <rpixen/error.hpp>
#include "base/handle.hpp"

namespace rpixen {

struct Sha256::Context {
    Handle<EVP_MD_CTX, EVP_MD_CTX_free> evp{EVP_MD_CTX_new()};
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
    if (!context_->evp || EVP_DigestInit_ex(context_->evp.get(), EVP_sha256(), nullptr) != 1)
        throw Error(ErrorCode::internal, "OpenSSL offers no SHA-256");
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

Sha256& Sha256::update(ByteView bytes) {
    if (EVP_DigestUpdate(context_->evp.get(), bytes.data(), bytes.size()) != 1)
        throw Error(ErrorCode::internal, "OpenSSL's SHA-256 failed");
    return *this;
}

Sha256Digest Sha256::finish() {
    Sha256Digest digest{};
    if (EVP_DigestFinal_ex(context_->evp.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr) != 1)
        throw Error(ErrorCode::internal, "OpenSSL's SHA-256 failed");
    return digest;
}

Sha256Digest sha256(ByteView bytes) {
    return Sha256().update(bytes).finish();
}

std::string hex(ByteView bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const std::byte byte : bytes) {
        text += digits[std::to_integer<unsigned>(byte) >> 4];
        text += digits[std::to_integer<unsigned>(byte) & 15U];
    }
    return text;
}

Uuid derive_uuid(const Sha256Digest& seed, std::string_view name) {
    const std::byte separator{};
    const Sha256Digest digest = Sha256().update(seed).update({&separator, 1}).update(name).finish();
    Uuid uuid{};
    std::copy_n(digest.begin(), uuid.size(), uuid.begin());
    uuid[6] = (uuid[6] & std::byte{0x0f}) | std::byte{0x80};
    uuid[8] = (uuid[8] & std::byte{0x3f}) | std::byte{0x80};
    return uuid;
}

std::string format_uuid(const Uuid& uuid) {
    const std::string digits = hex(uuid);
    std::string text;
    for (std::size_t place = 0; place < digits.size(); ++place) {
        if (place == 8 || place == 12 || place == 16 || place == 20) text += '-';
        text += digits[place];
    }
    return text;
}

}  // namespace rpixen
