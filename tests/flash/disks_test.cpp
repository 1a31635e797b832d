#include "flash/disks.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <rpixen/error.hpp>

#include "support/temporary_folder.hpp"

namespace rpixen {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

/// A /sys as Linux has it, with the disks that a test adds.
class Machine {
  public:
    Machine() {
        fs::create_directories(folder.path() / "sys/block");
        tables.sys = folder / "sys";
        tables.mounts = folder.write("mountinfo", "22 27 0:21 / /proc rw - proc proc rw\n");
        tables.swaps = folder.write("swaps", "Filename Type Size Used Priority\n");
    }

    void disk(const std::string& name, const std::string& number, std::uint64_t sectors, const std::string& bus) {
        const std::string place = "sys/devices/" + bus + "/block/" + name;
        fs::create_directories(folder.path() / place);
        fs::create_directory_symlink("../devices/" + bus + "/block/" + name, folder.path() / "sys/block" / name);
        put(name, "dev", number);
        put(name, "size", std::to_string(sectors));
        put(name, "removable", "0");
        put(name, "ro", "0");
        fs::create_directories(folder.path() / place / "holders");
    }
    void partition(const std::string& disk, const std::string& name, const std::string& number) {
        put(disk, name + "/dev", number);
        put(disk, name + "/partition", "1");
        fs::create_directories(folder.path() / "sys/block" / disk / name / "holders");
    }
    void put(const std::string& disk, const std::string& file, const std::string& text) {
        folder.write("sys/block/" + disk + "/" + file, text + "\n");
    }
    void mounted(const std::string& number, const std::string& point, const std::string& source) {
        folder.write("mountinfo", test::read_file(tables.mounts) + "40 27 " + number + " / " + point +
                                      " rw,noatime shared:1 master:2 - ext4 " + source + " rw\n");
    }
    void held(const std::string& place, const std::string& holder) {
        fs::create_directories(folder.path() / "sys/block" / place / "holders" / holder);
    }

    /// A stick with a partition, as most tests want it.
    void stick() {
        disk("sdb", "8:16", 2048, "pci0000:00/usb1/1-1");
        put("sdb", "device/vendor", "SanDisk ");
        put("sdb", "device/model", "Ultra           ");
        partition("sdb", "sdb1", "8:17");
    }

