#include <gmock/gmock.h>

#include <random>

#include <rpixen/manifest.hpp>

namespace rpixen {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

const std::string artifacts =
    R"("artifacts": { "xen": "xen", "kernel": "Image", "dtb": "b.dtb", "uboot": "u.bin",
    "rootfs": "root.tar" })";

/// A manifest that is right but for what `more` adds.
std::string with(const std::string& more) {
    return "{ \"manifest_version\": 1, " + artifacts + ",\n" + more + " }";
}

Manifest parsed(const std::string& more) {
    return parse_manifest(with(more), "dir/m.json");
}

std::vector<Problem> problems_of(const std::string& text) {
    try {
        parse_manifest(text, "m.json");
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::manifest);
        return error.problems();
    }
    ADD_FAILURE() << "no complaint about " << text;
    return {};
}

/// The one complaint about a manifest with `more` in it.
std::string complaint(const std::string& more) {
    const auto problems = problems_of(with(more));
    EXPECT_EQ(problems.size(), 1U) << more;
    std::string all;
    for (const Problem& problem : problems) all += problem.text() + '\n';
    return all;
}

TEST(ParseManifest, TheShortestManifestHasTheContractsDefaults) {
    const Manifest manifest = parse_manifest("{ \"manifest_version\": 1, " + artifacts + "}", "dir/m.json");
    EXPECT_EQ(manifest.file, "dir/m.json");
    EXPECT_EQ(manifest.name, "rpixen");
    EXPECT_EQ(manifest.board, "raspberrypi4-64");
    EXPECT_EQ(manifest.xen.path, "xen");
    EXPECT_EQ(manifest.xen.resolved, "dir/xen");
    EXPECT_EQ(manifest.xen.location.pointer, "/artifacts/xen");
    EXPECT_EQ(manifest.xen.sha256, std::nullopt);
    EXPECT_TRUE(manifest.modules.empty());
    EXPECT_EQ(manifest.firmware.has_value(), false);
    ASSERT_EQ(manifest.rootfs.size(), 1U);
    EXPECT_EQ(manifest.rootfs[0].resolved, "dir/root.tar");
    ASSERT_EQ(manifest.overlays.size(), 1U);
    EXPECT_EQ(manifest.overlays[0].name, "pi4-64-xen");
    EXPECT_EQ(manifest.overlays[0].resolved, "");
    EXPECT_EQ(manifest.script, ScriptFlavour::checked);
    EXPECT_EQ(manifest.apply_overlays, OverlayMoment::compose);
    EXPECT_EQ(manifest.bootargs, "console=hvc0 clk_ignore_unused root=/dev/mmcblk0p2 rootwait");
    EXPECT_EQ(manifest.xen_bootargs, "console=dtuart dtuart=/soc/serial@7e215040 sync_console bootscrub=0");
    EXPECT_EQ(manifest.dom0_mem, "512MiB");
    EXPECT_THAT(manifest.env, IsEmpty());
    EXPECT_THAT(manifest.addresses, IsEmpty());
    EXPECT_THAT(manifest.config_txt, IsEmpty());
    EXPECT_EQ(manifest.image_size.kind, SizeWish::Kind::automatic);
    EXPECT_EQ(manifest.alignment, 4U << 20);
    EXPECT_EQ(manifest.boot_label, "BOOT");
    EXPECT_EQ(manifest.boot_size, 256U << 20);
    EXPECT_EQ(manifest.root_label, "root");
    EXPECT_EQ(manifest.root_size.kind, SizeWish::Kind::automatic);
    EXPECT_EQ(manifest.root_free, 64U << 20);
    EXPECT_THAT(manifest.files, IsEmpty());
}

