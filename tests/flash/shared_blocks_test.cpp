#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <random>
#include <sstream>
#include <stdexcept>

#include "flash/loop_device.hpp"
#include "support/artifact_kit.hpp"

// What an XFS of its own says of the blocks of a card: those that lie in an input as they will lie on the card are one
// and the same on the disk. To mount it one has to be root.

namespace rpixen::test {
namespace {

constexpr std::uint64_t KiB = 1 << 10;
constexpr std::uint64_t MiB = 1 << 20;

std::string noise(std::size_t size, unsigned seed) {
    std::mt19937_64 random(seed);
    std::string text(size, ' ');
    for (std::size_t index = 0; index + 8 <= size; index += 8) {
        const std::uint64_t number = random();
        std::memcpy(text.data() + index, &number, 8);
    }
    return text;
}

std::string empty_file(const std::string& path, std::uint64_t size) {
    std::ofstream(path).close();
    std::filesystem::resize_file(path, size);
    return path;
}

class Xfs {
  public:
    Xfs() : device_(formatted(empty_file(outside_ / "xfs", 1024 * MiB))) {
        std::filesystem::create_directory(path());
        if (::mount(device_.path().c_str(), path().c_str(), "xfs", 0, nullptr) != 0)
            throw std::runtime_error(std::string("cannot mount an XFS: ") + std::strerror(errno));
    }
    ~Xfs() { ::umount2(path().c_str(), MNT_DETACH); }
    Xfs(const Xfs&) = delete;
    Xfs& operator=(const Xfs&) = delete;

    std::string path() const { return outside_ / "mounted"; }
    /// Of another file system.
    const TemporaryFolder& outside() const { return outside_; }
    std::uint64_t free_bytes() const {
        struct statvfs disk {};
        if (::statvfs(path().c_str(), &disk) != 0) throw std::runtime_error("cannot examine the XFS");
        return std::uint64_t{disk.f_bfree} * disk.f_frsize;
    }

  private:
    static const std::string& formatted(const std::string& file) {
        run_ok({"mkfs.xfs", "-q", "-m", "reflink=1", file});
        return file;
    }

    TemporaryFolder outside_;
    LoopDevice device_;
};

/// Bytes of a file in extents that belong to other files too, as filefrag (e2fsprogs) has them from FIEMAP.
std::uint64_t shared_bytes(const std::string& file) {
    run_ok({"sync", "-f", file});
    std::istringstream lines(run_ok({"filefrag", "-v", "-b4096", file}));
    std::uint64_t blocks = 0;
    for (std::string line; std::getline(lines, line);) {
        // "   0:        0..    1023:      27656..     28679:   1024:             shared,eof"
        std::replace(line.begin(), line.end(), ':', ' ');
        std::istringstream words(line);
        std::string number, from, to, first, last, length;
        words >> number >> from >> to >> first >> last >> length;
        if (line.find("shared") != std::string::npos) blocks += std::stoull(length);
    }
    return blocks * 4096;
}

/// The artifacts on the XFS, with a kernel that is worth sharing.
class SharedBlocks : public testing::Test {
  protected:
    SharedBlocks() {
        const TemporaryFolder made;
        const ArtifactKit kit(made);
        prebuilt_manifest_ = kit.manifest_of_prebuilt("prebuilt.ext4");
        std::filesystem::copy(made.path(), inputs_, std::filesystem::copy_options::recursive);
        run_ok({"sync", "-f", xfs_.path()});
    }

    std::string compose(const std::string& manifest, const std::string& image) {
        run_ok({RPIXEN_PROGRAM, "compose", manifest, "-o", image, "--quiet"});
        return image;
    }
    /// Composes on the XFS, and from copies elsewhere to elsewhere, where nothing can be shared: the same bytes.
    /// Returns the image on the XFS.
    std::string compose_twice() {
        const std::string shared = compose(inputs_ + "/manifest.json", xfs_.path() + "/card.img");
        run_ok({"cp", "-a", inputs_, xfs_.outside() / "inputs"});
        const std::string copied = compose(xfs_.outside() / "inputs/manifest.json", xfs_.outside() / "card.img");
        EXPECT_EQ(run({"cmp", shared, copied}).status, 0);
        return shared;
    }
    void write_input(const std::string& name, const std::string& text) {
        std::ofstream(inputs_ + "/" + name, std::ios::binary) << text;
    }
    void unpack_root(const std::string& folder) {
        std::filesystem::create_directory(folder);
        run_ok({"tar", "-xf", inputs_ + "/rootfs.tar", "-C", folder});
    }

    Xfs xfs_;
    std::string inputs_ = xfs_.path() + "/inputs";
    std::string prebuilt_manifest_;
};

TEST_F(SharedBlocks, APrebuiltFileSystemIsNotCopied) {
    const std::string root = xfs_.outside() / "root";
    unpack_root(root);
    xfs_.outside().write("root/data", noise(40 * MiB, 1));
    run_ok({"mke2fs", "-q", "-F", "-t", "ext4", "-d", root, empty_file(inputs_ + "/prebuilt.ext4", 96 * MiB)});
    write_input("manifest.json", prebuilt_manifest_);
    run_ok({"sync", "-f", xfs_.path()});

    const std::uint64_t before = xfs_.free_bytes();
    const std::string card = compose_twice();
    EXPECT_GT(shared_bytes(card), 40 * MiB);
    EXPECT_LT(before, xfs_.free_bytes() + 16 * MiB);
}

TEST_F(SharedBlocks, FilesOfAFolderAndTheKernelAreNotCopied) {
    unpack_root(inputs_ + "/root");
    write_input("root/usr/lib/even", noise(24 * MiB, 2));
    write_input("root/usr/lib/odd", noise(8 * MiB + 1234, 3));
    write_input("root/usr/lib/small", noise(5000, 4));
    std::string text = read_file(inputs_ + "/manifest.json");
    write_input("manifest.json", text.replace(text.find("rootfs.tar"), 10, "root"));
    const std::string card = compose_twice();
    EXPECT_GE(shared_bytes(card), 32 * MiB);
    EXPECT_GT(shared_bytes(inputs_ + "/root/usr/lib/odd"), 8 * MiB - 64 * KiB);
    EXPECT_EQ(shared_bytes(inputs_ + "/root/usr/lib/small"), 0U);
}

TEST_F(SharedBlocks, WhatLiesOnAnotherFileSystemIsCopied) {
    run_ok({"cp", "-a", inputs_, xfs_.outside() / "inputs"});
    const std::string card = compose(xfs_.outside() / "inputs/manifest.json", xfs_.path() + "/card.img");
    EXPECT_EQ(shared_bytes(card), 0U);
    const std::string other = compose(xfs_.outside() / "inputs/manifest.json", xfs_.outside() / "card.img");
    EXPECT_EQ(run({"cmp", card, other}).status, 0);
}

}  // namespace
}  // namespace rpixen::test
