#include "fs/ext4/xattr.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include <rpixen/error.hpp>

namespace rpixen::ext4 {
namespace {

/// Reads back what was encoded.
XattrSet decoded(const EncodedXattrs& encoded) {
    XattrSet xattrs;
    if (!encoded.inode.empty()) {
        const ByteView bytes = ByteView(encoded.inode).subspan(4);
        EXPECT_TRUE(decode_xattrs(bytes, bytes, xattrs));
    }
    if (!encoded.block.empty()) {
        EXPECT_TRUE(decode_xattrs(ByteView(encoded.block).subspan(xattr_block_header), encoded.block, xattrs));
    }
    std::sort(xattrs.begin(), xattrs.end());
    return xattrs;
}

TEST(Ext4Xattr, NoneTakesNothing) {
    const EncodedXattrs encoded = encode_xattrs({});
    EXPECT_TRUE(encoded.inode.empty());
    EXPECT_TRUE(encoded.block.empty());
}

TEST(Ext4Xattr, SmallOnesLiveInTheInode) {
    const XattrSet xattrs{{"security.capability", std::string(20, 'c')}, {"user.a", ""}};
    const EncodedXattrs encoded = encode_xattrs(xattrs);
    EXPECT_EQ(encoded.inode.size(), xattr_inode_space);
    EXPECT_TRUE(encoded.block.empty());
    EXPECT_EQ(decoded(encoded), xattrs);
}

TEST(Ext4Xattr, TheInodeHoldsExactly88Bytes) {
    // 16 and 4 for "user.a", 68 for the value.
    EXPECT_TRUE(encode_xattrs({{"user.a", std::string(68, 'x')}}).block.empty());
    const XattrSet larger{{"user.a", std::string(69, 'x')}};
    EXPECT_EQ(encode_xattrs(larger).block.size(), 4096U);
    EXPECT_TRUE(encode_xattrs(larger).inode.empty());
    EXPECT_EQ(decoded(encode_xattrs(larger)), larger);
}

TEST(Ext4Xattr, ABlockHoldsExactly4060Bytes) {
    EXPECT_EQ(decoded(encode_xattrs({{"user.a", std::string(4040, 'x')}})).front().second.size(), 4040U);
    EXPECT_THROW(encode_xattrs({{"user.a", std::string(4041, 'x')}}), Error);
    const XattrSet both{{"user.a", std::string(68, 'y')}, {"user.b", std::string(4040, 'x')}};
    EXPECT_EQ(decoded(encode_xattrs(both)), both);
}

TEST(Ext4Xattr, AclsComeBackAsTheyWere) {
    using namespace std::string_literals;
    const std::string acl =
        "\2\0\0\0\1\0\6\0\xff\xff\xff\xff\2\0\4\0\xd2\4\0\0\4\0\4\0\xff\xff\xff\xff\x10\0\5\0\xff\xff\xff\xff\x20\0\4\0\xff\xff\xff\xff"s;
    const XattrSet xattrs{{"system.posix_acl_access", acl}, {"system.posix_acl_default", acl}};
    EXPECT_EQ(decoded(encode_xattrs(xattrs)), xattrs);
}

TEST(Ext4Xattr, RefusesWhatExt4DoesNotKnow) {
    EXPECT_THROW(encode_xattrs({{"os2.name", "x"}}), Error);
    EXPECT_THROW(encode_xattrs({{"user.", "x"}}), Error);
    EXPECT_THROW(encode_xattrs({{"user." + std::string(256, 'n'), "x"}}), Error);
    EXPECT_THROW(encode_xattrs({{"system.posix_acl_access", "short"}}), Error);
}

TEST(Ext4Xattr, DamageIsNoticed) {
    const EncodedXattrs good = encode_xattrs({{"user.name", std::string(30, 'v')}, {"user.other", "w"}});
    for (std::size_t at = 4; at < good.inode.size(); ++at) {
        for (const unsigned bits : {0xffU, 0x80U, 0x01U}) {
            Bytes bytes = good.inode;
            bytes[at] ^= static_cast<std::byte>(bits);
            XattrSet xattrs;
            const ByteView area = ByteView(bytes).subspan(4);
            static_cast<void>(decode_xattrs(area, area, xattrs));  // no crash, no read beyond the end
        }
    }
    Bytes bytes = good.inode;
    store_le(bytes.data() + 4 + 2, std::uint16_t{0xfff0});
    XattrSet xattrs;
    EXPECT_FALSE(decode_xattrs(ByteView(bytes).subspan(4), ByteView(bytes).subspan(4), xattrs));
}

}  // namespace
}  // namespace rpixen::ext4
