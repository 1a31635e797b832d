#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "flash/loop_device.hpp"
#include "support/artifact_kit.hpp"

// The program on real block devices: what only root can set up. Cards that fail or lie are loop devices over a file
// system of bad_card.py.

namespace rpixen::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr std::uint64_t MiB = 1 << 20;

test::Run program(std::vector<std::string> words) {
    words.insert(words.begin(), RPIXEN_PROGRAM);
    return run(words);
}

/// A number of one of the program's JSON documents, by its key.
std::uint64_t number(const std::string& json, const std::string& key) {
    const std::size_t place = json.find("\"" + key + "\": ");
    if (place == std::string::npos) throw std::runtime_error("no " + key + " in " + json);
    return std::stoull(json.substr(place + key.size() + 4));
}

class FlashDevices : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        folder_ = new TemporaryFolder;
        const ArtifactKit kit(*folder_);
        manifest_ = kit.manifest();
        image_ = *folder_ / "card.img";
        const test::Run compose = program({"compose", manifest_, "-o", image_, "--report", *folder_ / "card.json"});
        if (compose.status != 0) throw std::runtime_error(compose.err);
    }
    static void TearDownTestSuite() { delete folder_; }

    static test::Run flash(const std::string& subject, const std::string& device, std::vector<std::string> more = {}) {
        more.insert(more.begin(), {"flash", subject, device, "--yes", "--json"});
        return program(more);
    }
    static std::uint64_t image_size() { return std::filesystem::file_size(image_); }

    /// A partition of a card as a file.
    static std::string partition(const std::string& card, const std::string& first_sector, const std::string& sectors) {
        const std::string file = *folder_ / "partition";
        run_ok({"dd", "if=" + card, "of=" + file, "bs=512", "skip=" + first_sector, "count=" + sectors, "status=none"});
        return file;
    }

    /// The field's own checkers find both file systems sound, and `verify` each of their bytes.
    static void expect_sound(const std::string& card, const std::string& report = *folder_ / "card.json") {
        std::istringstream lines(run_ok({"sfdisk", "--dump", card}));
        int count = 0;
        for (std::string line; std::getline(lines, line);) {
            const std::size_t start = line.find("start=");
            if (start == std::string::npos) continue;
            std::istringstream words(line.substr(start + 6));
            std::string first, comma, sectors;
            std::getline(words >> std::ws, first, ',');
            std::getline(words, comma, '=');
            std::getline(words >> std::ws, sectors, ',');
            const std::string file = partition(card, first, sectors);
            const test::Run check = ++count == 1 ? run({"fsck.fat", "-n", file}) : run({"e2fsck", "-fn", file});
            EXPECT_EQ(check.status, 0) << check.out << check.err;
        }
        EXPECT_EQ(count, 2);
        const test::Run verify = program({"verify", card, "--report", report});
        EXPECT_EQ(verify.status, 0) << verify.out << verify.err;
    }

    static void expect_says_unfinished(const std::string& card) {
        EXPECT_THAT(run_ok({"head", "-c", "49", card}), HasSubstr("rpixen-img: this card was not written to its end"));
        for (const char* command : {"inspect", "check"}) {
            const test::Run look = program({command, card});
            EXPECT_EQ(look.status, 4);
            EXPECT_THAT(look.err, HasSubstr("was not written to its end"));
        }
    }

    static TemporaryFolder* folder_;
    static std::string manifest_;
    static std::string image_;
};
TemporaryFolder* FlashDevices::folder_ = nullptr;
std::string FlashDevices::manifest_;
std::string FlashDevices::image_;

TEST_F(FlashDevices, OverACardFullOfOnes) {
    GoodCard card(192 * MiB);
    const std::uint64_t before = card.device().written();
    const test::Run result = flash(image_, card.path());
    ASSERT_EQ(result.status, 0) << result.out << result.err;
    expect_sound(card.path());
    EXPECT_THAT(result.out, HasSubstr("\"known_by\": \"file systems\""));
    EXPECT_LT(number(result.out, "written"), 40 * MiB);
    EXPECT_EQ(number(result.out, "written"), number(result.out, "verified"));
    // As the kernel counts: the mark in the first MiB comes on top.
    EXPECT_EQ(card.device().written() - before, number(result.out, "written") + MiB);
    EXPECT_EQ(program({"check", card.path()}).status, 0);
    EXPECT_EQ(program({"inspect", card.path()}).status, 0);
}

TEST_F(FlashDevices, TheDocumentIsWhatItsSchemaSays) {
    GoodCard card(192 * MiB);
    const test::Run result = flash(image_, card.path());
    ASSERT_EQ(result.status, 0) << result.err;
    const std::string document = folder_->write("flash.json", result.out);
    run_ok({"python3", "-c",
            "import json, sys, jsonschema; jsonschema.Draft202012Validator(json.load(open(sys.argv[1])))"
            ".validate(json.load(open(sys.argv[2])))",
            std::string(RPIXEN_SCHEMAS) + "/flash.schema.json", document});
}