TEST(ParseManifest, TheDeviceTreeMayBeAListOfOneForEachBoard) {
    const auto trees = [](const std::string& dtb, const std::string& more = "") {
        return R"({ "manifest_version": 1, "artifacts": { "xen": "xen", "kernel": "Image", "uboot": "u.bin",
            "rootfs": "root.tar", "dtb": )" +
               dtb + " }" + more + " }";
    };
    const Manifest manifest = parse_manifest(trees(R"(["4-b.dtb", {"path": "400.dtb"}])"), "dir/m.json");
    ASSERT_EQ(manifest.dtbs.size(), 2U);
    EXPECT_EQ(manifest.dtbs[1].resolved, "dir/400.dtb");
    EXPECT_EQ(manifest.dtbs[1].location.pointer, "/artifacts/dtb/1");
    EXPECT_THAT(problems_of(trees("[]")).front().text(), HasSubstr("no device tree"));
    const std::string classic = R"(, "boot": { "script": "classic" })";
    const auto problems = problems_of(trees(R"(["4-b.dtb", "400.dtb"])", classic));
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(problems[0].location.pointer, "/boot/script");
    EXPECT_THAT(problems[0].text(), HasSubstr("\"checked\""));
    EXPECT_EQ(parse_manifest(trees(R"(["4-b.dtb"])", classic), "m.json").dtbs.size(), 1U);
}

TEST(ParseManifest, TheContractsOwnExampleIsRead) {
    const std::string text = R"json({
  "manifest_version": 1,                  // required
  "name": "dom0-image",                   // names the release; default "rpixen"
  "board": "raspberrypi4-64",             // default and, in v1, the only board
  "artifacts": {
    "xen":      "xen-raspberrypi4-64",
    "kernel":   "Image",
    "initrd":   "initrd.img",
    "xsm_policy": "xenpolicy",
    "dtb":      "bcm2711-rpi-4-b.dtb",
    "uboot":    "u-boot.bin",
    "firmware": "firmware",
    "rootfs":   "rootfs.tar.zst"
  },
  "overlays": ["pi4-64-xen"],
  "boot": {
    "script": "checked", "apply_overlays": "compose",
    "bootargs": "console=hvc0 clk_ignore_unused root=/dev/mmcblk0p2 rootwait",
    "xen_bootargs": "console=dtuart dtuart=/soc/serial@7e215040 sync_console bootscrub=0",
    "dom0_mem": "512MiB",
    "env": { "bootdelay": "2" },
    "addresses": { "xen": "0x200000", "kernel": "0x480000" },
    "config_txt": [ "dtparam=audio=on" ]
  },
  "image": {
    "size": "auto", "alignment": "4MiB",
    "boot_partition": { "label": "BOOT", "size": "256MiB" },
    "root_partition": { "label": "root", "size": "auto", "free": "64MiB" }
  },
  "files": [
    { "partition": "root", "source": "hostname", "target": "/etc/hostname", "mode": "0644", "uid": 0, "gid": 0 },
    { "partition": "boot", "source": "notes.txt", "target": "/notes.txt" }
  ]
})json";
    const Manifest manifest = parse_manifest(text, "/abs/m.json");
    EXPECT_EQ(manifest.name, "dom0-image");
    EXPECT_EQ(manifest.modules.at("initrd").resolved, "/abs/initrd.img");
    EXPECT_EQ(manifest.modules.at("xsm_policy").path, "xenpolicy");
    EXPECT_EQ(manifest.firmware->path, "firmware");
    EXPECT_THAT(manifest.env, ElementsAre(Pair("bootdelay", "2")));
    EXPECT_THAT(manifest.addresses, UnorderedElementsAre(Pair("xen", 0x200000), Pair("kernel", 0x480000)));
    EXPECT_THAT(manifest.config_txt, ElementsAre("dtparam=audio=on"));
    ASSERT_EQ(manifest.files.size(), 2U);
    EXPECT_EQ(manifest.files[0].partition, ExtraFile::Partition::root);
    EXPECT_EQ(manifest.files[0].resolved, "/abs/hostname");
    EXPECT_EQ(manifest.files[0].target, "/etc/hostname");
    EXPECT_EQ(manifest.files[0].mode, 0644);
    EXPECT_EQ(manifest.files[1].partition, ExtraFile::Partition::boot);
    EXPECT_EQ(manifest.files[1].mode, std::nullopt);
    EXPECT_EQ(manifest.locate("/boot/env/bootdelay"), (Location{"/abs/m.json", "/boot/env/bootdelay", 21, 27}));
}

TEST(ParseManifest, LocatesAlsoWhatIsNotThere) {
    const Manifest manifest = parsed("\n  \"boot\": {}");
    EXPECT_EQ(manifest.locate("/boot/dom0_mem"), (Location{"dir/m.json", "/boot/dom0_mem", 4, 11}));
    EXPECT_EQ(manifest.locate("/image/size"), (Location{"dir/m.json", "/image/size", 1, 1}));
    EXPECT_EQ(Manifest{}.locate("/x").line, 0);
}

