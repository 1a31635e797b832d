#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include <rpixen/compose.hpp>

#include "compose/root_record.hpp"
#include "storage/file_descriptor.hpp"
#include "storage/input_file.hpp"
#include "support/artifact_kit.hpp"
#include "support/run.hpp"

namespace rpixen {
namespace {

using test::ArtifactKit;
using test::read_file;
using test::run;
using test::run_ok;
using test::TemporaryFolder;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* taken = "the root file system is that of ";
constexpr const char* nothing = "nothing was taken over from ";

/// Tells which files were opened or read, and how often.
class Watch {
  public:
    explicit Watch(const std::string& path) : notices_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
        EXPECT_GE(::inotify_add_watch(notices_.get(), path.c_str(), IN_OPEN | IN_ACCESS), 0);
    }
    bool was_read() const {
        alignas(inotify_event) char notice[4096];
        return ::read(notices_.get(), notice, sizeof(notice)) > 0;
    }

  private:
    FileDescriptor notices_;
};

class CardReuse : public testing::Test {
  protected:
    CardReuse() { folder_.write("Image", ArtifactKit::kernel(0x10000)); }

    /// A file that is changed in the moment in which it is read is none that is known.
    void settle() const { std::this_thread::sleep_for(std::chrono::milliseconds(12)); }

    ComposeRequest request(const std::string& output, const std::string& older) {
        ComposeRequest request;
        request.manifest = folder_ / "manifest.json";
        request.output = folder_ / output;
        if (!older.empty()) request.reuse = folder_ / older;
        request.verify = VerifyForm::full;
        request.sync = false;
        return request;
    }
    Report compose_card(const std::string& output, const std::string& older) {
        settle();
        return compose(request(output, older));
    }
    /// What was said of the older card.
    std::string composed(const std::string& output, const std::string& older) {
        return compose_card(output, older).notes.back();
    }
    void is_as_composed_anew(const std::string& output) {
        compose_card("anew.img", "");
        EXPECT_EQ(run({"cmp", folder_ / output, folder_ / "anew.img"}).out, "");
    }
    /// Replaces words of the manifest.
    void change(const std::string& from, const std::string& to) {
        std::string text = read_file(folder_ / "manifest.json");
        ASSERT_NE(text.find(from), std::string::npos) << from;
        folder_.write("manifest.json", text.replace(text.find(from), from.size(), to));
    }
    void add(const std::string& section) { change("\"artifacts\": {", section + ", \"artifacts\": {"); }
    void flip_a_byte(const std::string& name, std::uint64_t place) {
        const std::string path = folder_ / name;
        struct stat before {};
        ASSERT_EQ(::stat(path.c_str(), &before), 0);
        const FileDescriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
        char byte = 0;
        ASSERT_EQ(::pread(file.get(), &byte, 1, static_cast<off_t>(place)), 1);
        byte = static_cast<char>(byte ^ 1);
        ASSERT_EQ(::pwrite(file.get(), &byte, 1, static_cast<off_t>(place)), 1);
        const timespec times[2]{before.st_atim, before.st_mtim};
        ASSERT_EQ(::futimens(file.get(), times), 0);
    }
    std::uint64_t root_offset() { return compose_card("anew.img", "").partitions.at(1).offset; }

