// One suite over every back end: what one writes the tools of the trade and every reader accept, with nothing
// lost. A start of the appliance takes 10 to 30 s without KVM, so a process writes each card once and opens
// all of them in one appliance.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>

#include <rpixen/manifest.hpp>

#include "artifact/guest_disk.hpp"
#include "backend/guestfs/card_access.hpp"
#include "backend/image_backend.hpp"
#include "boot/guests.hpp"
#include "card/xl_guests.hpp"
#include "fs/edge_trees.hpp"
#include "storage/input_file.hpp"
#include "support/run.hpp"
#include "support/temporary_folder.hpp"
#include "verify/card_reading.hpp"
#include "verify/compare_images.hpp"
#include "verify/verify_image.hpp"

namespace rpixen {
namespace {

using test::run_ok;
using testing::HasSubstr;

constexpr std::uint64_t prebuilt_size = 6 * MiB;

Guest guest_called(const std::string& name, GuestStart start) {
    Guest guest;
    guest.name = name;
    guest.start = start;
    guest.console = guest.usual_console();
    guest.memory = 64 * MiB;
    return guest;
}

/// A guest of Xen, two of xl with a disk of either kind, and their bridge.
struct GuestsOfTheCard {
    test::TemporaryFolder folder;
    Manifest manifest;
    ArtifactSet artifacts;

