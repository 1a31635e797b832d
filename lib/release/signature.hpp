#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.hpp"
#include "base/ed25519.hpp"

namespace rpixen {

/// What signs a release: a key in a file, or a program that has one (a hardware token, minisign(1), signify(1)).
class Signer {
  public:
    virtual ~Signer() = default;
    /// Throws Error{io, unavailable} where a program fails.
    /// `name` is what the message is called where a program sees its file.
    virtual Bytes sign(ByteView message, const std::string& name) const = 0;
    /// Ed25519PublicKey::id(); empty where the key is not known.
    virtual std::string key_id() const = 0;
};

/// An Ed25519 key in PEM; signatures are its 64 bytes. Throws Error{artifact}: no such file, another kind of key, or
/// one that a passphrase locks.
std::unique_ptr<Signer> key_signer(const std::string& path);

/// `command` is run by sh(1) with two arguments: "$1" is a file that holds the message, "$2" the file to write the
/// signature to. Both are made in `folder`, the message under its name, and removed again. Its own output goes to
/// standard error. Throws Error{unavailable} where it does not exit with 0, or writes no signature or one of over 64
/// KiB.
std::unique_ptr<Signer> command_signer(const std::string& command, const std::string& folder);

/// A public key as openssl (PEM), minisign or signify write it.
class SignatureProof {
  public:
    /// Throws Error{artifact}: no such file, or none of the three.
    static SignatureProof read(const std::string& path);
    /// The same for the text of such a file; `name` is for the message.
    static SignatureProof parse(std::string_view text, const std::string& name);

    /// Whether `signature` is one of this key over the message: 64 bytes for a key in PEM, else a file of minisign's or
    /// signify's.
    bool proves(ByteView message, ByteView signature) const;

  private:
    SignatureProof(Ed25519PublicKey key, std::string number) : key_(std::move(key)), number_(std::move(number)) {}

    Ed25519PublicKey key_;
    std::string number_;  ///< by which minisign and signify know the key; empty in PEM
};

}  // namespace rpixen