    TemporaryFolder folder_;
    ArtifactKit kit_{folder_};
};

TEST_F(CardReuse, TheFirstOfALoopIsComposedAnew) {
    EXPECT_THAT(composed("card.img", "card.img"), AllOf(StartsWith(nothing), HasSubstr("No such file")));
    is_as_composed_anew("card.img");
}

TEST_F(CardReuse, ABootFileIsChangedAndTheRootIsNotRead) {
    compose_card("card.img", "card.img");
    add(R"("boot": { "config_txt": ["dtparam=audio=on"] })");
    {
        const Watch watch(folder_ / "rootfs.tar");
        EXPECT_THAT(composed("card.img", "card.img"), StartsWith(taken));
        EXPECT_FALSE(watch.was_read());
    }
    const Watch watch(folder_ / "rootfs.tar");
    is_as_composed_anew("card.img");
    EXPECT_TRUE(watch.was_read()) << "the watch sees nothing";
}

TEST_F(CardReuse, ARootFileIsAddedAndTheRootIsNotRead) {
    compose_card("old.img", "old.img");
    folder_.write("motd", "welcome\n");
    add(R"("files": [{ "partition": "root", "source": "motd", "target": "/etc/motd" }],
           "owners": [{ "path": "/etc/**", "uid": 7, "gid": 8 }])");
    const Watch watch(folder_ / "rootfs.tar");
    EXPECT_THAT(composed("new.img", "old.img"), StartsWith(taken));
    EXPECT_FALSE(watch.was_read());
    is_as_composed_anew("new.img");
}

TEST_F(CardReuse, AnotherLayoutOfTheCardMovesTheRoot) {
    compose_card("old.img", "old.img");
    change("48MiB", "57MiB");
    change("8MiB\"", "3MiB\"");
    EXPECT_THAT(composed("new.img", "old.img"), StartsWith(taken));
    is_as_composed_anew("new.img");
    EXPECT_THAT(composed("newer.img", "new.img"), StartsWith(taken)) << "a card that was taken over itself";
    is_as_composed_anew("newer.img");
}

TEST_F(CardReuse, TheReportIsTheSame) {
    compose_card("old.img", "old.img");
    change("48MiB", "50MiB");
    settle();
    ComposeRequest reused = request("new.img", "old.img");
    ComposeRequest anew = request("anew.img", "");
    reused.report = folder_ / "new.json";
    anew.report = folder_ / "anew.json";
    reused.list_extents = anew.list_extents = true;
    Report one = compose(reused);
    Report other = compose(anew);
    EXPECT_THAT(one.notes.back(), StartsWith(taken));
    EXPECT_EQ(read_file(folder_ / "new.json"), read_file(folder_ / "anew.json"));
    one.notes.pop_back();
    one.output = other.output;
    EXPECT_EQ(one.json(), other.json());
}

TEST_F(CardReuse, ALayerThatWasChangedIsRead) {
    compose_card("card.img", "card.img");
    // Its size and times are what they were.
    const std::string tar = read_file(folder_ / "rootfs.tar");
    flip_a_byte("rootfs.tar", tar.find("hvc0::respawn"));
    EXPECT_THAT(composed("card.img", "card.img"), AllOf(StartsWith(nothing), HasSubstr("layers")));
    is_as_composed_anew("card.img");
    EXPECT_THAT(composed("card.img", "card.img"), StartsWith(taken));
}

TEST_F(CardReuse, AnotherFileInPlaceOfALayerIsRead) {
    compose_card("card.img", "card.img");
    std::filesystem::copy_file(folder_ / "rootfs.tar", folder_ / "copy.tar");
    std::filesystem::rename(folder_ / "copy.tar", folder_ / "rootfs.tar");
    EXPECT_THAT(composed("card.img", "card.img"), StartsWith(nothing));
    is_as_composed_anew("card.img");
}

TEST_F(CardReuse, AnotherSetOfLayersIsRead) {
    compose_card("card.img", "card.img");
    folder_.write("more.tar", ArtifactKit::root_tar());
    change("\"rootfs.tar\"", R"(["rootfs.tar", "more.tar"])");
    EXPECT_THAT(composed("card.img", "card.img"), StartsWith(nothing));
    is_as_composed_anew("card.img");
    EXPECT_THAT(composed("card.img", "card.img"), StartsWith(taken));
    is_as_composed_anew("card.img");
    change(R"(["rootfs.tar", "more.tar"])", R"(["more.tar", "rootfs.tar"])");
    EXPECT_THAT(composed("card.img", "card.img"), StartsWith(nothing));
    is_as_composed_anew("card.img");
}

/// The older card has a file of the manifest where the layers had theirs, whose data is gone.
TEST_F(CardReuse, AFileThatTheOlderCardReplacedIsReadFromItsLayer) {
    folder_.write("name", "another\n");
    add(R"("files": [{ "partition": "root", "source": "name", "target": "/etc/hostname" }])");
    compose_card("card.img", "card.img");
    EXPECT_THAT(composed("card.img", "card.img"), StartsWith(taken)) << "it is replaced again";
    change(R"("target": "/etc/hostname")", R"("target": "/etc/hostname2")");
    EXPECT_THAT(composed("card.img", "card.img"), AllOf(StartsWith(nothing), HasSubstr("/etc/hostname")));
    is_as_composed_anew("card.img");
    EXPECT_THAT(composed("card.img", "card.img"), StartsWith(taken));
    is_as_composed_anew("card.img");
}

TEST_F(CardReuse, APinIsHeldAgainstWhatIsKnown) {
    const std::string digest = run_ok({"sha256sum", folder_ / "rootfs.tar"}).substr(0, 64);
    change("\"rootfs.tar\"", R"({ "path": "rootfs.tar", "sha256": ")" + digest + "\" }");
    compose_card("card.img", "card.img");
    EXPECT_THAT(composed("card.img", "card.img"), StartsWith(taken));
    is_as_composed_anew("card.img");
    change(digest, std::string(64, 'a'));
    try {
        compose_card("card.img", "card.img");
        FAIL() << "another file than the pinned one was taken over";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::artifact);
        EXPECT_THAT(error.what(), HasSubstr("is not the file that the manifest pins"));
    }
}