TEST_F(FlashDevices, OverAnOlderCardOfOurs) {
    GoodCard card(192 * MiB);
    std::string older = read_file(manifest_);
    older.replace(older.find("\"8MiB\""), 6, "\"80MiB\"");
    folder_->write("older.json", older);
    ASSERT_EQ(flash(*folder_ / "older.json", card.path()).status, 0);
    ASSERT_EQ(flash(image_, card.path()).status, 0);
    expect_sound(card.path());
}

TEST_F(FlashDevices, CompressedAndWithABlockMap) {
    GoodCard card(192 * MiB);
    const std::string image = *folder_ / "packed.img";
    run_ok({"cp", "--sparse=always", image_, image});
    run_ok({"zstd", "-q", "-f", image});
    run_ok({"bmaptool", "create", "-o", image + ".bmap", image});
    const test::Run result = flash(image + ".zst", card.path());
    ASSERT_EQ(result.status, 0) << result.err;
    EXPECT_THAT(result.out, HasSubstr("\"known_by\": \"block map\""));
    EXPECT_EQ(program({"verify", image + ".zst", "--report", *folder_ / "card.json"}).status, 0);

    // A change to the image that its block map knows nothing of.
    std::fstream file(image, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(6 * MiB).put('?').flush();
    const test::Run changed = flash(image, card.path());
    EXPECT_EQ(changed.status, 4);
    EXPECT_THAT(changed.err, HasSubstr("is not the image that its block map is of"));
    expect_says_unfinished(card.path());
    run_ok({"rm", image, image + ".zst", image + ".bmap"});
}

TEST_F(FlashDevices, SkipEqualWritesWhatDiffers) {
    GoodCard card(192 * MiB);
    ASSERT_EQ(flash(image_, card.path()).status, 0);
    std::uint64_t before = card.device().written();
    const test::Run equal = flash(image_, card.path(), {"--skip-equal"});
    ASSERT_EQ(equal.status, 0) << equal.err;
    EXPECT_EQ(number(equal.out, "written"), 0U);
    EXPECT_EQ(card.device().written(), before);

    std::fstream file(card.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(5 * MiB).put('?').flush();
    file.close();
    run_ok({"sync"});
    before = card.device().written();
    const test::Run one = flash(image_, card.path(), {"--skip-equal"});
    ASSERT_EQ(one.status, 0) << one.err;
    EXPECT_GT(number(one.out, "written"), MiB);  // that part and the first MiB
    EXPECT_LE(number(one.out, "written"), 4 * MiB + MiB);
    EXPECT_EQ(card.device().written() - before, number(one.out, "written") + MiB);
    expect_sound(card.path());
}

TEST_F(FlashDevices, AManifestFillsTheCard) {
    GoodCard card(300 * MiB + 4096);
    std::string text = read_file(manifest_);
    text.replace(text.find("\"free\": \"8MiB\""), 14, "\"size\": \"fill\"");
    folder_->write("fill.json", text);
    const test::Run result = flash(*folder_ / "fill.json", card.path());
    ASSERT_EQ(result.status, 0) << result.err;
    EXPECT_THAT(result.out, HasSubstr("\"known_by\": \"plan\""));
    EXPECT_EQ(number(result.out, "image_size"), 300 * MiB);
    // The partition ends with the card's last whole MiB, and the file system with the partition.
    EXPECT_THAT(run_ok({"sfdisk", "--dump", card.path()}), HasSubstr("start=      106496, size=      507904"));
    const std::string root = partition(card.path(), "106496", "507904");
    EXPECT_THAT(run_ok({"dumpe2fs", "-h", root}), HasSubstr("Block count:              63488"));
    EXPECT_EQ(program({"verify", card.path(), "--manifest", *folder_ / "fill.json"}).status, 0);
    text.replace(text.find("\"size\": \"fill\""), 14, "\"size\": \"fill\" }, \"size\": \"300MiB\"");
    text.replace(text.find("\"300MiB\" }"), 10, "\"300MiB\"");
    folder_->write("exact.json", text);
    ASSERT_EQ(
        program({"compose", *folder_ / "exact.json", "-o", *folder_ / "fill.img", "--report", *folder_ / "fill.report"})
            .status,
        0);
    expect_sound(card.path(), *folder_ / "fill.report");
    run_ok({"rm", *folder_ / "fill.img"});
}

TEST_F(FlashDevices, ATooSmallCardIsLeftAlone) {
    GoodCard card(32 * MiB);
    const test::Run result = flash(image_, card.path());
    EXPECT_EQ(result.status, 5);
    EXPECT_THAT(result.err, AllOf(HasSubstr(std::to_string(32 * MiB)), HasSubstr(std::to_string(image_size()))));
    EXPECT_EQ(card.device().written(), 0U);
}

TEST_F(FlashDevices, ABadSectorIsNamed) {
    // In the first 128 KiB of a write: of one that fails later Linux' loop driver tells no error (lo_complete_rq() in
    // drivers/block/loop.c, 6.18), which the reading back finds, as in the next test but one.
    const std::uint64_t place = 4 * MiB + 3 * 4096;
    BadCard card(192 * MiB, {"--bad-write", std::to_string(place + 512)});
    const test::Run result = flash(image_, card.path());
    EXPECT_EQ(result.status, 6);
    EXPECT_THAT(result.err, AllOf(HasSubstr("cannot write"), HasSubstr("at byte " + std::to_string(place))));
    expect_says_unfinished(card.path());
}

TEST_F(FlashDevices, ASectorThatCannotBeReadIsNamed) {
    BadCard card(192 * MiB, {"--bad-read", std::to_string(5 * MiB + 512)});
    const test::Run result = flash(image_, card.path());
    EXPECT_EQ(result.status, 6);
    EXPECT_THAT(result.err, AllOf(HasSubstr("cannot read"), HasSubstr("at byte " + std::to_string(5 * MiB))));
    expect_says_unfinished(card.path());
}

TEST_F(FlashDevices, ACardThatLiesAboutItsSize) {
    const std::uint64_t real = 48 * MiB;
    for (const char* way : {"--wraps", "--loses"}) {
        BadCard card(192 * MiB, {way, std::to_string(real)});
        const test::Run result = flash(image_, card.path());
        EXPECT_EQ(result.status, 6);
        EXPECT_THAT(result.err, HasSubstr(way == std::string("--wraps") ? "has fewer bytes than it says"
                                                                        : "did not keep what was written"));
        expect_says_unfinished(card.path());
    }
}

TEST_F(FlashDevices, StoppedHalfWay) {
    for (const int signal : {SIGINT, SIGTERM}) {
        BadCard card(192 * MiB, {"--wait", "0.02"});
        Started flash({RPIXEN_PROGRAM, "flash", image_, card.path(), "--yes", "--progress=json"});
        for (int tries = 0; tries < 100; ++tries) {
            ::usleep(20'000);
            if (run({"head", "-c", "10", card.path()}).out == "rpixen-img") break;
        }
        ::usleep(200'000);
        ::kill(flash.process(), signal);
        const test::Run result = flash.finish();
        EXPECT_EQ(result.status, 128 + signal) << result.err;
        EXPECT_THAT(result.err, AllOf(HasSubstr("stopped on request"), HasSubstr("\"writing\"")));
        expect_says_unfinished(card.path());
    }
}

TEST_F(FlashDevices, KilledHalfWay) {
    BadCard card(192 * MiB, {"--wait", "0.02"});
    {
        Started flash({RPIXEN_PROGRAM, "flash", image_, card.path(), "--yes"});
        ::usleep(1'000'000);
        ::kill(flash.process(), SIGKILL);
        EXPECT_EQ(flash.finish().signal, SIGKILL);
    }
    expect_says_unfinished(card.path());
}

TEST_F(FlashDevices, WhatIsInUseIsRefused) {
    GoodCard card(192 * MiB);
    run_ok({"mkfs.ext4", "-q", "-F", card.path(), "16M"});
    const TemporaryFolder point;
    run_ok({"mount", card.path(), point.path().string()});
    const test::Run mounted = flash(image_, card.path());
    run_ok({"umount", point.path().string()});
    EXPECT_EQ(mounted.status, 2);
    EXPECT_THAT(mounted.err, HasSubstr("is mounted at " + point.path().string()));

    const int held = ::open(card.path().c_str(), O_RDONLY | O_EXCL | O_CLOEXEC);
    ASSERT_GE(held, 0);
    const test::Run busy = flash(image_, card.path());
    ::close(held);
    EXPECT_EQ(busy.status, 6);
    EXPECT_THAT(busy.err, HasSubstr("busy"));

    EXPECT_EQ(flash(image_, card.path()).status, 0);
}

TEST_F(FlashDevices, ALoopDeviceHasToBeInsistedOn) {
    GoodCard card(192 * MiB);
    const test::Run asked = program({"flash", image_, card.path()});
    EXPECT_EQ(asked.status, 2);
    EXPECT_THAT(asked.err, HasSubstr("--yes"));
    EXPECT_EQ(card.device().written(), 0U);
    EXPECT_THAT(program({"flash", image_}).out, Not(HasSubstr(card.path() + " ")));
}

TEST_F(FlashDevices, ACardIsNotWrittenFromItself) {
    GoodCard card(192 * MiB);
    ASSERT_EQ(flash(image_, card.path()).status, 0);
    EXPECT_EQ(flash(card.path(), card.path()).status, 2);
    GoodCard other(192 * MiB);
    ASSERT_EQ(flash(card.path(), other.path()).status, 0);
    expect_sound(other.path());
}

}  // namespace
}  // namespace rpixen::test
