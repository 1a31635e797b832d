#include "emulator/qcow2.hpp"

#include <gtest/gtest.h>

#include "base/size.hpp"
#include "storage/content.hpp"
#include "support/run.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen::qcow2 {
namespace {

/// A disk whose every byte tells its place.
std::string disk_of(std::uint64_t size) {
    std::string disk(size, '\0');
    for (std::size_t at = 0; at < disk.size(); ++at) disk[at] = static_cast<char>((at * 31 + at / 4096) & 0xff);
    return disk;
}

class Qcow2 : public testing::Test {
  protected:
    /// What QEMU reads through the overlay.
    std::string seen_by_qemu(const Overlay& overlay, const std::string& disk) {
        folder_.write("disk.img", disk);
        const auto backing = memory_content(disk, "disk").open();
        const Bytes file = make_overlay(overlay, *backing);
        const std::string path = folder_.write("view.qcow2", as_text(file));
        const std::string checked = test::run_ok({"qemu-img", "check", "-f", "qcow2", path});
        EXPECT_NE(checked.find("No errors"), std::string::npos) << checked;
        test::run_ok({"qemu-img", "convert", "-f", "qcow2", "-O", "raw", path, folder_ / "seen.img"});
        return test::read_file(folder_ / "seen.img");
    }
    Overlay over(const std::string& disk, std::uint64_t size) {
        return {.size = size, .backing = folder_ / "disk.img", .backing_size = disk.size(), .patches = {}};
    }
    test::TemporaryFolder folder_;
};

TEST_F(Qcow2, without_patches_shows_the_backing_file_and_zeros_behind_it) {
    const std::string disk = disk_of(3 * MiB + 512);
    EXPECT_EQ(seen_by_qemu(over(disk, 4 * MiB), disk), disk + std::string(4 * MiB - disk.size(), '\0'));
}

TEST_F(Qcow2, patches_replace_bytes_wherever_they_lie) {
    const std::string disk = disk_of(2 * MiB + 512);
    Overlay overlay = over(disk, 4 * MiB);
    std::string expected = disk + std::string(4 * MiB - disk.size(), '\0');
    // The start, one byte, across three clusters, a later one over an earlier one, the very end.
    const std::vector<std::pair<std::uint64_t, std::string>> patches{
        {0, "first"}, {70'000, "x"}, {100'000, std::string(150'000, 'L')}, {100'010, "over"}, {disk.size() - 3, "end"}};
    for (const auto& [offset, text] : patches) {
        overlay.patches.push_back({offset, to_bytes(text)});
        expected.replace(offset, text.size(), text);
    }
    EXPECT_EQ(seen_by_qemu(overlay, disk), expected);
    EXPECT_EQ(test::read_file(folder_ / "disk.img"), disk);
}

TEST_F(Qcow2, reaches_beyond_the_first_table) {
    const std::string disk = disk_of(1 * MiB);
    Overlay overlay = over(disk, 8 * GiB);
    const auto backing = memory_content(disk, "disk").open();
    folder_.write("disk.img", disk);
    const std::string path = folder_.write("view.qcow2", as_text(make_overlay(overlay, *backing)));
    EXPECT_NE(test::run_ok({"qemu-img", "info", "-f", "qcow2", path}).find("8 GiB"), std::string::npos);
    EXPECT_NE(test::run_ok({"qemu-img", "check", "-f", "qcow2", path}).find("No errors"), std::string::npos);
}

TEST_F(Qcow2, refuses_what_cannot_be) {
    const std::string disk = disk_of(64 * KiB);
    const auto backing = memory_content(disk, "disk").open();
    const auto refused = [&](const Overlay& overlay) {
        try {
            make_overlay(overlay, *backing);
        } catch (const Error& error) {
            return error.code();
        }
        return ErrorCode{};
    };
    Overlay outside = over(disk, 1 * MiB);
    outside.patches.push_back({disk.size() - 1, to_bytes("ab")});
    EXPECT_EQ(refused(outside), ErrorCode::unfit);
    EXPECT_EQ(refused(over(disk, 2048 * GiB)), ErrorCode::unfit);
    Overlay long_path = over(disk, 1 * MiB);
    long_path.backing = std::string(1024, 'p');
    EXPECT_EQ(refused(long_path), ErrorCode::unfit);
}

}  // namespace
}  // namespace rpixen::qcow2
