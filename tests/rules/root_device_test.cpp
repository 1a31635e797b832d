#include "rules/root_device.hpp"

#include <gtest/gtest.h>

namespace rpixen {
namespace {

DiskFacts disk() {
    DiskFacts facts;
    PartitionFacts boot;
    boot.number = 1;
    boot.uuid = "1234abcd-01";
    boot.file_system_uuid = "DEAD-BEEF";
    boot.label = "BOOT";
    PartitionFacts root;
    root.number = 2;
    root.uuid = "1234abcd-02";
    root.file_system_uuid = "0a1b2c3d-0000-4000-8000-000000000000";
    root.label = "rootfs";
    facts.partitions = {boot, root};
    facts.root_partition = 2;
    return facts;
}

unsigned number_of(const DiskFacts& facts, const std::string& name) {
    const PartitionFacts* partition = root_device(facts, name).partition;
    return partition ? partition->number : 0;
}

TEST(RootDevice, ByEachKindOfName) {
    const DiskFacts facts = disk();
    EXPECT_EQ(number_of(facts, "PARTUUID=1234ABCD-02"), 2U);
    EXPECT_EQ(number_of(facts, "UUID=0A1B2C3D-0000-4000-8000-000000000000"), 2U);
    EXPECT_EQ(number_of(facts, "LABEL=rootfs"), 2U);
    EXPECT_EQ(number_of(facts, "/dev/mmcblk0p1"), 1U);
    EXPECT_EQ(number_of(facts, "/dev/mmcblk1p2"), 2U);
}

TEST(RootDevice, NamesThatTheCardDoesNotHave) {
    const DiskFacts facts = disk();
    for (const char* name : {"PARTUUID=1234abcd-03", "UUID=x", "LABEL=ROOTFS", "/dev/mmcblk0p3", "/dev/mmcblk0px"}) {
        const RootDevice device = root_device(facts, name);
        EXPECT_TRUE(device.of_card) << name;
        EXPECT_EQ(device.partition, nullptr) << name;
        EXPECT_EQ(device.names.size(), 2U) << name;
    }
    EXPECT_TRUE(root_device(facts, "/dev/mmcblk0").whole_card);
}

TEST(RootDevice, OtherDevicesAreNotTheCards) {
    const DiskFacts facts = disk();
    for (const char* name : {"/dev/nfs", "/dev/sda2", "PARTLABEL=root", ""})
        EXPECT_FALSE(root_device(facts, name).of_card) << name;
}

TEST(RootDevice, TheRootThatWasLookedInto) {
    BootScenario scenario;
    scenario.disk = disk();
    EXPECT_FALSE(is_root_of_dom0(scenario));
    scenario.dom0_bootargs = "console=hvc0";
    EXPECT_FALSE(is_root_of_dom0(scenario));
    scenario.dom0_bootargs = "console=hvc0 root=/dev/sda2";
    EXPECT_FALSE(is_root_of_dom0(scenario));
    scenario.dom0_bootargs = "root=/dev/mmcblk0p1";
    EXPECT_FALSE(is_root_of_dom0(scenario));
    scenario.dom0_bootargs = "root=PARTUUID=1234abcd-02 rootwait";
    EXPECT_TRUE(is_root_of_dom0(scenario));
}

}  // namespace
}  // namespace rpixen