TEST(ParseManifest, PathsAreRelativeToTheManifest) {
    const auto resolved = [](const std::string& file) {
        return parse_manifest("{ \"manifest_version\": 1, " + artifacts + "}", file).xen.resolved;
    };
    EXPECT_EQ(resolved("m.json"), "xen");
    EXPECT_EQ(resolved("./m.json"), "./xen");
    EXPECT_EQ(resolved("/m.json"), "/xen");
    EXPECT_EQ(resolved("../a/m.json"), "../a/xen");
    EXPECT_EQ(parsed(R"("overlays": ["/o/a.dtbo", "sub/b.dtbo"])").overlays[0].resolved, "/o/a.dtbo");
    EXPECT_EQ(parsed(R"("overlays": ["/o/a.dtbo", "sub/b.dtbo"])").overlays[1].resolved, "dir/sub/b.dtbo");
}

TEST(ParseManifest, ReportsEveryMistakeOfAFileAtOnceInItsOrder) {
    const auto problems = problems_of(R"({
  "manifest_version": 2,
  "nmae": "x",
  "artifacts": {
    "xen": 5, "kernel": { "path": "k", "sha256": "12" },
    "dtb": "d", "dtb": "e", "uboot": ["u"]
  },
  "overlays": ["pi4-64-xem", "x.dtb"],
  "boot": { "bootarg": "", "dom0_mem": "512M", "addresses": { "xen": "200000" } },
  "image": { "size": 1.5, "alignment": "3MiB" },
  "files": [ { "partition": "boot", "source": "", "target": "a/../b", "mode": 644 } ]
})");
    std::vector<std::string> seen;
    for (const Problem& problem : problems)
        seen.push_back(std::to_string(problem.location.line) + ':' + std::to_string(problem.location.column) + ' ' +
                       problem.location.pointer);
    EXPECT_THAT(seen, ElementsAre("2:23 /manifest_version", "3:3 /nmae", "4:16 /artifacts", "5:12 /artifacts/xen",
                                  "5:50 /artifacts/kernel/sha256", "6:17 /artifacts/dtb", "6:38 /artifacts/uboot",
                                  "8:16 /overlays/0", "8:30 /overlays/1", "9:13 /boot/bootarg", "9:40 /boot/dom0_mem",
                                  "9:70 /boot/addresses/xen", "10:22 /image/size", "10:40 /image/alignment",
                                  "11:47 /files/0/source", "11:61 /files/0/target", "11:79 /files/0/mode",
                                  "11:79 /files/0/mode"));
    EXPECT_THAT(problems[1].text(), HasSubstr("m.json:3:3: /nmae: unknown key; found \"nmae\""));
    EXPECT_EQ(problems[1].change, "did you mean \"name\"?");
    EXPECT_THAT(problems[2].message, HasSubstr("\"rootfs\" is missing"));
    EXPECT_EQ(problems[7].change, "did you mean \"pi4-64-xen\"?");
    EXPECT_EQ(problems[9].change, "did you mean \"bootargs\"?");
    EXPECT_THAT(problems[10].change, HasSubstr("MiB"));
    EXPECT_THAT(problems[13].change, HasSubstr("\"2MiB\" and \"4MiB\""));
}

TEST(ParseManifest, AsksWhatAMisspeltWordMeant) {
    const auto problems = problems_of(R"({ "manifest_version": 1, "board": "raspberypi4-64",
  "artifacts": { "xen": "x", "kernel": "k", "dtb": "d", "uboot": "u", "firmware": "f", "rootfs": "r" },
  "overlays": [ "pi4-64-xem" ],
  "boot": { "script": "cheked", "addresses": { "xne": "0x200000" } } })");
    std::vector<std::string> questions;
    for (const Problem& problem : problems) questions.push_back(problem.change);
    EXPECT_THAT(questions, ElementsAre("did you mean \"raspberrypi4-64\"?", "did you mean \"pi4-64-xen\"?",
                                       "did you mean \"checked\"?", "did you mean \"xen\"?"));
}

TEST(ParseManifest, RefusesWhatIsNoObjectAtAll) {
    for (const std::string text : {"[]", "1", "null", "\"x\"", "true"}) {
        const auto problems = problems_of(text);
        ASSERT_EQ(problems.size(), 1U) << text;
        EXPECT_THAT(problems[0].text(), HasSubstr("wrong type"));
    }
}