    GuestsOfTheCard() {
        folder.write("root/etc/hostname", "db\n");
        const std::string prebuilt = folder / "prebuilt.ext4";
        run_ok({"truncate", "-s", "3M", prebuilt});
        run_ok({"mkfs.ext4", "-q", "-F", prebuilt});
        manifest.guests = {guest_called("web", GuestStart::xen), guest_called("db", GuestStart::xl),
                           guest_called("old", GuestStart::xl)};
        manifest.guests[1].initrd = GuestFile{};
        manifest.guests[1].disk = ArtifactReference{"root", folder / "root", {}, {}};
        manifest.guests[2].disk = ArtifactReference{"prebuilt.ext4", prebuilt, {}, {}};
        manifest.guests[2].autostart = false;
        manifest.network = Network{"xenbr0", "eth0", {}};
        for (const Guest& guest : manifest.guests) {
            GuestArtifacts& parts = artifacts.guests.emplace_back();
            parts.kernel.content = memory_content(std::string(MiB + guest.name.size(), guest.name[0]), "kernel");
            if (guest.initrd)
                parts.modules[GuestModuleKind::initrd].content = memory_content("070701 initrd", "initrd");
            if (guest.disk) parts.disk = make_guest_disk(manifest, guest, {folder.path().string(), 1'600'000'000}, {});
        }
    }
};

void add_guests(Card& plan) {
    static const GuestsOfTheCard guests;  // a mkfs of its own would give other disks each time
    constexpr std::int64_t time = 1'600'000'000;
    const Metadata metadata{0755, 0, 0, {time, 0}};
    FileTree& boot = plan.partitions[0].tree;
    boot.add_file(boot.locate(guest_file(guests.manifest.guests[0], GuestModuleKind::kernel)), metadata,
                  guests.artifacts.guests[0].kernel.content);
    FileTree& root = plan.partitions[1].tree;
    root.add_file(root.locate("etc/init.d/rcS"), metadata, memory_content("#!/bin/sh\n", "rcS"));
    add_xl_guests(guests.manifest, guests.artifacts, root, time);
    add_bridge(*guests.manifest.network, root, time);
}

/// The edge card with guests, and behind it a partition that is only copied, holes in it.
Card conformance_plan() {
    Card plan = test::edge_plan();
    add_guests(plan);
    std::string bytes(prebuilt_size, '\0');
    for (std::size_t place = 0; place < bytes.size(); place += MiB) bytes.replace(place, 4, "data");
    Partition copied;
    copied.name = "data";
    copied.range = {plan.size, plan.size + 8 * MiB};
    copied.mbr_type = 0x83;
    copied.file_system = Copied{};
    copied.copied()->content = memory_content(bytes, "prebuilt");
    plan.size += 8 * MiB;
    plan.partitions.push_back(std::move(copied));
    return plan;
}

struct WrittenCard {
    std::string path;
    WrittenImage written;
};

std::string listed(const std::vector<Difference>& differences) {
    std::string text;
    for (const Difference& difference : differences)
        text += difference.partition + ":" + difference.path + ": " + difference.what + ": expected " +
                difference.expected + ", found " + difference.found + "\n";
    return text;
}

/// The card of a back end, written when it is first asked for.
const WrittenCard& card_of(const std::string& backend) {
    static test::TemporaryFolder folder;
    static std::map<std::string, WrittenCard> cards;
    const auto known = cards.find(backend);
    if (known != cards.end()) return known->second;
    WrittenCard card;
    card.path = folder / (backend + ".img");
    OutputFile output(card.path);
    const auto writer = backend == "direct" ? direct_backend() : guestfs_backend();
    EXPECT_EQ(writer->name(), backend);
    card.written = writer->write(conformance_plan(), output, {});
    output.commit(false);
    return cards.emplace(backend, std::move(card)).first->second;
}

class Conformance : public testing::TestWithParam<const char*> {
  protected:
    const WrittenCard& card() const { return card_of(GetParam()); }

    /// A file with the bytes of a partition.
    std::string partition(std::size_t index) const {
        const Range range = conformance_plan().partitions[index].range;
        const std::string path = folder_ / ("partition" + std::to_string(index));
        run_ok({"dd", "if=" + card().path, "of=" + path, "bs=1M", "skip=" + std::to_string(range.begin / MiB),
                "count=" + std::to_string(range.size() / MiB), "status=none", "conv=sparse"});
        return path;
    }

    test::TemporaryFolder folder_;
};

TEST_P(Conformance, SfdiskSeesThePlannedTable) {
    EXPECT_THAT(run_ok({"sfdisk", "--verify", card().path}), HasSubstr("No errors detected"));
    const std::string table = run_ok({"sfdisk", "--dump", card().path});
    EXPECT_THAT(table, HasSubstr("label-id: 0x1234abcd"));
    EXPECT_THAT(table, HasSubstr("start=        8192, size=       81920, type=c, bootable"));
    EXPECT_THAT(table, HasSubstr("start=       90112, size=      131072, type=83"));
}

TEST_P(Conformance, TheImageHasItsLengthAndItsMapCoversTheData) {
    const Card plan = conformance_plan();
    EXPECT_EQ(card().written.size, plan.size);
    EXPECT_EQ(std::filesystem::file_size(card().path), plan.size);
    std::uint64_t end = 0;
    for (const Range& range : card().written.mapped) {
        EXPECT_GE(range.begin, end);
        EXPECT_LT(range.begin, range.end);
        end = range.end;
    }
    EXPECT_LE(end, plan.size);
}

TEST_P(Conformance, FsckFatFindsNothing) {
    const test::Run fsck = test::run({"fsck.fat", "-n", "-v", partition(0)});
    EXPECT_EQ(fsck.status, 0) << fsck.out << fsck.err;
}

TEST_P(Conformance, E2fsckFindsNothing) {
    const test::Run fsck = test::run({"e2fsck", "-fn", partition(1)});
    EXPECT_EQ(fsck.status, 0) << fsck.out << fsck.err;
}

TEST_P(Conformance, MtoolsReadsTheBootFilesByteForByte) {
    const std::string image = partition(0);
    EXPECT_THAT(run_ok({"mlabel", "-s", "-i", image, "::"}), HasSubstr("BOOT"));
    EXPECT_THAT(run_ok({"minfo", "-i", image, "::"}), HasSubstr("serial number: DEADBEEF"));
    const FileTree tree = test::edge_boot_tree();
    for (const std::string name : {"config.txt", "UPPER.TXT", "Mixed Case Name.With.Dots", "xen-raspberrypi4-64",
                                   "Image", "overlays/pi4-64-xen.dtbo", "many/a long file name number 299"}) {
        const std::string copy = folder_ / "copy";
        std::filesystem::remove(copy);
        run_ok({"mcopy", "-i", image, "::/" + name, copy});
        EXPECT_EQ(test::read_file(copy), as_text(read_all(tree.content(*tree.find(name))))) << name;
    }
}

TEST_P(Conformance, DebugfsSeesWhatThePlanSays) {
    const std::string image = partition(1);
    const auto debugfs = [&](const std::string& request) { return run_ok({"debugfs", "-R", request, image}); };
    const std::string stats = debugfs("stats");
    EXPECT_THAT(stats, HasSubstr("Filesystem volume name:   root"));
    EXPECT_THAT(stats, HasSubstr("10111213-1415-1617-1819-1a1b1c1d1e1f"));
    EXPECT_THAT(stats, HasSubstr("Reserved block count:     100"));
    EXPECT_THAT(stats, HasSubstr("Block size:               4096"));
    for (const char* feature : {"has_journal", "ext_attr", "dir_index", "filetype", "extent", "64bit", "flex_bg",
                                "sparse_super", "large_file", "huge_file", "dir_nlink", "extra_isize", "metadata_csum"})
        EXPECT_THAT(stats.substr(stats.find("Filesystem features:"), 300), HasSubstr(feature));
    EXPECT_THAT(stats, HasSubstr("Inode count:              4096"));
    EXPECT_THAT(debugfs("stat /links/one"), HasSubstr("Links: 3"));
    EXPECT_THAT(debugfs("stat /dev/large"), HasSubstr("Device major/minor number: 4095:1048575"));
    // debugfs up to 1.47 prints owners as signed numbers.
    EXPECT_THAT(debugfs("stat /owners/large"), testing::AnyOf(HasSubstr("User: 4000000000   Group: 3999999999"),
                                                              HasSubstr("User: -294967296   Group: -294967297")));
    EXPECT_THAT(debugfs("stat /symlinks/to-59"), HasSubstr("Fast link dest: "));
    EXPECT_THAT(debugfs("ea_get /attributes/user user.text"), HasSubstr("words"));
    // A hole takes no blocks.
    EXPECT_THAT(debugfs("stat /sparse/hole"), HasSubstr("Blockcount: 0"));
    const FileTree tree = test::edge_root_tree();
    for (const std::string path : {"/contents/of-1000001", "/contents/of-4097", "/sparse/tail"}) {
        const std::string copy = folder_ / "copy";
        debugfs("dump " + path + " " + copy);
        EXPECT_EQ(std::filesystem::file_size(copy), tree.size(*tree.find(path)));
    }
}

TEST_P(Conformance, DebugfsSeesTheGuests) {
    const std::string image = partition(1);
    const auto debugfs = [&](const std::string& request) { return run_ok({"debugfs", "-R", request, image}); };
    EXPECT_THAT(debugfs("cat /etc/xen/db.cfg"), HasSubstr("disk = [ '/var/lib/xen/images/db/disk.img,raw,xvda,rw' ]"));
    EXPECT_THAT(debugfs("stat /etc/xen/auto/db.cfg"), HasSubstr("Fast link dest: \"../db.cfg\""));
    EXPECT_THAT(debugfs("cat /etc/init.d/S40xenbr0"), HasSubstr("ip link add name xenbr0 type bridge"));
    for (const char* guest : {"db", "old"}) {
        const std::string disk = folder_ / "disk";
        debugfs("dump /var/lib/xen/images/" + std::string(guest) + "/disk.img " + disk);
        EXPECT_EQ(test::run({"e2fsck", "-fn", disk}).status, 0) << guest;
    }
    // Some 70 MiB, most of them holes.
    const std::string stat = debugfs("stat /var/lib/xen/images/db/disk.img");
    const auto number = [&](const std::string& name) {
        return std::stoull(stat.substr(stat.find(name) + name.size()));
    };
    EXPECT_GT(number("Size: "), 60 * MiB);
    EXPECT_LT(number("Blockcount: ") * 512, 8 * MiB);
}

TEST_P(Conformance, TheDirectReaderFindsEverything) {
    const Verification verification = verify_image(conformance_plan(), card().path, "direct", VerifyForm::full, {});
    EXPECT_EQ(listed(verification.differences), "");
    EXPECT_GT(verification.files, 2000U);
}

INSTANTIATE_TEST_SUITE_P(Direct, Conformance, testing::Values("direct"), [](const auto&) { return "direct"; });
INSTANTIATE_TEST_SUITE_P(Guestfs, Conformance, testing::Values("guestfs"), [](const auto&) { return "guestfs"; });

/// The kernel reads what every back end wrote, in one start of the appliance.
TEST(GuestfsReader, FindsEverythingThatEveryBackEndWrote) {
    const std::vector<std::string> backends{"direct", "guestfs"};
    std::vector<std::string> images;
    for (const std::string& backend : backends) images.push_back(card_of(backend).path);
    const Supervision supervision;
    const auto cards = open_in_appliance(images, supervision);
    for (std::size_t index = 0; index < backends.size(); ++index) {
        SCOPED_TRACE(backends[index]);
        const CardReading reading = read_through_appliance(*cards, index, supervision);
        const Content disk = InputFile::open_file(images[index])->content();
        const Verification verification = compare_images(conformance_plan(), reading, disk, VerifyForm::full,
                                                         supervision);
        EXPECT_EQ(listed(verification.differences), "");
        EXPECT_GT(verification.files, 2000U);
        EXPECT_GE(verification.bytes,
                  verify_image(conformance_plan(), images[index], "direct", VerifyForm::full, {}).bytes)
            << "as much data was compared (a hole comes out of the appliance as zeros)";
    }
    for (const std::string& note : cards->notes())
        EXPECT_EQ(note.find("SIGTERM"), std::string::npos) << "that is how it was tidied up, not why: " << note;
}

}  // namespace
}  // namespace rpixen
