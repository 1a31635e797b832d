#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "fs/ext4/health.hpp"
#include "fs/ext4/kinds.hpp"
#include "fs/ext4/reader.hpp"
#include "storage/input_file.hpp"
#include "support/run.hpp"

namespace rpixen::test {
namespace {

std::string lines_of(const std::vector<Problem>& problems) {
    std::string lines;
    for (const Problem& problem : problems) lines += problem.location.pointer + ": " + problem.text() + "\n";
    return lines;
}

std::vector<Problem> health_of(const std::string& path) {
    const auto file = InputFile::open_file(path);
    std::vector<Problem> problems;
    std::vector<std::string> unproven;
    check_ext4(file, {0, file->size()}, problems, unproven, {});
    return problems;
}

class Ext4Kinds : public testing::TestWithParam<Ext4Kind> {
  protected:
    Ext4Kinds() {
        fill_sample_folder(folder_, "tree");
        make_ext4_kind(GetParam(), folder_ / "tree", image_);
    }

    /// Our word and e2fsck's, which must be the same.
    void compare(const std::string& path, const std::string& what) {
        std::string said;
        const bool content = e2fsck_is_content(path, said);
        const std::vector<Problem> problems = health_of(path);
        EXPECT_EQ(problems.empty(), content) << GetParam().name << ", " << what << "\nours:\n"
                                             << lines_of(problems) << said;
    }

    TemporaryFolder folder_;
    const std::string image_ = folder_ / "image";
};

TEST_P(Ext4Kinds, IsClean) {
    std::string said;
    EXPECT_TRUE(e2fsck_is_content(image_, said)) << said;
    const std::vector<Problem> problems = health_of(image_);
    EXPECT_TRUE(problems.empty()) << lines_of(problems);
}

TEST_P(Ext4Kinds, IsReadWhole) {
    const auto file = InputFile::open_file(image_);
    std::vector<Problem> damages;
    const FileTree tree = read_ext4(file, {0, file->size()}, damages);
    EXPECT_TRUE(damages.empty()) << lines_of(damages);
    ASSERT_TRUE(tree.find("small"));
    EXPECT_EQ(as_text(read_all(tree.content(*tree.find("small")))), "a few bytes");
    EXPECT_EQ(tree.child_count(*tree.find("large")), 300U);
    if (GetParam().name == "ValueInInode") {
        const XattrSet& found = tree.xattrs(*tree.find("attributed"));
        EXPECT_THAT(found, testing::Contains(testing::Pair("user.huge", std::string(5000, 'w'))));
    }
}

TEST_P(Ext4Kinds, IsCleanWhereE2fsckSaysSo) {
    // All kinds with all damages take ten minutes: a quarter each, all of them for those that differ most.
    // With RPIXEN_ALL_DAMAGES in the environment all of them.
    const bool all = GetParam().thorough || std::getenv("RPIXEN_ALL_DAMAGES") != nullptr;
    const std::size_t turn = GetParam().name.size();
    for (std::size_t number = 0; number < ext4_damages().size(); ++number) {
        if (!all && (number + turn) % 4 != 0) continue;
        const Ext4Damage& damage = ext4_damages()[number];
        std::filesystem::remove(folder_ / "damaged");
        run_ok({"cp", "--sparse=always", image_, folder_ / "damaged"});
        run_debugfs(folder_ / "damaged", damage.requests);
        compare(folder_ / "damaged", damage.name);
    }
}

INSTANTIATE_TEST_SUITE_P(Made, Ext4Kinds, testing::ValuesIn(ext4_kinds()),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace rpixen::test