TEST(ParseManifest, ADigestIsKeptInLowerCase) {
    const std::string digest = "0123456789ABCDEFabcdef0123456789ABCDEFabcdef0123456789ABCDEFabcd";
    const Manifest manifest = parse_manifest(
        R"({"manifest_version":1,"artifacts":{"xen":{"path":"x","sha256":")" + digest +
            R"("},"kernel":"k","dtb":"d","uboot":"u","rootfs":[{"path":"a"},"b"]}})",
        "m.json");
    EXPECT_EQ(manifest.xen.sha256, "0123456789abcdefabcdef0123456789abcdefabcdef0123456789abcdefabcd");
    ASSERT_EQ(manifest.rootfs.size(), 2U);
    EXPECT_EQ(manifest.rootfs[0].path, "a");
    EXPECT_EQ(manifest.rootfs[1].location.pointer, "/artifacts/rootfs/1");
}

TEST(ParseManifest, Overlays) {
    const Manifest manifest = parsed(R"("overlays": ["a/b/my.hat-2.dtbo", "pi4-64-xen"])");
    EXPECT_EQ(manifest.overlays[0].name, "my.hat-2");
    EXPECT_EQ(manifest.overlays[1].name, "pi4-64-xen");
    EXPECT_EQ(manifest.overlays[1].resolved, "");
    EXPECT_THAT(parsed(R"("overlays": [])").overlays, IsEmpty());
    EXPECT_THAT(complaint(R"("overlays": ["A.dtbo", "b/a.dtbo"])"), HasSubstr("two overlays of one name"));
    EXPECT_THAT(complaint(R"("overlays": ["pi4-64-xen", "x/pi4-64-xen.dtbo"])"), HasSubstr("two overlays"));
    EXPECT_THAT(complaint(R"("overlays": ["two words.dtbo"])"), HasSubstr("letters, digits"));
    EXPECT_THAT(complaint(R"("overlays": ["unknown"])"), HasSubstr("\"pi4-64-xen\" or the path"));
}

TEST(ParseManifest, SizesAreIntegersOrHaveABinaryUnit) {
    EXPECT_EQ(parsed(R"("image": {"size": 1073741824})").image_size.bytes, 1U << 30);
    EXPECT_EQ(parsed(R"("image": {"size": "1024MiB"})").image_size.bytes, 1U << 30);
    EXPECT_EQ(parsed(R"("image": {"size": "1024MiB"})").image_size.kind, SizeWish::Kind::exact);
    EXPECT_EQ(parsed(R"("image": {"boot_partition": {"size": "65536KiB"}})").boot_size, 64U << 20);
    EXPECT_EQ(parsed(R"("image": {"root_partition": {"free": 0}})").root_free, 0U);
    EXPECT_EQ(parsed(R"("image": {"alignment": "64KiB"})").alignment, 64U << 10);
    EXPECT_THAT(complaint(R"("image": {"size": "1073741824"})"), HasSubstr("without quotes"));
    EXPECT_THAT(complaint(R"("image": {"size": "1GB"})"), HasSubstr("KiB, MiB, GiB or TiB"));
    EXPECT_THAT(complaint(R"("image": {"size": -1})"), HasSubstr("integer"));
    EXPECT_THAT(complaint(R"("image": {"size": 1048576.0})"), HasSubstr("integer"));
    EXPECT_THAT(complaint(R"("image": {"size": 1048577})"), HasSubstr("nearest are 1048576 and 2097152"));
    EXPECT_THAT(complaint(R"("image": {"size": "3TiB"})"), HasSubstr("\"2TiB\""));
    EXPECT_THAT(complaint(R"("image": {"size": "99999999999999999999TiB"})"), HasSubstr("out of range"));
    EXPECT_THAT(complaint(R"("image": {"alignment": 512})"), HasSubstr("\"4KiB\""));
    EXPECT_THAT(complaint(R"("image": {"boot_partition": {"size": "auto"}})"), HasSubstr("not a size"));
}

