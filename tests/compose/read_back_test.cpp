#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "law/law.hpp"
#include "support/artifact_kit.hpp"
#include "support/run.hpp"

// The card of a root file system with everything that tars can hold, read back with the field's tools by
// read_back.py, which also judges the cards of Debian's artifacts (tests/emulated_boot).

namespace rpixen {
namespace {

using test::read_file;
using test::run;
using test::run_ok;
using test::TemporaryFolder;
using testing::HasSubstr;

const std::string program = RPIXEN_PROGRAM;
const std::string here = RPIXEN_TEST_FOLDER;

class ReadBack : public testing::Test {
  protected:
    /// A manifest whose root file system is `rootfs`.
    std::string manifest(const std::string& name, const std::string& rootfs) const {
        std::string text = read_file(kit_.manifest());
        text.replace(text.find("\"rootfs.tar\""), 12, rootfs);
        return folder_.write(name, text);
    }
    std::string compose(const std::string& manifest) const {
        test::expect_law(manifest);
        run_ok({program, "compose", manifest, "-o", folder_ / "sdcard.img", "-q", "--no-sync"});
        return folder_ / "sdcard.img";
    }
    test::Run read_back(const std::string& manifest, const std::string& image) const {
        return run({"python3", here + "/read_back.py", program, manifest, image, folder_ / "work"});
    }

    TemporaryFolder folder_;
    test::ArtifactKit kit_{folder_};
};

TEST_F(ReadBack, EverythingThatTarsHold) {
    run_ok({"python3", here + "/edge_tars.py", folder_.path()});
    const std::string layers = manifest("layers.json",
                                        R"(["pax.tar", "gnu.tar", "ustar.tar", "sparse-gnu.tar", "sparse-pax.tar"])");
    const test::Run result = read_back(layers, compose(layers));
    EXPECT_EQ(result.status, 0) << result.out << result.err;
    EXPECT_THAT(result.out, HasSubstr(" names in the tars"));
}

TEST_F(ReadBack, ACompressedTar) {
    run_ok({"python3", here + "/edge_tars.py", folder_.path(), "nothing"});
    run_ok({"zstd", "-q", folder_ / "pax.tar"});
    const std::string packed = manifest("packed.json", "\"pax.tar.zst\"");
    const test::Run result = read_back(packed, compose(packed));
    EXPECT_EQ(result.status, 0) << result.out << result.err;
}

/// The oracle itself is seen to fail.
TEST_F(ReadBack, SeesEveryDifference) {
    run_ok({"python3", here + "/edge_tars.py", folder_.path(), "nothing"});
    const std::string image = compose(manifest("good.json", "\"pax.tar\""));
    const std::string other = manifest("other.json", "\"other/pax.tar\"");
    struct Case {
        std::string change;
        std::string words;
    };
    for (const Case& difference : std::vector<Case>{{"content", "/pax/contents/changed: content is "},
                                                    {"mode", "/pax/modes/changed: mode is "},
                                                    {"owner", "/pax/modes/owned: uid is "},
                                                    {"time", "/pax/times/1: mtime is 1000000001, "},
                                                    {"attribute", "/pax/attributes/user: xattrs is "},
                                                    {"link", "/pax/links/changed: target is "},
                                                    {"hard-link", "/pax/links/second: links is 2, in the tar 1"},
                                                    {"name", "/pax/names/more: not on the card"},
                                                    {"type", "/pax/dev/changed: type is "}}) {
        std::filesystem::create_directory(folder_ / "other");
        run_ok({"python3", here + "/edge_tars.py", folder_ / "other", difference.change});
        const test::Run result = read_back(other, image);
        EXPECT_EQ(result.status, 1) << difference.change << result.err;
        EXPECT_THAT(result.out, HasSubstr(difference.words));
    }
    folder_.write("firmware/start4.elf", "another");
    const test::Run result = read_back(folder_ / "good.json", image);
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.out, HasSubstr("differences: 1\nstart4.elf: other bytes than "));
}

}  // namespace
}  // namespace rpixen