TEST_F(CardReuse, DigestsThatAreKnownAreNotTakenAgain) {
    const Report first = compose_card("card.img", "card.img");
    const Watch watch(folder_ / "rootfs.tar");
    settle();
    const Report second = compose_card("card.img", "card.img");
    EXPECT_FALSE(watch.was_read());
    EXPECT_EQ(second.artifacts.back().sha256, first.artifacts.back().sha256);
    EXPECT_EQ(first.artifacts.back().sha256.size(), 64U);
}

/// The first report takes the digests of all files, the second has them from the record: a digest that is another one
/// there shows that the file was not read for the report, and full verification finds it.
TEST_F(CardReuse, AReportReadsNoFileWhoseDigestIsKnown) {
    const auto reported = [&](const std::string& output, const std::string& older, VerifyForm form) {
        settle();
        ComposeRequest wish = request(output, older);
        wish.verify = form;
        wish.report = folder_ / (output + ".json");
        compose(wish);
        return read_file(wish.report);
    };
    const std::string first = reported("card.img", "card.img", VerifyForm::quick);
    EXPECT_EQ(reported("card.img", "card.img", VerifyForm::full), first);
    EXPECT_EQ(reported("anew.img", "", VerifyForm::quick), first);

    RootRecord record = parse_root_record(as_bytes(read_file(folder_ / "card.img.reuse")));
    ASSERT_GT(record.digests.size(), 5U);
    for (auto& [node, digest] : record.digests) digest.fill(std::byte{0xab});
    folder_.write("card.img.reuse", as_text(make_root_record(record)));
    EXPECT_THAT(reported("new.img", "card.img", VerifyForm::quick), HasSubstr("\"sha256\":\"abababababababab"));
    try {
        reported("new.img", "card.img", VerifyForm::full);
        FAIL() << "the image is not held against the digests";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::verification);
    }
}

TEST_F(CardReuse, APrebuiltRootIsTakenOver) {
    run_ok({"mke2fs", "-q", "-t", "ext4", "-E", "root_owner=0:0", folder_ / "root.ext4", "8M"});
    folder_.write("manifest.json", kit_.manifest_of_prebuilt("root.ext4"));
    compose_card("card.img", "card.img");
    change("48MiB", "56MiB");
    EXPECT_THAT(composed("card.img", "card.img"), StartsWith(taken));
    is_as_composed_anew("card.img");
    flip_a_byte("root.ext4", 4 << 20);
    EXPECT_THAT(composed("card.img", "card.img"), StartsWith(nothing));
    is_as_composed_anew("card.img");
}

