#include "verify/verification_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <rpixen/error.hpp>

namespace rpixen {
namespace {

constexpr const char* smallest =
    R"({"verification_report": 1, "size": 1048576, "disk_signature": "0x00000001", "partitions": [
  {"name": "root", "offset": 512, "size": 512, "type": "0x83", "active": false, "file_system": "ext4", "label": "r",
   "identifier": "00010203-0405-0607-0809-0a0b0c0d0e0f", "files": [
    {"path": "/", "type": "directory", "mode": "0755", "uid": 0, "gid": 0, "mtime": 0},
    {"path_hex": "2fff", "type": "file", "mode": "0644", "uid": 1, "gid": 2, "mtime": -1, "mtime_ns": 5, "size": 3,
     "xattrs": [{"name": "user.a", "value_hex": "00ff"}],
     "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}]}]})";

TEST(VerificationReport, NamesAreBytes) {
    const Card plan = parse_verification_report(smallest, "report.json");
    ASSERT_EQ(plan.partitions.size(), 1U);
    const FileTree& tree = plan.partitions[0].tree;
    const auto node = tree.find("/\xff");
    ASSERT_TRUE(node);
    EXPECT_EQ(tree.metadata(*node), (Metadata{0644, 1, 2, {-1, 5}}));
    EXPECT_EQ(tree.xattrs(*node), (XattrSet{{"user.a", std::string("\0\xff", 2)}}));
    EXPECT_EQ(tree.size(*node), 3U);
    EXPECT_EQ(format_uuid(plan.partitions[0].ext()->uuid), "00010203-0405-0607-0809-0a0b0c0d0e0f");
}

void expect_refused(const std::string& text) {
    try {
        parse_verification_report(text, "report.json");
        ADD_FAILURE() << "not refused: " << text.substr(0, 200);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::artifact);
        EXPECT_THAT(error.what(), testing::HasSubstr("report.json"));
    }
}

TEST(VerificationReport, WhatIsNoneIsRefused) {
    expect_refused("");
    expect_refused("{}");
    expect_refused("[1]");
    expect_refused(R"({"verification_report": 2, "size": 0, "disk_signature": "0x0", "partitions": []})");
}

TEST(VerificationReport, DamageIsRefused) {
    const std::string good = smallest;
    const auto with = [&](const std::string& from, const std::string& to) {
        std::string text = good;
        text.replace(text.find(from), from.size(), to);
        return text;
    };
    expect_refused(with("0x00000001", "0x100000000"));
    expect_refused(with("\"0755\"", "\"0999\""));
    expect_refused(with("\"0755\"", "\"10000\""));
    expect_refused(with("\"uid\": 1", "\"uid\": -1"));
    expect_refused(with("\"uid\": 1", "\"uid\": 4294967296"));
    expect_refused(with("\"mtime_ns\": 5", "\"mtime_ns\": 1000000000"));
    expect_refused(with("e3b0c442", "e3b0c4"));
    expect_refused(with("e3b0c442", "g3b0c442"));
    expect_refused(with("2fff", "2ff"));
    expect_refused(with("\"file\"", "\"door\""));
    expect_refused(with("\"ext4\"", "\"ext5\""));
    expect_refused(with("00010203-", "00010203"));
    expect_refused(with("\"size\": 3", "\"size\": \"3\""));
    expect_refused(with("/\", \"type\": \"directory\"", "/missing/x\", \"type\": \"directory\""));
}

}  // namespace
}  // namespace rpixen
