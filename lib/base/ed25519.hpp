#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace rpixen {

/// Signatures of RFC 8032 through OpenSSL: 64 bytes, always the same for a key and a message.
inline constexpr std::size_t ed25519_signature_size = 64;
inline constexpr std::size_t ed25519_key_size = 32;

class Ed25519PublicKey {
  public:
    /// The 32 bytes of RFC 8032. Throws Error{internal} for another size.
    static Ed25519PublicKey from_bytes(ByteView raw);
    /// "-----BEGIN PUBLIC KEY-----" (RFC 8410). Nothing where the text is no such key or one of another kind.
    static std::optional<Ed25519PublicKey> from_pem(std::string_view text);

    bool proves(ByteView message, ByteView signature) const;
    /// SHA-256 of the key in DER (SubjectPublicKeyInfo), 64 hex digits: how sigstore and in-toto name a key.
    std::string id() const;

  private:
    friend class Ed25519PrivateKey;
    struct Key;
    explicit Ed25519PublicKey(std::shared_ptr<const Key> key) : key_(std::move(key)) {}
    std::shared_ptr<const Key> key_;
};

class Ed25519PrivateKey {
  public:
    /// "-----BEGIN PRIVATE KEY-----" (PKCS #8, RFC 8410). Nothing where the text is no such key, one of another kind,
    /// or one that a passphrase locks: nobody is asked for it.
    static std::optional<Ed25519PrivateKey> from_pem(std::string_view text);

    Bytes sign(ByteView message) const;
    Ed25519PublicKey public_key() const;

  private:
    explicit Ed25519PrivateKey(std::shared_ptr<const Ed25519PublicKey::Key> key) : key_(std::move(key)) {}
    std::shared_ptr<const Ed25519PublicKey::Key> key_;
};

}  // namespace rpixen
