#include "artifact/pax_header.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "artifact/samples.hpp"
#include "artifact/tar_maker.hpp"

namespace rpixen::test {
namespace {

PaxAttributes parse(const std::string& records) {
    PaxAttributes attributes;
    attributes.add(as_bytes(records));
    return attributes;
}

TEST(PaxHeader, TimesGoToThePast) {
    const auto time = [](const std::string& text) { return *parse(TarMaker::records({{"mtime", text}})).mtime; };
    EXPECT_EQ(time("0"), (Timestamp{0, 0}));
    EXPECT_EQ(time("1.000000001"), (Timestamp{1, 1}));
    EXPECT_EQ(time("1.9999999999"), (Timestamp{1, 999999999}));
    EXPECT_EQ(time("-1"), (Timestamp{-1, 0}));
    EXPECT_EQ(time("-0.5"), (Timestamp{-1, 500000000}));
    EXPECT_EQ(time("-1.0000000001"), (Timestamp{-2, 999999999}));
    EXPECT_EQ(time("32503680000"), (Timestamp{32503680000, 0}));
}

TEST(PaxHeader, ValuesMayHoldAnyByte) {
    const std::string value("a=b\nc\0d", 7);
    const PaxAttributes attributes = parse(
        TarMaker::records({{"SCHILY.xattr.user.x", value}, {"path", "with\nnewline"}}));
    EXPECT_EQ(attributes.xattrs.at("user.x"), value);
    EXPECT_EQ(attributes.path, "with\nnewline");
}

TEST(PaxHeader, LaterRecordsWinAndEmptyOnesTakeBack) {
    const PaxAttributes attributes = parse(TarMaker::records({{"uid", "1"}, {"uid", "2"}, {"gid", "3"}, {"gid", ""}}));
    EXPECT_EQ(attributes.uid, 2U);
    EXPECT_FALSE(attributes.gid);
}

TEST(PaxHeader, NamesOfLibarchiveAreDecoded) {
    const PaxAttributes attributes = parse(
        TarMaker::records({{"LIBARCHIVE.xattr.user.a%3Db%", "AP8K"}, {"LIBARCHIVE.xattr.user.pad", "YQ=="}}));
    EXPECT_EQ(attributes.xattrs.at("user.a=b%"), std::string("\0\xff\n", 3));
    EXPECT_EQ(attributes.xattrs.at("user.pad"), "a");
}

TEST(PaxHeader, Damaged) {
    for (const std::string records : {"x", "5", "9 a=b\n", "6 a=b", "5 ab\n", "0 a=b\n", "99999999999999999999 a=b\n",
                                      "-6 a=b\n", "3 \n", "6 a=bc"}) {
        const Error error = error_of([&] { parse(records); });
        EXPECT_EQ(error.code(), ErrorCode::artifact) << records;
    }
    for (const auto& [key, value] :
         std::initializer_list<std::pair<std::string_view, std::string>>{{"mtime", "x"},
                                                                         {"mtime", "1.x"},
                                                                         {"mtime", "--1"},
                                                                         {"mtime", "1e5"},
                                                                         {"uid", "-1"},
                                                                         {"size", "0x10"},
                                                                         {"size", "9223372036854775808"},
                                                                         {"GNU.sparse.map", "1,2,3"},
                                                                         {"GNU.sparse.map", "1,,2"},
                                                                         {"GNU.sparse.numbytes", "1"},
                                                                         {"LIBARCHIVE.xattr.user.x", "*"},
                                                                         {"SCHILY.acl.ace", "owner@:r::allow"}}) {
        const Error error = error_of([&, key = key, value = value] { parse(TarMaker::records({{key, value}})); });
        EXPECT_EQ(error.code(), ErrorCode::artifact) << key << "=" << value;
    }
}

}  // namespace
}  // namespace rpixen::test
