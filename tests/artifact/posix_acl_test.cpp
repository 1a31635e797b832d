#include "artifact/posix_acl.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "artifact/samples.hpp"

namespace rpixen::test {
namespace {

using testing::HasSubstr;

TEST(PosixAcl, EveryWayToWriteIt) {
    const std::string wanted = parse_posix_acl("user::rwx,user:7:r--,group::r-x,mask::r-x,other::--x").xattr;
    for (const char* text : {
             "user::rwx\nuser:7:r--\ngroup::r-x\nmask::r-x\nother::--x\n",
             "other::--x,mask::r-x,group::r-x,user:daemon:r--:7,user::rwx",
             "u::rwx,u:7:r,g::rx,m::rx,o::x",
             "user::rwx,user:7:r--,group::r-x,mask:r-x,other:--x",
             "default:user::rwx,default:user:7:r--,default:group::r-x,default:mask::r-x,default:other::--x",
             "# file: x\nuser::rwx # comment\n user:7:r--\ngroup::r-x\nmask::r-x\nother::--x",
         })
        EXPECT_EQ(parse_posix_acl(text).xattr, wanted) << text;
    EXPECT_EQ(wanted.size(), 4U + 5 * 8);
}

TEST(PosixAcl, ModeAndMinimalLists) {
    const PosixAcl minimal = parse_posix_acl("user::rw-,group::r--,other::---");
    EXPECT_TRUE(minimal.minimal);
    EXPECT_EQ(minimal.mode, 0640);
    const PosixAcl named = parse_posix_acl("user::rw-,group::r--,group:root:rwx,mask::rwx,other::---");
    EXPECT_FALSE(named.minimal);
    EXPECT_EQ(named.mode, 0670);
    EXPECT_FALSE(parse_posix_acl("user::rw-,group::r--,mask::r--,other::---").minimal);
}

TEST(PosixAcl, NamedEntriesAreSortedByNumber) {
    EXPECT_EQ(parse_posix_acl("user::rwx,user:300:r--,user:20:r--,group::r-x,mask::r-x,other::--x").xattr,
              parse_posix_acl("user::rwx,user:20:r--,user:300:r--,group::r-x,mask::r-x,other::--x").xattr);
}

TEST(PosixAcl, NamesAreThoseOfTheTree) {
    const UserNames names{parse_names("root:x:0:0::/root:/bin/sh\nlp:x:7:7::/:\n"),
                          parse_names("lp:x:9:\nbad\n:x:1:\nno:x:y:\n")};
    EXPECT_EQ(names.groups.size(), 1U);
    EXPECT_EQ(parse_posix_acl("user::rwx,user:lp:r-x,group::r-x,group:lp:r--,mask::r-x,other::---", &names).xattr,
              parse_posix_acl("user::rwx,user:7:r-x,group::r-x,group:9:r--,mask::r-x,other::---").xattr);
    EXPECT_TRUE(needs_names("user::rwx,user:lp:r-x,user:mail:r-x,group::r-x,mask::r-x,other::---"));
    EXPECT_FALSE(needs_names("user::rwx,user:lp:r-x:1000,user:root:rwx,group::r-x,mask::r-x,other::---"));
    EXPECT_FALSE(needs_names("user::rwx,user:3:r-x,group::r-x,mask::r-x,other::---"));
}

TEST(PosixAcl, Refused) {
    const auto refused = [](const char* text, const char* words) {
        const Error error = error_of([&] { parse_posix_acl(text); });
        EXPECT_EQ(error.code(), ErrorCode::artifact) << text;
        EXPECT_THAT(error.what(), HasSubstr(words)) << text;
    };
    refused("", "lacks");
    refused("user::rwx,group::rwx", "lacks");
    refused("user::rwx,user:1:rwx,group::rwx,other::---", "mask");
    refused("user::rwx,user::r--,group::rwx,other::---", "twice");
    refused("user::rwx,user:lp:rwx,group::rwx,mask::rwx,other::---", "does not know");
    refused("user::rwx,user:1:rwz,group::rwx,mask::rwx,other::---", "permissions");
    refused("user::rwx,user:4294967295:rwx,group::rwx,mask::rwx,other::---", "does not know");
    refused("owner@:rwx::allow", "unknown kind");
    refused("user", "none");
    refused("user:", "without permissions");
    refused("default", "none");
    refused("mask:7:rwx", "nobody");
}

}  // namespace
}  // namespace rpixen::test