TEST(ParseManifest, FillNeedsAnExactSize) {
    EXPECT_EQ(parsed(R"("image": {"root_partition": {"size": "fill"}, "size": "1GiB"})").root_size.kind,
              SizeWish::Kind::fill);
    EXPECT_THAT(complaint(R"("image": {"root_partition": {"size": "fill"}})"), HasSubstr("nothing to fill"));
    EXPECT_THAT(complaint(R"("image": {"root_partition": {"size": "fill"}, "size": "1G"})"), HasSubstr("not a size"));
    EXPECT_EQ(parsed(R"("image": {"root_partition": {"size": "100MiB"}})").root_size.bytes, 100U << 20);
}

TEST(ParseManifest, FillTakesTheSizeOfTheCardWhereTheImageHasNone) {
    constexpr std::uint64_t card = std::uint64_t{300} << 20;
    const auto of_card = [](const std::string& image) {
        const std::string text = with("\"image\": " + image);
        return parse_manifest(text, "m.json", "", card).image_size;
    };
    for (const char* image :
         {R"({"root_partition": {"size": "fill"}})", R"({"size": "auto", "root_partition": {"size": "fill"}})"}) {
        EXPECT_EQ(of_card(image).kind, SizeWish::Kind::exact);
        EXPECT_EQ(of_card(image).bytes, card);
    }
    EXPECT_EQ(of_card(R"({"root_partition": {"size": "fill"}, "size": "1GiB"})").bytes, 1U << 30);
    // Nothing is filled otherwise: the same manifest makes the same image for every card.
    EXPECT_EQ(of_card(R"({"root_partition": {"size": "auto"}})").kind, SizeWish::Kind::automatic);
    EXPECT_EQ(of_card(R"({"root_partition": {"size": "auto"}})").bytes, 0U);
}

TEST(ParseManifest, Labels) {
    EXPECT_EQ(parsed(R"("image": {"boot_partition": {"label": "XEN BOOT_1"}})").boot_label, "XEN BOOT_1");
    EXPECT_EQ(parsed(R"("image": {"root_partition": {"label": "sixteen-bytes-ok"}})").root_label, "sixteen-bytes-ok");
    EXPECT_THAT(complaint(R"("image": {"boot_partition": {"label": "twelve-bytes"}})"), HasSubstr("1 to 11"));
    EXPECT_THAT(complaint(R"("image": {"boot_partition": {"label": "boot"}})"), HasSubstr("A-Z"));
    EXPECT_THAT(complaint(R"("image": {"root_partition": {"label": "seventeen-bytes-no"}})"), HasSubstr("1 to 16"));
    EXPECT_THAT(complaint(R"("image": {"root_partition": {"label": ""}})"), HasSubstr("1 to 16"));
}

TEST(ParseManifest, Dom0Memory) {
    EXPECT_EQ(parsed(R"("boot": {"dom0_mem": 1073741824})").dom0_mem, "1GiB");
    EXPECT_EQ(parsed(R"("boot": {"dom0_mem": "1536MiB"})").dom0_mem, "1536MiB");
    EXPECT_EQ(parsed(R"("boot": {"xen_bootargs": "dom0_mem=1G,max:1G console=dtuart"})").dom0_mem, "");
    EXPECT_EQ(parsed(R"("boot": {"xen_bootargs": "not_dom0_mem=1G"})").dom0_mem, "512MiB");
    EXPECT_THAT(complaint(R"("boot": {"dom0_mem": "1GiB", "xen_bootargs": "a  dom0_mem=1G"})"),
                HasSubstr("given twice"));
    EXPECT_EQ(parsed(R"("boot": {"dom0_mem": "auto"})").dom0_mem, "auto");
    EXPECT_EQ(parsed(R"("boot": {"dom0_mem": "rest"})").dom0_mem, "rest");
    EXPECT_THAT(complaint(R"("boot": {"dom0_mem": "rest", "script": "classic"})"),
                HasSubstr("classic script cannot choose"));
    EXPECT_THAT(complaint(R"("boot": {"dom0_mem": "resto"})"), HasSubstr("\"rest\""));
    EXPECT_THAT(complaint(R"("boot": {"dom0_mem": "auto", "script": "classic"})"),
                HasSubstr("classic script cannot choose"));
    EXPECT_THAT(complaint(R"("boot": {"dom0_mem": "automatic"})"), HasSubstr("\"auto\""));
    EXPECT_THAT(complaint(R"("boot": {"dom0_mem": "16MiB"})"), HasSubstr("\"32MiB\""));
    EXPECT_THAT(complaint(R"("boot": {"dom0_mem": 536870913})"), HasSubstr("multiple of \"1MiB\""));
}

