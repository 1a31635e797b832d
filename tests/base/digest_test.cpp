#include "base/digest.hpp"

#include <gtest/gtest.h>

#include "support/run.hpp"

namespace rpixen {
namespace {

TEST(Digest, KnownAnswers) {
    // FIPS 180-4 examples.
    EXPECT_EQ(hex(sha256(as_bytes(""))), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(hex(sha256(as_bytes("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Digest, PieceByPieceAsSha256sum) {
    const std::string text(100000, 'x');
    Sha256 digest;
    for (std::size_t place = 0; place < text.size(); place += 777) digest.update(text.substr(place, 777));
    const std::string tool = test::run_ok({"sha256sum"}, text);
    EXPECT_EQ(hex(digest.finish()), tool.substr(0, 64));
}

TEST(Digest, UuidsFollowFromSeedAndName) {
    const Sha256Digest seed = sha256(as_bytes("seed"));
    const Uuid one = derive_uuid(seed, "root");
    EXPECT_EQ(one, derive_uuid(seed, "root"));
    EXPECT_NE(one, derive_uuid(seed, "boot"));
    EXPECT_NE(one, derive_uuid(sha256(as_bytes("other")), "root"));
    const std::string text = format_uuid(one);
    ASSERT_EQ(text.size(), 36U);
    EXPECT_EQ(text[14], '8') << "version 8 (RFC 9562)";
    EXPECT_NE(std::string("89ab").find(text[19]), std::string::npos) << "the RFC's variant";
}

TEST(Digest, FormatsUuids) {
    Uuid uuid{};
    for (std::size_t index = 0; index < uuid.size(); ++index) uuid[index] = static_cast<std::byte>(index * 17);
    EXPECT_EQ(format_uuid(uuid), "00112233-4455-6677-8899-aabbccddeeff");
}

}  // namespace
}  // namespace rpixen
