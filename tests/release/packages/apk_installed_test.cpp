#include <gmock/gmock.h>

#include "release/packages/package_readers.hpp"
#include "release/sample_release.hpp"

namespace rpixen::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

PackageList read(std::string_view installed) {
    PackageCollector found(PackageLimits().found);
    found.begin("installed");
    read_apk_installed(installed, found);
    return found.finish();
}

// As apk-tools 2.14 writes it.
const std::string installed = R"(C:Q1abcdefghijklmnopqrstuvwxyz0=
P:musl
V:1.2.4-r2
A:aarch64
S:383459
I:622592
T:the musl c library (libc) implementation
U:https://musl.libc.org/
L:MIT
o:musl
m:Timo Teräs <timo.teras@iki.fi>
t:1695137478
c:94dcf2c6c8bd5bc8f6ef5ae9cba4a9a6a9e1a3e3
p:so:libc.musl-aarch64.so.1=1
F:lib
R:ld-musl-aarch64.so.1
a:0:0:755
Z:Q1abc=

P:busybox-binsh
V:1.36.1-r5
A:aarch64
L:GPL-2.0-only
o:busybox
r:busybox-initscripts

)";

TEST(ApkInstalled, EveryRecordIsListed) {
    const PackageList list = read(installed);
    EXPECT_THAT(lines_of(list.packages),
                ElementsAre("apk busybox-binsh 1.36.1-r5 aarch64", "apk musl 1.2.4-r2 aarch64"));
    EXPECT_EQ(list.packages[0].source, "busybox");
    EXPECT_EQ(list.packages[0].licence, "GPL-2.0-only");
    EXPECT_EQ(list.packages[1].source, "");  // has the same name
    EXPECT_EQ(list.packages[1].maintainer, "Timo Teräs <timo.teras@iki.fi>");
    EXPECT_THAT(list.notes, IsEmpty());
}

TEST(ApkInstalled, TheLastRecordNeedsNoEmptyLine) {
    EXPECT_THAT(lines_of(read("P:a\nV:1\n").packages), ElementsAre("apk a 1 "));
}

TEST(ApkInstalled, DamagedRecordsAreLeftOutAndTold) {
    for (const char* bad :
         {"P:b\n\n", "V:1\n\n", "P:b\nV:1\nrubbish\n\n", "P:b\nV:1", "P:b\nV:1\nx\n\n", "P:b c\nV:1\n\n"}) {
        const PackageList list = read(std::string("P:a\nV:1\n\n") + bad);
        EXPECT_THAT(lines_of(list.packages), ElementsAre("apk a 1 ")) << bad;
        EXPECT_THAT(list.notes, ElementsAre("installed: 1 record is damaged and left out")) << bad;
    }
}

}  // namespace
}  // namespace rpixen::test