TEST(ParseManifest, CommandLinesAreOneLine) {
    EXPECT_EQ(parsed(R"("boot": {"bootargs": ""})").bootargs, "");
    EXPECT_THAT(complaint(R"("boot": {"bootargs": "a\nb"})"), HasSubstr("one line"));
    EXPECT_THAT(complaint(R"("boot": {"xen_bootargs": "a\u0000b"})"), HasSubstr("one line"));
    EXPECT_THAT(complaint("\"boot\": {\"bootargs\": \"" + std::string(1024, 'a') + "\"}"), HasSubstr("1023"));
}

TEST(ParseManifest, EnvironmentVariables) {
    const Manifest manifest = parsed(R"("boot": {"env": {"z": "1", "a": "run ${z}; echo 'x'", "empty": ""}})");
    EXPECT_THAT(manifest.env, ElementsAre(Pair("z", "1"), Pair("a", "run ${z}; echo 'x'"), Pair("empty", "")));
    for (const char* name : {"fdt_addr", "ethaddr", "eth1addr", "usbethaddr", "serial#", "bootargs", "boot_xen",
                             "load_xen", "load_dom0", "xen_bootcmd", "do_dtbsetup"})
        EXPECT_THAT(complaint("\"boot\": {\"env\": {\"" + std::string(name) + "\": \"x\"}}"),
                    HasSubstr("must not be set"))
            << name;
    EXPECT_NO_THROW(parsed(R"("boot": {"env": {"fdt_addr_r": "x", "ethact": "x", "ipaddr": "x"}})"));
    for (const char* name : {"", "a=b", "a b", "a$b", "-a", "\\u00e9", "a\\nb"})
        EXPECT_THAT(complaint("\"boot\": {\"env\": {\"" + std::string(name) + "\": \"x\"}}"),
                    HasSubstr("variable's name"))
            << name;
    EXPECT_THAT(complaint(R"("boot": {"env": {"a": "x\ny"}})"), HasSubstr("one line"));
    EXPECT_THAT(complaint(R"("boot": {"env": {"a": 2}})"), HasSubstr("a string"));
}

TEST(ParseManifest, Addresses) {
    EXPECT_THAT(parsed(R"("boot": {"addresses": {"dtb": "0X2600000", "overlay_scratch": 98304}})").addresses,
                ElementsAre(Pair("dtb", 0x2600000), Pair("overlay_scratch", 0x18000)));
    EXPECT_THAT(complaint(R"("boot": {"addresses": {"dtb": "2600000"}})"), HasSubstr("0x"));
    EXPECT_THAT(complaint(R"("boot": {"addresses": {"dtb": "0x100000000"}})"), HasSubstr("4 GiB"));
    EXPECT_THAT(complaint(R"("boot": {"addresses": {"dom0": "0x480000"}})"), HasSubstr("kernel"));
    EXPECT_THAT(complaint(R"("boot": {"addresses": {"initrd": "0x480000"}})"), HasSubstr("not on this card"));
}

TEST(ParseManifest, ConfigLinesCannotContradict) {
    EXPECT_THAT(parsed(R"("boot": {"config_txt": ["", "# kernel=x", "[pi4]", "enable_uart = 1", "arm_64bit=1",
                                                 "kernel=u-boot.bin", "gpu_mem=64", "dtoverlay=disable-bt"]})")
                    .config_txt.size(),
                8U);
    for (const char* line : {"kernel=Image", "arm_64bit=0", "enable_gic=0", "enable_uart=0", "kernel_address=0x80000",
                             "device_tree=", "initramfs initrd.img followkernel", " kernel = x", "os_prefix=xen/",
                             "auto_initramfs=1", "ramfsfile=x", "cmdline=x.txt"})
        EXPECT_THAT(complaint("\"boot\": {\"config_txt\": [\"" + std::string(line) + "\"]}"), HasSubstr("contradicts"))
            << line;
    EXPECT_THAT(complaint(R"("boot": {"config_txt": ["a\nb"]})"), HasSubstr("one line"));
    EXPECT_THAT(complaint(R"("boot": {"config_txt": "a"})"), HasSubstr("an array"));
}

