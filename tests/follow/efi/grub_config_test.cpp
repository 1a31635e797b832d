#include "follow/efi/grub_config.hpp"

#include <gmock/gmock.h>

namespace rpixen {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class GrubTest : public ::testing::Test {
  protected:
    GrubTest() {
        disk.partition = 1;
        disk.read = [this](unsigned, const std::string& path) {
            const auto found = files.find(path);
            return found == files.end() ? std::nullopt : std::optional(found->second);
        };
        disk.exists = [this](unsigned, const std::string& path) { return files.contains(path); };
        disk.search = [](const std::string& by, const std::string& what) -> std::optional<unsigned> {
            if (by == "label" && what == "root") return 2;
            if (by == "fs-uuid" && what == "1234-ABCD") return 1;
            return std::nullopt;
        };
    }
    GrubBoot follow(const std::string& text) const { return follow_grub(text, "/grub", disk); }

    std::map<std::string, std::string> files;
    GrubDisk disk;
};

TEST_F(GrubTest, AnEntryStartsXen) {
    const GrubBoot boot = follow(
        "set timeout=1\n"
        "menuentry 'Xen' --class xen {\n"
        "    search --no-floppy --label --set=root root\n"
        "    xen_hypervisor /xen placeholder console=dtuart dom0_mem=512M\n"
        "    xen_module /Image placeholder console=hvc0 root=/dev/mmcblk0p2 ro\n"
        "    devicetree (hd0,gpt1)/board.dtb\n"
        "    xen_module --nounzip /initrd.gz\n"
        "}\n");
    EXPECT_EQ(boot.entry, "Xen");
    ASSERT_TRUE(boot.xen);
    EXPECT_EQ(boot.xen->path, "/xen");
    EXPECT_EQ(boot.xen->partition, 2U);
    EXPECT_EQ(boot.xen->arguments, "placeholder console=dtuart dom0_mem=512M");
    ASSERT_EQ(boot.modules.size(), 2U);
    EXPECT_EQ(boot.modules[0].path, "/Image");
    EXPECT_EQ(boot.modules[0].line, 5);
    EXPECT_EQ(boot.modules[1].path, "/initrd.gz");
    ASSERT_TRUE(boot.tree);
    EXPECT_EQ(boot.tree->partition, 1U);
    EXPECT_THAT(boot.unfollowed, IsEmpty());
}

TEST_F(GrubTest, AsGrubMkconfigWritesIt) {
    files["/grub/grubenv"] = "# GRUB Environment Block\nsaved_entry=with-xen\n";
    const GrubBoot boot = follow(R"(
if [ -s $prefix/grubenv ]; then
  load_env
fi
if [ "${next_entry}" ] ; then
   set default="${next_entry}"
else
   set default="${saved_entry}"
fi
if [ x"${feature_menuentry_id}" = xy ]; then
  menuentry_id_option="--id"
else
  menuentry_id_option=""
fi
export menuentry_id_option
function load_video {
  insmod all_video
}
menuentry 'Debian GNU/Linux' --class debian $menuentry_id_option 'gnulinux-simple' {
	load_video
	linux	/vmlinuz-6.1 root=/dev/mmcblk0p2 ro  quiet
	initrd	/initrd.img-6.1
}
submenu 'Xen hypervisor, version 4.17' $menuentry_id_option 'xen-hypervisor' {
	menuentry 'Debian, with Xen 4.17' --class xen $menuentry_id_option 'with-xen' {
		search --no-floppy --fs-uuid --set=root 1234-ABCD
	        if [ "$grub_platform" = "pc" -o "$grub_platform" = "" ]; then
	            xen_rm_opts=
	        else
	            xen_rm_opts="no-real-mode edd=off"
	        fi
		xen_hypervisor	/xen-4.17-arm64 placeholder   ${xen_rm_opts}
		xen_module	/vmlinuz-6.1 placeholder root=/dev/mmcblk0p2 ro
		xen_module	--nounzip   /initrd.img-6.1
	}
}
)");
    EXPECT_EQ(boot.entry, "Debian GNU/Linux") << "an entry inside a submenu is named by the way to it";
    EXPECT_EQ(boot.kernel->path, "/vmlinuz-6.1");
    EXPECT_EQ(boot.other_with_xen, "Debian, with Xen 4.17");
    files["/grub/grubenv"] = "saved_entry=xen-hypervisor>with-xen\n";
}

TEST_F(GrubTest, ASubmenusEntryIsTheDefault) {
    const std::string
        menu = "menuentry A { linux /a\n }\nsubmenu S --id s { menuentry B --id b { xen_hypervisor /x $opt\n } }\n";
    EXPECT_EQ(follow("set default=\"s>b\"\nset opt=\"no-real-mode edd=off\"\n" + menu).xen->arguments,
              "no-real-mode edd=off");
    EXPECT_EQ(follow("default=1>0\n" + menu).entry, "B");
    EXPECT_EQ(follow("default=7\n" + menu).entry, "A") << "what is not there is the first";
    EXPECT_EQ(follow("default=B\nmenuentry A { true\n }\nmenuentry B { linux /b\n }").entry, "B");
}

TEST_F(GrubTest, OtherFilesAreRead) {
    files["/EFI/debian/grub.cfg"] = "menuentry Inner { chainloader /EFI/xen/xen.efi\n }\n";
    const GrubBoot boot = follow(
        "search.fs_uuid 1234-ABCD root\nset prefix=($root)'/EFI/debian'\n"
        "configfile $prefix/grub.cfg\n");
    EXPECT_EQ(boot.entry, "Inner");
    EXPECT_EQ(boot.chainloader->path, "/EFI/xen/xen.efi");
}

TEST_F(GrubTest, WhatIsNotKnownIsSaid) {
    const GrubBoot boot = follow("blscfg\nmenuentry A {\n search --label nobody --set root\n xen_hypervisor /xen\n}\n");
    EXPECT_THAT(boot.unfollowed, ElementsAre("blscfg (line 1)", HasSubstr("search --label nobody (line 3)")));
    EXPECT_TRUE(boot.xen);
    EXPECT_FALSE(follow("").xen);
}

TEST_F(GrubTest, BadTextsEnd) {
    for (const char* text : {"menuentry", "if", "if [", "menuentry A {", "}}}", "'", "\"$", "${",
                             "function f { f\n }\nf\n", "set a=$a$a$a\n", "fi\nthen\ndone", "submenu S { submenu S {"})
        EXPECT_FALSE(follow(text).xen) << text;
    std::string deep;
    for (int level = 0; level < 1000; ++level) deep += "if true; then ";
    EXPECT_FALSE(follow(deep).xen);
    files["/loop.cfg"] = "source /loop.cfg\n";
    EXPECT_FALSE(follow("source /loop.cfg").xen);
}

TEST_F(GrubTest, AnEntryThatMakesEntriesIsFollowedToItsEnd) {
    files["/grub/more.cfg"] = "menuentry 'in it' { xen_hypervisor /other; }\n";
    std::string text;
    for (const char* name : {"a", "b", "c"})
        text += std::string("menuentry ") + name + " { source $prefix/more.cfg; linux /vmlinuz; }\n";
    const GrubBoot boot = follow(text + "menuentry d { source $prefix/more.cfg; xen_hypervisor /xen; }\n");
    EXPECT_EQ(boot.entry, "a");
    EXPECT_TRUE(boot.kernel);
    EXPECT_FALSE(boot.xen);
    EXPECT_EQ(boot.other_with_xen, "d");
}

TEST_F(GrubTest, WhatTakesTooMuchIsNotFollowed) {
    std::string many;
    for (int number = 0; number < 10'001; ++number) many += "true\n";
    const std::string entry = "menuentry x { xen_hypervisor /xen; }\n";
    EXPECT_THAT(follow(many + entry).unfollowed, ElementsAre("the rest of a GRUB script, with more than 10000 steps"));
    EXPECT_FALSE(follow(many + entry).xen);
    // Each word becomes 30,000, which no end of the word's own letters stops.
    std::string words = "set a=\"" + std::string("b ");
    for (int number = 0; number < 30'000; ++number) words += "b ";
    words += "\"\necho ";
    for (int number = 0; number < 10'000; ++number) words += "$a";
    EXPECT_THAT(follow(words + "\n" + entry).unfollowed,
                ElementsAre("the rest of a GRUB script, with more than 8388608 bytes in memory"));
    std::string variables = "set a=" + std::string(60'000, 'b') + "\n";
    for (int number = 0; number < 9'000; ++number) variables += "set a" + std::to_string(number) + "=$a\n";
    EXPECT_THAT(follow(variables + entry).unfollowed,
                ElementsAre("the rest of a GRUB script, with more than 8388608 bytes in memory"));
}

}  // namespace
}  // namespace rpixen
