#include "card/xl_guests.hpp"

#include <gmock/gmock.h>

#include <rpixen/error.hpp>

#include "card/plan_card.hpp"

namespace rpixen {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr Metadata plain{0644, 0, 0, {1000, 0}};

Guest database() {
    Guest guest;
    guest.name = "db";
    guest.start = GuestStart::xl;
    guest.console = GuestConsole::pv;
    guest.kernel.of_dom0 = true;
    guest.memory = 160 * MiB;
    return guest;
}

std::string text_of(const FileTree& tree, const std::string& path) {
    const auto node = tree.find(path);
    if (!node) return "no " + path;
    return std::string(as_text(read_all(tree.content(*node))));
}

FileTree tree_with(std::initializer_list<const char*> paths) {
    FileTree tree;
    for (const char* path : paths) tree.add_file(tree.locate(path), plain, memory_content("x", path));
    return tree;
}

TEST(XlGuests, HaveAConfigurationThatXlReads) {
    EXPECT_EQ(xl_configuration(database(), std::nullopt),
              "# Written by rpixen-img from the manifest's guests.\n"
              "name = 'db'\n"
              "kernel = '/var/lib/xen/images/db/kernel'\n"
              "memory = 160\n"
              "vcpus = 1\n"
              "extra = 'console=hvc0'\n");
    Guest guest = database();
    guest.initrd = GuestFile{};
    guest.disk = ArtifactReference{};
    guest.vcpus = 3;
    guest.console = GuestConsole::vpl011;
    guest.bootargs = "root=/dev/xvda quiet=\"yes\"";
    EXPECT_EQ(xl_configuration(guest, Network{"xenbr0", "eth0", {}}),
              "# Written by rpixen-img from the manifest's guests.\n"
              "name = 'db'\n"
              "kernel = '/var/lib/xen/images/db/kernel'\n"
              "ramdisk = '/var/lib/xen/images/db/initrd'\n"
              "memory = 160\n"
              "vcpus = 3\n"
              "extra = 'root=/dev/xvda quiet=\"yes\"'\n"
              "vuart = 'sbsa_uart'\n"
              "disk = [ '/var/lib/xen/images/db/disk.img,raw,xvda,rw' ]\n"
              "vif = [ 'bridge=xenbr0' ]\n");
}

TEST(XlGuests, AreFilesOfTheRoot) {
    Manifest manifest;
    manifest.guests = {database(), database()};
    manifest.guests[0].start = GuestStart::xen;
    manifest.guests[0].name = "web";
    manifest.guests[1].disk = ArtifactReference{};
    ArtifactSet artifacts;
    artifacts.guests.resize(2);
    artifacts.guests[1].kernel.content = memory_content("kernel", "kernel");
    artifacts.guests[1].modules[GuestModuleKind::initrd].content = memory_content("initrd", "initrd");
    artifacts.guests[1].disk = GuestDisk{16384, memory_content(std::string(4096, 'd'), "disk"), {{8192, 4096}}, {}, {}};
    FileTree tree = tree_with({"etc/hostname"});
    add_xl_guests(manifest, artifacts, tree, 2000);
    EXPECT_EQ(text_of(tree, "/var/lib/xen/images/db/kernel"), "kernel");
    EXPECT_EQ(text_of(tree, "/var/lib/xen/images/db/initrd"), "initrd");
    EXPECT_FALSE(tree.find("/var/lib/xen/images/web"));
    EXPECT_FALSE(tree.find("/etc/xen/web.cfg"));
    const NodeId disk = tree.find("/var/lib/xen/images/db/disk.img").value();
    EXPECT_EQ(tree.size(disk), 16384U);
    EXPECT_TRUE(tree.sparse(disk));
    EXPECT_EQ(tree.metadata(disk).mode, 0600);
    const NodeId link = tree.find("/etc/xen/auto/db.cfg").value();
    EXPECT_EQ(tree.symlink_target(link), "../db.cfg");
    EXPECT_EQ(tree.metadata(link).mtime.seconds, 2000);
}

TEST(XlGuests, StartByThemselvesOnlyWhereThatIsAsked) {
    Manifest manifest;
    manifest.guests = {database()};
    manifest.guests[0].autostart = false;
    ArtifactSet artifacts;
    artifacts.guests.resize(1);
    artifacts.guests[0].kernel.content = memory_content("kernel", "kernel");
    FileTree tree = tree_with({"etc/hostname"});
    add_xl_guests(manifest, artifacts, tree, 2000);
    EXPECT_TRUE(tree.find("/etc/xen/db.cfg"));
    EXPECT_FALSE(tree.find("/etc/xen/auto"));
}

TEST(XlGuests, HaveTheirDriversLoadedWhereSystemdIs) {
    Manifest manifest;
    manifest.guests = {database()};
    manifest.guests[0].disk = ArtifactReference{};
    manifest.network = Network{"xenbr0", {}, {}};
    ArtifactSet artifacts;
    artifacts.guests.resize(1);
    artifacts.guests[0].kernel.content = memory_content("kernel", "kernel");
    FileTree without = tree_with({"etc/init.d/rcS"});
    add_xl_guests(manifest, artifacts, without, 2000);
    EXPECT_FALSE(without.find("/etc/modules-load.d"));
    FileTree with = tree_with({"usr/lib/systemd/systemd"});
    add_xl_guests(manifest, artifacts, with, 2000);
    EXPECT_THAT(text_of(with, "/etc/modules-load.d/xen-guests.conf"),
                HasSubstr("xen-blkback\nloop\nxen-netback\nbridge\n"));
}

TEST(Bridge, IsIfupdownsWhereThatConfiguresTheNetwork) {
    // Debian's systemd brings networkd along, whether it is used or not.
    FileTree tree = tree_with({"etc/network/interfaces", "usr/sbin/ifup", "usr/lib/systemd/systemd-networkd"});
    add_bridge({"xenbr0", "eth0", {}}, tree, 2000);
    const std::string text = text_of(tree, "/etc/network/interfaces.d/xenbr0");
    EXPECT_THAT(text, HasSubstr("auto xenbr0\niface xenbr0 inet dhcp\n"));
    EXPECT_THAT(text, HasSubstr("ip link set dev eth0 master xenbr0 up"));
    EXPECT_FALSE(tree.find("/etc/systemd/network"));
}

TEST(Bridge, IsNetworkds) {
    FileTree tree = tree_with({"usr/lib/systemd/systemd-networkd", "usr/lib/systemd/system/systemd-networkd.service"});
    add_bridge({"xenbr0", "eth0", {}}, tree, 2000);
    EXPECT_THAT(text_of(tree, "/etc/systemd/network/10-xenbr0.netdev"),
                HasSubstr("[NetDev]\nName=xenbr0\nKind=bridge\n"));
    EXPECT_THAT(text_of(tree, "/etc/systemd/network/10-xenbr0-eth0.network"),
                HasSubstr("[Match]\nName=eth0\n\n[Network]\nBridge=xenbr0\n"));
    EXPECT_THAT(text_of(tree, "/etc/systemd/network/10-xenbr0.network"), HasSubstr("DHCP=yes"));
    const auto link = tree.find("/etc/systemd/system/multi-user.target.wants/systemd-networkd.service");
    EXPECT_EQ(tree.symlink_target(link.value()), "/usr/lib/systemd/system/systemd-networkd.service");
    FileTree alone = tree_with({"usr/lib/systemd/systemd-networkd"});
    add_bridge({"br", {}, {}}, alone, 2000);
    EXPECT_THAT(text_of(alone, "/etc/systemd/network/10-br.network"), Not(HasSubstr("DHCP")));
}

TEST(Bridge, IsAStartScriptOfOthers) {
    FileTree tree = tree_with({"etc/init.d/rcS"});
    add_bridge({"xenbr0", {}, {}}, tree, 2000);
    const NodeId script = tree.find("/etc/init.d/S40xenbr0").value();
    EXPECT_EQ(tree.metadata(script).mode, 0755);
    EXPECT_THAT(text_of(tree, "/etc/init.d/S40xenbr0"), HasSubstr("ip link add name xenbr0 type bridge"));
}

TEST(Bridge, IsRefusedWhereNothingWouldMakeIt) {
    FileTree tree = tree_with({"etc/hostname"});
    try {
        add_bridge({"xenbr0", {}, {"m.json", "/network", 3, 1}}, tree, 2000);
        FAIL() << "added";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::unfit);
        EXPECT_EQ(error.problems().front().location.pointer, "/network");
    }
}

TEST(XlGuests, CannotBeAddedToAPrebuiltFileSystem) {
    for (const bool network : {false, true}) {
        Manifest manifest;
        if (network)
            manifest.network = Network{"xenbr0", {}, {"m.json", "/network", 3, 1}};
        else
            manifest.guests = {database()};
        ArtifactSet artifacts;
        artifacts.guests.resize(manifest.guests.size());
        RootFileSystem root;
        root.prebuilt = memory_content(Bytes(4 * MiB), "root.ext4");
        try {
            plan_card(manifest, artifacts, std::move(root), BootPlan{}, 1000);
            FAIL() << "planned";
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::unfit);
            EXPECT_THAT(error.what(), HasSubstr("prebuilt"));
        }
    }
}

}  // namespace
}  // namespace rpixen
