#include "base/ed25519.hpp"

#include <gtest/gtest.h>

#include "base/blake2b.hpp"
#include "base/digest.hpp"
#include "support/run.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen::test {
namespace {

class Ed25519 : public testing::Test {
  protected:
    Ed25519() {
        run_ok({"openssl", "genpkey", "-algorithm", "ed25519", "-out", pem_});
        run_ok({"openssl", "pkey", "-in", pem_, "-pubout", "-out", public_});
    }
    TemporaryFolder folder_;
    std::string pem_ = folder_ / "key.pem";
    std::string public_ = folder_ / "key.pub";
};

TEST_F(Ed25519, OpensslTakesOurSignatureAndGivesOneThatWeTake) {
    const auto key = Ed25519PrivateKey::from_pem(read_file(pem_));
    const auto other = Ed25519PublicKey::from_pem(read_file(public_));
    ASSERT_TRUE(key && other);
    const std::string message = "what is signed\n";
    const std::string file = folder_.write("message", message);
    const Bytes signature = key->sign(as_bytes(message));
    EXPECT_EQ(signature.size(), ed25519_signature_size);
    EXPECT_EQ(key->sign(as_bytes(message)), signature);
    const std::string ours = folder_.write("ours", std::string(as_text(signature)));
    run_ok({"openssl", "pkeyutl", "-verify", "-pubin", "-inkey", public_, "-rawin", "-in", file, "-sigfile", ours});
    const std::string theirs = folder_ / "theirs";
    run_ok({"openssl", "pkeyutl", "-sign", "-inkey", pem_, "-rawin", "-in", file, "-out", theirs});
    EXPECT_TRUE(other->proves(as_bytes(message), as_bytes(read_file(theirs))));
}

TEST_F(Ed25519, AnythingElseIsNotProven) {
    const auto key = Ed25519PrivateKey::from_pem(read_file(pem_));
    ASSERT_TRUE(key);
    const Ed25519PublicKey proof = key->public_key();
    const Bytes signature = key->sign(as_bytes("one"));
    EXPECT_TRUE(proof.proves(as_bytes("one"), signature));
    EXPECT_FALSE(proof.proves(as_bytes("two"), signature));
    Bytes changed = signature;
    changed[40] ^= std::byte{1};
    EXPECT_FALSE(proof.proves(as_bytes("one"), changed));
    EXPECT_FALSE(proof.proves(as_bytes("one"), {}));
    EXPECT_FALSE(proof.proves(as_bytes("one"), ByteView(signature).first(63)));
}

TEST_F(Ed25519, TheIdIsTheDigestOfTheKeyInDer) {
    const std::string der = run_ok({"openssl", "pkey", "-pubin", "-in", public_, "-outform", "DER"});
    EXPECT_EQ(Ed25519PublicKey::from_pem(read_file(public_))->id(), hex(sha256(as_bytes(der))));
    EXPECT_EQ(Ed25519PrivateKey::from_pem(read_file(pem_))->public_key().id(), hex(sha256(as_bytes(der))));
}

TEST_F(Ed25519, OtherKeysAreNone) {
    const std::string rsa = folder_ / "rsa.pem";
    run_ok({"openssl", "genpkey", "-algorithm", "rsa", "-out", rsa});
    EXPECT_FALSE(Ed25519PrivateKey::from_pem(read_file(rsa)));
    EXPECT_FALSE(Ed25519PublicKey::from_pem(read_file(pem_)));
    EXPECT_FALSE(Ed25519PrivateKey::from_pem(read_file(public_)));
    EXPECT_FALSE(Ed25519PrivateKey::from_pem(""));
    const std::string locked = folder_ / "locked.pem";
    run_ok({"openssl", "pkey", "-in", pem_, "-aes256", "-passout", "pass:secret", "-out", locked});
    EXPECT_FALSE(Ed25519PrivateKey::from_pem(read_file(locked)));
}

TEST(Blake2b, AsCoreutilsWritesIt) {
    EXPECT_EQ(hex(blake2b(as_bytes("abc"))) + "  -\n", run_ok({"b2sum"}, "abc"));
}

}  // namespace
}  // namespace rpixen::test
