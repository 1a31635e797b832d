#include "release/signature.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <rpixen/error.hpp>

#include "base/base64.hpp"
#include "support/run.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen::test {
namespace {

using testing::HasSubstr;

constexpr const char* message = "what is signed\n";

class Signature : public testing::Test {
  protected:
    /// The keys of each program, without a passphrase.
    std::string openssl_key() {
        run_ok({"openssl", "genpkey", "-algorithm", "ed25519", "-out", folder_ / "key.pem"});
        run_ok({"openssl", "pkey", "-in", folder_ / "key.pem", "-pubout", "-out", folder_ / "key.pub"});
        return folder_ / "key.pub";
    }
    std::string minisign_key() {
        run_ok({"minisign", "-G", "-W", "-p", folder_ / "mini.pub", "-s", folder_ / "mini.key"});
        return folder_ / "mini.pub";
    }
    std::string signify_key() {
        run_ok({"signify-openbsd", "-G", "-n", "-p", folder_ / "signify.pub", "-s", folder_ / "signify.sec"});
        return folder_ / "signify.pub";
    }
    Bytes sign_by(const std::string& command) {
        return command_signer(command, folder_.path().string())->sign(as_bytes(message), "message");
    }
    static bool proves(const std::string& key, const Bytes& signature, const std::string& text = message) {
        return SignatureProof::read(key).proves(as_bytes(text), signature);
    }
    Error error_of_command(const std::string& command) {
        try {
            sign_by(command);
        } catch (const Error& error) {
            return error;
        }
        throw std::runtime_error("no error");
    }

    TemporaryFolder folder_;
};

TEST_F(Signature, ByAKey) {
    const std::string key = openssl_key();
    const auto signer = key_signer(folder_ / "key.pem");
    const Bytes signature = signer->sign(as_bytes(message), "message");
    EXPECT_EQ(signature.size(), 64U);
    EXPECT_EQ(signer->key_id().size(), 64U);
    EXPECT_TRUE(proves(key, signature));
    EXPECT_FALSE(proves(key, signature, "something else"));
    EXPECT_FALSE(proves(key, {}));
    EXPECT_FALSE(proves(minisign_key(), signature));
}

TEST_F(Signature, ByMinisign) {
    const std::string key = minisign_key();
    const std::string sign = "minisign -S -s " + (folder_ / "mini.key") + " -m \"$1\" -x \"$2\"";
    for (const std::string& form : {sign, sign + " -t 'a trusted comment'"}) {
        Bytes signature = sign_by(form);
        EXPECT_TRUE(proves(key, signature)) << as_text(signature);
        EXPECT_FALSE(proves(key, signature, "something else"));
        std::string changed(as_text(signature));
        changed.replace(changed.find("trusted comment: ", 20) + 17, 1, "X");
        EXPECT_FALSE(proves(key, to_bytes(changed))) << "its trusted comment is another";
        EXPECT_FALSE(proves(openssl_key(), signature));
    }
    // As minisign -l wrote them before 0.10: the message itself is signed.
    const Bytes legacy = sign_by(sign + " -l");
    EXPECT_TRUE(proves(key, legacy));
    EXPECT_FALSE(proves(key, legacy, "something else"));
    run_ok({"minisign", "-G", "-W", "-f", "-p", folder_ / "mini.pub", "-s", folder_ / "mini.key"});
    EXPECT_FALSE(proves(key, legacy)) << "another key";
}

TEST_F(Signature, BySignify) {
    const std::string key = signify_key();
    const Bytes signature = sign_by("signify-openbsd -S -s " + (folder_ / "signify.sec") + " -m \"$1\" -x \"$2\"");
    EXPECT_TRUE(proves(key, signature));
    EXPECT_FALSE(proves(key, signature, "something else"));
    Bytes cut = signature;
    cut.resize(cut.size() / 2);
    EXPECT_FALSE(proves(key, cut));
}

TEST_F(Signature, ByACommandThatFails) {
    EXPECT_EQ(error_of_command("exit 3").code(), ErrorCode::unavailable);
    EXPECT_THAT(error_of_command("exit 3").problems().front().found, "exit status 3");
    EXPECT_THAT(error_of_command("true").problems().front().found, "no signature in the file \"$2\"");
    EXPECT_THAT(error_of_command(": > \"$2\"").problems().front().found, "an empty signature");
    EXPECT_THAT(error_of_command("no-such-program-anywhere").problems().front().found, "exit status 127");
    EXPECT_EQ(as_text(sign_by("cat \"$1\" > \"$2\"")), message);
    EXPECT_TRUE(std::filesystem::is_empty(folder_.path())) << "the command's files are still there";
}

TEST_F(Signature, KeysThatAreNone) {
    openssl_key();
    const auto error_of_key = [&](const std::string& path) {
        try {
            key_signer(path);
        } catch (const Error& error) {
            return error.code();
        }
        return ErrorCode::internal;
    };
    EXPECT_EQ(error_of_key(folder_ / "none"), ErrorCode::artifact);
    EXPECT_EQ(error_of_key(folder_ / "key.pub"), ErrorCode::artifact);
    EXPECT_EQ(error_of_key(folder_.write("large", std::string(65537, 'x'))), ErrorCode::artifact);
    for (const std::string& text :
         {std::string(), read_file(folder_ / "key.pem"), std::string("untrusted comment: x\nAAAA\n"),
          "untrusted comment: x\n" + base64(Bytes(42)) + "\n", std::string("a\nb\nc\n")})
        EXPECT_THROW(SignatureProof::read(folder_.write("public", text)), Error) << text;
}

}  // namespace
}  // namespace rpixen::test