TEST(ParseManifest, Files) {
    const auto file = [](const std::string& more) { return "\"files\": [{\"source\": \"s\", " + more + "}]"; };
    EXPECT_EQ(parsed(file(R"("partition": "root", "target": "/a", "mode": "4755", "uid": 4294967294)")).files[0].mode,
              04755);
    EXPECT_EQ(parsed(file(R"("partition": "root", "target": "/a", "mode": "04755")")).files[0].mode, 04755);
    EXPECT_EQ(parsed(file(R"("partition": "root", "target": "/a", "gid": 7)")).files[0].gid, 7U);
    EXPECT_THAT(complaint(file(R"("partition": "root", "target": "/a", "uid": 4294967295)")), HasSubstr("4294967294"));
    EXPECT_THAT(complaint(file(R"("partition": "root", "target": "/a", "mode": "0999")")), HasSubstr("octal"));
    EXPECT_THAT(complaint(file(R"("partition": "root", "target": "/a", "mode": 420)")), HasSubstr("a string"));
    EXPECT_THAT(complaint(file(R"("partition": "boot", "target": "/a", "mode": "0644")")),
                HasSubstr("FAT does not keep"));
    EXPECT_THAT(complaint(file(R"("partition": "boot", "target": "/a", "uid": 0)")), HasSubstr("no owner"));
    EXPECT_THAT(complaint(file(R"("partition": "boot", "target": "/a:b")")), HasSubstr("FAT"));
    for (const char* target : {"", "/", "a", "/a/", "//a", "/a//b", "/../a", "/a/..", "/a/.", "/a\\u0000b"})
        EXPECT_THAT(complaint(file("\"partition\": \"root\", \"target\": \"" + std::string(target) + '"')),
                    HasSubstr("absolute path"))
            << target;
    EXPECT_EQ(parsed(file("\"partition\": \"root\", \"target\": \"/..a/b..\"")).files[0].target, "/..a/b..");
}

TEST(ParseManifest, TwoFilesCannotHaveOneTarget) {
    const auto files = [](const std::string& partition, const std::string& other) {
        return "\"files\": [{\"partition\": \"" + partition + "\", \"source\": \"s\", \"target\": \"/Name\"},\n" +
               "{\"partition\": \"" + partition + "\", \"source\": \"t\", \"target\": \"" + other + "\"}]";
    };
    EXPECT_THAT(complaint(files("root", "/Name")),
                HasSubstr("m.json:4:48: /files/1/target: two files have this target"));
    EXPECT_THAT(complaint(files("boot", "/nAME")), HasSubstr("two files have this target"));
    EXPECT_EQ(parsed(files("root", "/nAME")).files.size(), 2U);
}

TEST(ParseManifest, SurvivesDamage) {
    const std::string good = with(
        R"("overlays": ["pi4-64-xen", "a.dtbo"], "boot": {"dom0_mem": "1GiB", "env": {"a": "b"}, "addresses": {"xen": "0x200000"},
           "config_txt": ["a=b"]}, "image": {"size": "2GiB", "alignment": 4096, "root_partition": {"size": "fill"}},
           "files": [{"partition": "root", "source": "s", "target": "/a/b", "mode": "0644", "uid": 1}])");
    EXPECT_NO_THROW(parse_manifest(good, "m.json"));
    std::mt19937 random(11);
    std::size_t refused = 0;
    for (int round = 0; round < 5'000; ++round) {
        std::string text = good;
        for (auto count = 1 + random() % 2; count > 0; --count) {
            const std::size_t place = random() % text.size();
            if (random() % 2)
                text[place] = static_cast<char>(random() % 256);
            else
                text.erase(place, random() % 4);
        }
        try {
            parse_manifest(text, "m.json");
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::manifest);
            EXPECT_GE(error.problems().front().location.line, 1);
            ++refused;
        }
    }
    EXPECT_GT(refused, 1'000U);
}

TEST(ParseManifest, StringsInMessagesStayOnOneLineAndShort) {
    const auto problems = problems_of(with("\"name\": \"a\\nb" + std::string(10'000, 'x') + "\""));
    EXPECT_LT(problems[0].text().size(), 400U);
    EXPECT_EQ(problems[0].text().find('\n'), std::string::npos);
}

}  // namespace
}  // namespace rpixen