TEST_F(CardReuse, AFolderAsRootIsReadEachTime) {
    folder_.write("root/etc/hostname", "dom0\n");
    change("\"rootfs.tar\"", "\"root\"");
    EXPECT_THAT(composed("card.img", "card.img"), HasSubstr("root is no regular file"));
    EXPECT_THAT(composed("card.img", "card.img"), StartsWith(nothing));
    is_as_composed_anew("card.img");
}

TEST_F(CardReuse, AnOlderCardThatWasChangedIsOfNoUse) {
    const std::uint64_t offset = root_offset();
    compose_card("card.img", "card.img");
    flip_a_byte("card.img", offset + 65 * 4096);
    EXPECT_THAT(composed("new.img", "card.img"), AllOf(StartsWith(nothing), HasSubstr("not the image any more")));
    is_as_composed_anew("new.img");
}

TEST_F(CardReuse, AnOlderCardThatWasCutIsOfNoUse) {
    compose_card("card.img", "card.img");
    std::filesystem::resize_file(folder_ / "card.img", root_offset() + 5000);
    EXPECT_THAT(composed("new.img", "card.img"), StartsWith(nothing));
    is_as_composed_anew("new.img");
}

TEST_F(CardReuse, ACopyOfAnOlderCardIsOfNoUse) {
    compose_card("card.img", "card.img");
    for (const char* end : {"", ".reuse"})
        run_ok({"cp", "-p", folder_ / ("card.img" + std::string(end)), folder_ / ("copy.img" + std::string(end))});
    EXPECT_THAT(composed("new.img", "copy.img"), StartsWith(nothing));
    is_as_composed_anew("new.img");
}

TEST_F(CardReuse, WhatIsNoCardIsOfNoUse) {
    folder_.write("text", "no card\n");
    std::filesystem::create_directory(folder_ / "empty");
    ASSERT_EQ(::mkfifo((folder_ / "fifo").c_str(), 0600), 0);
    for (const char* name : {"text", "empty", "fifo"}) {
        EXPECT_THAT(composed("card.img", name), StartsWith(nothing)) << name;
        is_as_composed_anew("card.img");
    }
    compose_card("plain.img", "");
    EXPECT_THAT(composed("card.img", "plain.img"), HasSubstr("has no record"));
}

TEST_F(CardReuse, ARecordThatIsDamagedIsOfNoUse) {
    compose_card("card.img", "card.img");
    const std::string record = read_file(folder_ / "card.img.reuse");
    for (const std::size_t place : {std::size_t{3}, record.size() / 3, record.size() / 2, record.size() - 1}) {
        std::string damaged = record;
        damaged[place] = static_cast<char>(damaged[place] ^ 4);
        folder_.write("card.img.reuse", damaged);
        EXPECT_THAT(composed("new.img", "card.img"), AllOf(StartsWith(nothing), HasSubstr("damaged"))) << place;
    }
    for (const std::size_t length : {std::size_t{0}, std::size_t{31}, record.size() - 1}) {
        folder_.write("card.img.reuse", record.substr(0, length));
        EXPECT_THAT(composed("new.img", "card.img"), AllOf(StartsWith(nothing), HasSubstr("damaged"))) << length;
    }
    is_as_composed_anew("new.img");
    folder_.write("card.img.reuse", record);
    EXPECT_THAT(composed("new.img", "card.img"), StartsWith(taken));
}

TEST_F(CardReuse, ARecordThatOthersCanWriteIsOfNoUse) {
    compose_card("card.img", "card.img");
    ASSERT_EQ(::chmod((folder_ / "card.img.reuse").c_str(), 0666), 0);
    EXPECT_THAT(composed("new.img", "card.img"), AllOf(StartsWith(nothing), HasSubstr("others than you")));
    is_as_composed_anew("new.img");
}

