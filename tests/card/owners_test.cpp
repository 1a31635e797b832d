#include "card/owners.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <rpixen/error.hpp>

namespace rpixen {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;

class Owners : public testing::Test {
  protected:
    Owners() {
        for (const char* path : {"home/pi/.ssh/key", "home/pi/x", "etc/passwd"})
            root_.add_file(root_.locate(path), {0664, 7, 8, {9, 0}}, {});
        root_.add_symlink(root_.locate("home/pi/link"), {0777, 7, 8, {}}, "x");
        root_.add_link(root_.locate("srv/second"), *root_.find("home/pi/x"));
    }
    void apply(const std::string& owners) {
        const Manifest manifest = parse_manifest(
            R"({"manifest_version": 1, "artifacts": {"xen": "a", "kernel": "b", "dtb": "c", "uboot": "d", "rootfs": "e"},
"owners": )" + owners +
                "}",
            "m.json");
        apply_owners(manifest, root_);
    }
    Metadata of(const std::string& path) const { return root_.metadata(root_.find(path).value()); }
    FileTree root_;
};

TEST_F(Owners, LaterRowsWinAndWhatIsNotNamedStays) {
    apply(R"([{"path": "/home/pi", "uid": 1000, "gid": 1000}, {"path": "/home/pi/**", "uid": 1000},
              {"path": "/home/pi/.ssh/**", "mode": "0600"}, {"path": "/srv/second", "uid": 0}])");
    EXPECT_EQ(of("home/pi"), (Metadata{0755, 1000, 1000, {}}));
    EXPECT_EQ(of("home/pi/.ssh/key"), (Metadata{0600, 1000, 8, {9, 0}}));
    EXPECT_EQ(of("home/pi/x"), (Metadata{0664, 0, 8, {9, 0}})) << "the later row names it by its other name";
    EXPECT_EQ(of("etc/passwd"), (Metadata{0664, 7, 8, {9, 0}}));
}

TEST_F(Owners, ASymlinkHasNoMode) {
    apply(R"([{"path": "/home/pi/**", "uid": 1, "mode": "0700"}])");
    EXPECT_EQ(of("home/pi/link"), (Metadata{0777, 1, 8, {}}));
}

TEST_F(Owners, AnAccessControlListFollowsTheMode) {
    const auto list = [](const char* user, const char* mask, const char* other) {
        return "\2\0\0\0\1\0"s + user + "\0\xff\xff\xff\xff\2\0\7\0\xe8\3\0\0\4\0\5\0\xff\xff\xff\xff\x10\0"s + mask +
               "\0\xff\xff\xff\xff\x20\0"s + other + "\0\xff\xff\xff\xff"s;
    };
    root_.set_xattrs(*root_.find("etc/passwd"), {{"system.posix_acl_access", list("\6", "\7", "\4")}});
    apply(R"([{"path": "passwd", "mode": "0751"}])");
    EXPECT_EQ(root_.xattrs(*root_.find("etc/passwd"))[0].second, list("\7", "\5", "\1"));
}

TEST_F(Owners, EveryRowThatMatchesNothingIsNamed) {
    try {
        apply(R"([{"path": "/home/pu", "uid": 1}, {"path": "x", "uid": 1}, {"path": "y/", "mode": "700"}])");
        FAIL() << "rows that match nothing were taken";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::unfit);
        ASSERT_EQ(error.problems().size(), 2U);
        EXPECT_EQ(error.problems()[0].location.pointer, "/owners/0/path");
        EXPECT_EQ(error.problems()[1].location.pointer, "/owners/2/path");
        EXPECT_EQ(error.problems()[0].location.line, 2);
        EXPECT_THAT(error.what(), HasSubstr("'/home/pu'"));
    }
}

TEST_F(Owners, MistakesInTheTable) {
    for (const auto& [row, pointer] : std::vector<std::pair<std::string, std::string>>{
             {R"({"path": "x"})", "/owners/0"},
             {R"({"uid": 1})", "/owners/0"},
             {R"({"path": "!x", "uid": 1})", "/owners/0/path"},
             {R"({"path": "x", "uid": 4294967295})", "/owners/0/uid"},
             {R"({"path": "x", "mode": "0888"})", "/owners/0/mode"},
             {R"({"path": "x", "uid": 1, "owner": 1})", "/owners/0/owner"}}) {
        try {
            apply("[" + row + "]");
            FAIL() << row;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::manifest) << row;
            EXPECT_EQ(error.problems()[0].location.pointer, pointer) << row;
        }
    }
}

}  // namespace
}  // namespace rpixen
