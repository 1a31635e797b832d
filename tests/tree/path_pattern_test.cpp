#include "tree/path_pattern.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "support/run.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::vector<std::string> files{
    "home/pi/.ssh/id", "home/pi/x", "home/pi/deep/er/x", "home/ann/x",     "etc/pi",
    "etc/a[b]",        "etc/ab",    "etc/a-c",           "etc/*",          "srv/pi/home/pi",
    "srv/x/y/z",       "top",       "srv/x/home/ann/x",  "usr/lib/a.so.1", "usr/lib/b.so"};

FileTree sample() {
    FileTree tree;
    for (const std::string& path : files) tree.add_file(tree.locate(path), {0644, 0, 0, {}}, {});
    return tree;
}

std::vector<std::string> matched(const std::string& pattern) {
    const FileTree tree = sample();
    std::vector<std::string> paths;
    for (const NodeId node : PathPattern(pattern).matches(tree)) paths.push_back(tree.path_of(node));
    return paths;
}

TEST(PathPattern, MatchesThePathItselfAndNotWhatIsInIt) {
    EXPECT_THAT(matched("/home/pi"), ElementsAre("/home/pi"));
    EXPECT_THAT(matched("/home/pi/**"), ElementsAre("/home/pi/.ssh", "/home/pi/.ssh/id", "/home/pi/deep",
                                                    "/home/pi/deep/er", "/home/pi/deep/er/x", "/home/pi/x"));
    EXPECT_THAT(matched("pi"), ElementsAre("/etc/pi", "/home/pi", "/srv/pi", "/srv/pi/home/pi"));
    EXPECT_THAT(matched("pi/"), ElementsAre("/home/pi", "/srv/pi"));
    EXPECT_THAT(matched("/"), ElementsAre("/"));
    EXPECT_THAT(matched("/home/*/x"), ElementsAre("/home/ann/x", "/home/pi/x"));
    EXPECT_THAT(matched("nothing"), IsEmpty());
    EXPECT_THAT(matched("/home/pi/x/**"), IsEmpty());
    EXPECT_THAT(matched("../etc"), IsEmpty());
}

/// git's answer holds for what is in a matched folder too.
TEST(PathPattern, AgreesWithGit) {
    const TemporaryFolder folder;
    for (const std::string& file : files) folder.write(file, "");
    run_ok({"git", "init", "-q", folder.path().string()});
    std::set<std::string> all;
    for (const std::string& file : files)
        for (std::filesystem::path path = file; !path.empty(); path = path.parent_path()) all.insert(path.string());
    std::string asked;
    for (const std::string& path : all) asked += path + '\n';

    const FileTree tree = sample();
    for (const std::string pattern :
         {"home",      "/home/pi/**",  "**/pi", "pi",         "pi/",        "/pi",        "home/pi",
          "/srv/**/x", "**/home/**/x", "*",     "/*",         "/*/*",       "e*",         "*.so",
          "*.so*",     "?op",          "a?b",   "etc/a[b-c]", "etc/a[!b]*", "etc/a\\[b]", "etc/\\*",
          "etc/**",    "[]a]op",       "t[o]p", "t[",         "x",          "/srv/x/",    "srv/x/*/z",
          "srv/**/z",  "**",           "**/",   "a**b",       "h**",        "/**/x",      "usr/**/**/b.so",
          "*[.]so",    ".*",           "lib*",  "*s*o*1"}) {
        folder.write(".gitignore", pattern + "\n");
        std::set<std::string> of_git;
        std::istringstream answer(run({"git", "-C", folder.path().string(), "-c", "core.quotePath=false",
                                       "check-ignore", "--no-index", "--stdin"},
                                      asked)
                                      .out);
        for (std::string path; std::getline(answer, path);) of_git.insert(path);
        std::set<std::string> ours;
        for (const NodeId node : PathPattern(pattern).matches(tree)) {
            const std::string path = tree.path_of(node).substr(1);
            for (const std::string& one : all)
                if (one == path || one.starts_with(path + "/")) ours.insert(one);
        }
        EXPECT_EQ(ours, of_git) << pattern;
    }
}

TEST(PathPattern, ALongPatternOfStarsTakesNoTime) {
    std::string pattern;
    for (int count = 0; count < 60; ++count) pattern += "*a";
    EXPECT_FALSE(matches_name(pattern + "b", std::string(255, 'a')));
    std::string folders;
    for (int count = 0; count < 60; ++count) folders += "**/d/";
    FileTree tree;
    std::string path;
    for (int depth = 0; depth < 200; ++depth) path += "d/";
    tree.add_file(tree.locate(path + "x"), {}, {});
    EXPECT_EQ(PathPattern(folders + "x").matches(tree).size(), 1U);
}

}  // namespace
}  // namespace rpixen::test