TEST_F(CardReuse, ALinkLeadsToTheOlderCard) {
    compose_card("card.img", "card.img");
    std::filesystem::create_symlink("card.img", folder_ / "link.img");
    std::filesystem::create_symlink("card.img.reuse", folder_ / "link.img.reuse");
    EXPECT_THAT(composed("new.img", "link.img"), StartsWith(taken));
    is_as_composed_anew("new.img");
}

TEST_F(CardReuse, AnImageThatWouldBeTheSameIsLeft) {
    compose_card("card.img", "card.img");
    const auto before = identity_of_file(folder_ / "card.img");
    for (int round = 0; round < 2; ++round) {
        settle();
        ComposeRequest again = request("card.img", "card.img");
        again.if_changed = true;
        EXPECT_THAT(compose(again).notes.back(), StartsWith(taken));
        EXPECT_EQ(identity_of_file(folder_ / "card.img"), before);
    }
    change("48MiB", "49MiB");
    EXPECT_THAT(composed("card.img", "card.img"), StartsWith(taken));
}

TEST_F(CardReuse, WithoutSyncACardIsTakenOverUntilTheSystemStartsAnew) {
    settle();
    ComposeRequest first = request("card.img", "card.img");
    first.sync = true;
    compose(first);
    EXPECT_THAT(read_file(folder_ / "card.img.reuse"), Not(HasSubstr(read_file("/proc/sys/kernel/random/boot_id"))));
    EXPECT_THAT(composed("new.img", "card.img"), StartsWith(taken));
    compose_card("card.img", "card.img");
    EXPECT_THAT(read_file(folder_ / "card.img.reuse"), HasSubstr(read_file("/proc/sys/kernel/random/boot_id")));
    EXPECT_THAT(composed("new.img", "card.img"), StartsWith(taken));
    is_as_composed_anew("new.img");

    RootRecord record = parse_root_record(as_bytes(read_file(folder_ / "card.img.reuse")));
    record.boot_id = "of another start";
    folder_.write("card.img.reuse", as_text(make_root_record(record)));
    EXPECT_THAT(composed("new.img", "card.img"), AllOf(StartsWith(nothing), HasSubstr("started anew")));
}

TEST_F(CardReuse, AFailureLeavesTheOlderCardAndItsRecord) {
    compose_card("card.img", "card.img");
    std::filesystem::copy_file(folder_ / "card.img", folder_ / "copy.img");
    const std::string record = read_file(folder_ / "card.img.reuse");
    settle();
    ComposeRequest failing = request("card.img", "card.img");
    failing.deliver = [](const Report&) { throw Error(ErrorCode::io, "the printer is on fire"); };
    EXPECT_THROW(compose(failing), Error);
    EXPECT_EQ(run({"cmp", folder_ / "card.img", folder_ / "copy.img"}).status, 0);
    EXPECT_TRUE(read_file(folder_ / "card.img.reuse") == record);
    EXPECT_THAT(composed("card.img", "card.img"), StartsWith(taken));
}

TEST_F(CardReuse, TheRecordReplacesNoInput) {
    folder_.write("card.img.reuse", "mine\n");
    add(R"("files": [{ "partition": "boot", "source": "card.img.reuse", "target": "/a.txt" }])");
    EXPECT_THROW(compose_card("card.img", "card.img"), Error);
    EXPECT_EQ(read_file(folder_ / "card.img.reuse"), "mine\n");
}

/// A card that cannot boot is refused as it is without an older card, and costs no second attempt.
TEST_F(CardReuse, ARefusalIsTheSame) {
    compose_card("card.img", "card.img");
    folder_.write("uboot", "too short");
    change("u-boot.bin", "uboot");
    std::string reused;
    std::string anew;
    try {
        compose_card("card.img", "card.img");
    } catch (const Error& error) {
        reused = error.what();
    }
    try {
        compose_card("card.img", "");
    } catch (const Error& error) {
        anew = error.what();
    }
    EXPECT_NE(anew, "");
    EXPECT_EQ(reused, anew);
}

}  // namespace
}  // namespace rpixen