    test::TemporaryFolder folder;
    SystemTables tables;
};

ErrorCode code_of(const std::function<void()>& work, std::string& message) {
    try {
        work();
    } catch (const Error& error) {
        message = error.what();
        return error.code();
    }
    return ErrorCode::internal;
}

TEST(Disks, AStickIsACandidateWithModelAndSize) {
    Machine machine;
    machine.stick();
    const auto disks = read_disks(machine.tables);
    ASSERT_EQ(disks.size(), 1U);
    EXPECT_EQ(disks[0].path, "/dev/sdb");
    EXPECT_EQ(disks[0].model, "SanDisk Ultra");
    EXPECT_EQ(disks[0].size, 2048U * 512);
    EXPECT_TRUE(disks[0].candidate());
}

TEST(Disks, WhatIsRemovable) {
    Machine machine;
    machine.disk("mmcblk0", "179:0", 8, "platform/mmc_host");
    machine.put("mmcblk0", "device/type", "SD");
    machine.put("mmcblk0", "device/name", "SC32G");
    machine.disk("mmcblk1", "179:8", 8, "platform/mmc_host");
    machine.put("mmcblk1", "device/type", "MMC");  // soldered on
    machine.disk("nvme0n1", "259:0", 8, "pci0000:00");
    machine.put("nvme0n1", "device/model", "Fast");
    machine.disk("sda", "8:0", 8, "pci0000:00/ata1");
    machine.put("sda", "device/model", "Reader");
    machine.put("sda", "removable", "1");
    std::vector<std::string> removable;
    for (const FlashDisk& disk : read_disks(machine.tables))
        if (disk.candidate()) removable.push_back(disk.path + " " + disk.model);
    EXPECT_THAT(removable, testing::ElementsAre("/dev/mmcblk0 SC32G", "/dev/sda Reader"));
}

TEST(Disks, WhatIsNoDiskIsNotListed) {
    Machine machine;
    machine.disk("loop0", "7:0", 8, "virtual");
    machine.disk("dm-0", "253:0", 8, "virtual");
    machine.disk("sr0", "11:0", 8, "pci0000:00/usb1");
    machine.put("sr0", "device/type", "5");
    EXPECT_THAT(read_disks(machine.tables), IsEmpty());
}

TEST(Disks, AReaderWithoutACard) {
    Machine machine;
    machine.disk("sdb", "8:16", 0, "usb1");
    machine.put("sdb", "device/model", "Reader");
    EXPECT_EQ(read_disks(machine.tables).at(0).refusal, "there is no card in it");
}

TEST(Disks, AWriteProtectedCard) {
    Machine machine;
    machine.stick();
    machine.put("sdb", "ro", "1");
    EXPECT_EQ(read_disks(machine.tables).at(0).refusal, "sdb is write-protected");
}

/// What keeps the stick from being written to, where a test has set something up.
std::string refusal(const Machine& machine) {
    return find_disk("/dev/sdb", "8:16", machine.tables).refusal;
}

TEST(Disks, WhatIsMountedIsInUse) {
    Machine machine;
    machine.stick();
    machine.mounted("8:17", "/media/my\\040card", "/dev/sdb1");
    EXPECT_EQ(refusal(machine), "sdb1 is mounted at /media/my card");
    Machine whole;
    whole.stick();
    whole.mounted("8:16", "/mnt", "/dev/sdb");
    EXPECT_EQ(refusal(whole), "sdb is mounted at /mnt");
}

TEST(Disks, ABtrfsIsKnownByTheNameOfItsDevice) {
    Machine machine;
    machine.stick();
    machine.mounted("0:42", "/mnt", "/dev/sdb1");
    EXPECT_EQ(refusal(machine), "sdb1 is mounted at /mnt");
}

TEST(Disks, TheRunningSystem) {
    Machine machine;
    machine.stick();
    machine.mounted("8:17", "/boot", "/dev/sdb1");
    machine.mounted("8:17", "/", "/dev/root");
    EXPECT_EQ(refusal(machine), "sdb1 holds the running system");
}

TEST(Disks, SwapSpace) {
    Machine machine;
    machine.stick();
    machine.folder.write("swaps", "Filename Type Size Used Priority\n/dev/sdb1 partition 1 0 -2\n");
    EXPECT_EQ(refusal(machine), "sdb1 is swap space in use");
}

TEST(Disks, WhatLiesOnItIsFollowed) {
    Machine machine;
    machine.stick();
    machine.disk("dm-0", "253:0", 8, "virtual");
    machine.disk("dm-1", "253:1", 8, "virtual");
    machine.put("dm-1", "dm/name", "vg-root");
    machine.held("sdb/sdb1", "dm-0");
    EXPECT_EQ(refusal(machine), "sdb1 is part of dm-0");
    machine.held("dm-0", "dm-1");
    machine.mounted("0:43", "/", "/dev/mapper/vg-root");
    EXPECT_EQ(refusal(machine), "dm-1 holds the running system");
}

TEST(Disks, HoldersThatHoldEachOtherComeToAnEnd) {
    Machine machine;
    machine.stick();
    machine.disk("md0", "9:0", 8, "virtual");
    machine.held("sdb", "md0");
    machine.held("md0", "md0");
    EXPECT_EQ(refusal(machine), "sdb is part of md0");
}

TEST(Disks, AnUnmountedOneIsFree) {
    Machine machine;
    machine.stick();
    machine.mounted("8:1", "/mnt", "/dev/sda1");
    EXPECT_EQ(refusal(machine), "");
}

TEST(Disks, APartitionIsRefused) {
    Machine machine;
    machine.stick();
    std::string message;
    EXPECT_EQ(code_of([&] { find_disk("/dev/sdb1", "8:17", machine.tables); }, message), ErrorCode::usage);
    EXPECT_THAT(message, HasSubstr("give /dev/sdb"));
}

TEST(Disks, WhatIsNoDeviceIsRefused) {
    Machine machine;
    std::string message;
    const std::string file = machine.folder.write("sdcard.img", "x");
    EXPECT_EQ(code_of([&] { find_disk(file, machine.tables); }, message), ErrorCode::usage);
    EXPECT_THAT(message, AllOf(HasSubstr("a regular file"), HasSubstr("-o")));
    EXPECT_EQ(code_of([&] { find_disk(machine.folder.path().string(), machine.tables); }, message), ErrorCode::usage);
    EXPECT_EQ(code_of([&] { find_disk("/dev/null", machine.tables); }, message), ErrorCode::usage);
    EXPECT_EQ(code_of([&] { find_disk(machine.folder / "none", machine.tables); }, message), ErrorCode::io);
    EXPECT_EQ(code_of([&] { find_disk("/dev/sdz", "65:144", machine.tables); }, message), ErrorCode::io);
}

TEST(Disks, WithoutSysNothingIsGuessed) {
    Machine machine;
    machine.tables.sys = machine.folder / "none";
    std::string message;
    EXPECT_EQ(code_of([&] { read_disks(machine.tables); }, message), ErrorCode::io);
}

TEST(CheckDisk, InUseIsNeverWrittenTo) {
    FlashDisk disk{"/dev/sdb", "Ultra", 1000, true, "sdb1 is mounted at /mnt"};
    std::string message;
    for (const bool insisted : {false, true})
        EXPECT_EQ(code_of([&] { check_disk(disk, insisted); }, message), ErrorCode::usage);
    EXPECT_THAT(message, HasSubstr("sdb1 is mounted at /mnt"));
}

TEST(CheckDisk, WhatIsNotRemovableHasToBeInsistedOn) {
    FlashDisk disk{"/dev/sda", "Disk", 1000, false, ""};
    std::string message;
    EXPECT_EQ(code_of([&] { check_disk(disk, false); }, message), ErrorCode::usage);
    EXPECT_THAT(message, HasSubstr("--yes"));
    EXPECT_NO_THROW(check_disk(disk, true));
    disk.removable = true;
    EXPECT_NO_THROW(check_disk(disk, false));
}

TEST(FlashDisks, TheListTellsCardsFromOthers) {
    const FlashDisks disks{{{"/dev/nvme0n1", "Fast", 512'110'190'592, false, "nvme0n1p1 holds the running system"},
                            {"/dev/sda", "", 4'000'000'000'000, false, ""},
                            {"/dev/sdb", "SanDisk Ultra", 31'914'983'424, true, ""},
                            {"/dev/sdc", "Reader", 0, true, "there is no card in it"}}};
    EXPECT_EQ(disks.text(),
              "Cards:\n"
              "/dev/sdb         31.9 GB  SanDisk Ultra\n"
              "Not taken for a card:\n"
              "/dev/nvme0n1    512.1 GB  Fast: no, nvme0n1p1 holds the running system\n"
              "/dev/sda       4000.0 GB  (no name): not removable, only with --yes\n"
              "/dev/sdc               -  Reader: no, there is no card in it\n");
    EXPECT_THAT(FlashDisks{}.text(), HasSubstr("No card is here"));
}

}  // namespace
}  // namespace rpixen
