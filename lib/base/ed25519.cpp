#include "base/ed25519.hpp"

#include <limits>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <rpixen/error.hpp>

#include "base/digest.hpp"
#include "base/handle.hpp"

namespace rpixen {

struct Ed25519PublicKey::Key {
    Handle<EVP_PKEY, EVP_PKEY_free> evp;
};

namespace {

using KeyHandle = Handle<EVP_PKEY, EVP_PKEY_free>;
using Input = Handle<BIO, BIO_free>;
using DigestContext = Handle<EVP_MD_CTX, EVP_MD_CTX_free>;

const unsigned char* raw(ByteView bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}

/// OpenSSL asks the terminal unless it is told that there is no passphrase.
int no_passphrase(char*, int, int, void*) {
    return -1;
}

Input input_of(std::string_view text) {
    if (text.size() > std::numeric_limits<int>::max()) return nullptr;
    return Input(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

KeyHandle only_ed25519(EVP_PKEY* key) {
    KeyHandle handle(key);
    if (handle && EVP_PKEY_get_id(handle.get()) != EVP_PKEY_ED25519) handle.reset();
    return handle;
}

[[noreturn]] void fail() {
    throw Error(ErrorCode::internal, "OpenSSL offers no Ed25519");
}

}  // namespace

Ed25519PublicKey Ed25519PublicKey::from_bytes(ByteView bytes) {
    KeyHandle key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, raw(bytes), bytes.size()));
    if (!key) fail();
    return Ed25519PublicKey(std::make_shared<const Key>(Key{std::move(key)}));
}

std::optional<Ed25519PublicKey> Ed25519PublicKey::from_pem(std::string_view text) {
    const Input input = input_of(text);
    if (!input) return std::nullopt;
    KeyHandle key = only_ed25519(PEM_read_bio_PUBKEY(input.get(), nullptr, no_passphrase, nullptr));
    if (!key) return std::nullopt;
    return Ed25519PublicKey(std::make_shared<const Key>(Key{std::move(key)}));
}

bool Ed25519PublicKey::proves(ByteView message, ByteView signature) const {
    const DigestContext context(EVP_MD_CTX_new());
    if (!context || EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key_->evp.get()) != 1) fail();
    return EVP_DigestVerify(context.get(), raw(signature), signature.size(), raw(message), message.size()) == 1;
}

std::string Ed25519PublicKey::id() const {
    unsigned char* der = nullptr;
    const int size = i2d_PUBKEY(key_->evp.get(), &der);
    if (size <= 0) fail();
    const std::string id = hex(sha256({reinterpret_cast<const std::byte*>(der), static_cast<std::size_t>(size)}));
    OPENSSL_free(der);
    return id;
}

std::optional<Ed25519PrivateKey> Ed25519PrivateKey::from_pem(std::string_view text) {
    const Input input = input_of(text);
    if (!input) return std::nullopt;
    KeyHandle key = only_ed25519(PEM_read_bio_PrivateKey(input.get(), nullptr, no_passphrase, nullptr));
    if (!key) return std::nullopt;
    return Ed25519PrivateKey(std::make_shared<const Ed25519PublicKey::Key>(Ed25519PublicKey::Key{std::move(key)}));
}

Bytes Ed25519PrivateKey::sign(ByteView message) const {
    const DigestContext context(EVP_MD_CTX_new());
    Bytes signature(ed25519_signature_size);
    std::size_t size = signature.size();
    if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_->evp.get()) != 1 ||
        EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, raw(message),
                       message.size()) != 1)
        fail();
    return signature;
}

Ed25519PublicKey Ed25519PrivateKey::public_key() const {
    Bytes bytes(ed25519_key_size);
    std::size_t size = bytes.size();
    if (EVP_PKEY_get_raw_public_key(key_->evp.get(), reinterpret_cast<unsigned char*>(bytes.data()), &size) != 1)
        fail();
    return Ed25519PublicKey::from_bytes(bytes);
}

}  // namespace rpixen
