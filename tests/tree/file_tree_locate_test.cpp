// How a path in an archive finds its place inside the tree, whatever it tries.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <rpixen/error.hpp>

#include "tree/file_tree.hpp"

namespace rpixen {
namespace {

using testing::HasSubstr;

class Locate : public testing::Test {
  protected:
    void symlink(const std::string& path, const std::string& target) {
        tree_.add_symlink(tree_.locate(path), {0777, 0, 0, {}}, target);
    }
    void directory(const std::string& path) { tree_.add_directory(tree_.locate(path), {0700, 0, 0, {}}); }
    void file(const std::string& path) { tree_.add_file(tree_.locate(path), {0644, 0, 0, {}}, {}); }
    /// Where a file of that path would stand.
    std::string place(const std::string& path) {
        const FileTree::Place place = tree_.locate(path);
        const std::string folder = tree_.path_of(place.directory);
        return (folder == "/" ? "" : folder) + "/" + place.name;
    }
    void refused(const std::string& path, const std::string& words, bool create = true) {
        const NodeId nodes = tree_.node_count();
        try {
            tree_.locate(path, create);
            ADD_FAILURE() << path << " was found";
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::artifact);
            EXPECT_THAT(error.what(), HasSubstr(words)) << path;
        }
        EXPECT_EQ(tree_.node_count(), nodes) << path << " made something";
    }
    FileTree tree_;
};

TEST_F(Locate, PlainPaths) {
    EXPECT_EQ(place("a"), "/a");
    EXPECT_EQ(place("./a"), "/a");
    EXPECT_EQ(place(".//a//b/"), "/a/b");
    EXPECT_EQ(place("a/./b/."), "/a/b/") << "a '.' at the end is the folder itself";
    for (const char* root : {"", "/", ".", "./", "././/"}) {
        const FileTree::Place at = tree_.locate(root);
        EXPECT_EQ(at.directory, FileTree::root()) << root;
        EXPECT_EQ(at.name, "") << root;
    }
}

TEST_F(Locate, MakesFoldersOnTheWayWhenAsked) {
    refused("a/b/c", "missing", false);
    EXPECT_EQ(place("a/b/c"), "/a/b/c");
    EXPECT_EQ(tree_.metadata(*tree_.find("/a/b")), (Metadata{0755, 0, 0, {}}));
    EXPECT_FALSE(tree_.find("/a/b/c"));
}

TEST_F(Locate, FollowsLinksInside) {
    directory("usr/lib");
    symlink("lib", "usr/lib");
    symlink("abs", "/usr/lib/");
    symlink("usr/up", "../lib");
    symlink("twice", "usr/up");
    symlink("dots", "./usr/./lib/../lib");
    symlink("top", "/");
    EXPECT_EQ(place("lib/modules/m.ko"), "/usr/lib/modules/m.ko");
    EXPECT_EQ(place("abs/x"), "/usr/lib/x");
    EXPECT_EQ(place("usr/up/x"), "/usr/lib/x");
    EXPECT_EQ(place("twice/x"), "/usr/lib/x");
    EXPECT_EQ(place("dots/x"), "/usr/lib/x");
    EXPECT_EQ(place("top/x"), "/x");
    EXPECT_EQ(place("lib"), "/lib") << "the last part is never followed";
    EXPECT_EQ(place("lib/"), "/lib");
}

TEST_F(Locate, NeverLeaves) {
    directory("d/e");
    symlink("out", "..");
    symlink("far", "d/../../x");
    symlink("d/out", "../..");
    symlink("absolute-out", "/../etc");
    refused("..", "'..'");
    refused("../x", "'..'");
    refused("d/..", "'..'");
    refused("d/../x", "'..'");
    refused("d/e/../../../x", "'..'");
    refused("/../x", "'..'");
    refused("out/x", "leads out");
    refused("far/x", "leads out");
    refused("d/out/x", "leads out");
    refused("absolute-out/x", "leads out");
}

TEST_F(Locate, LinksThatLeadNowhere) {
    symlink("loop", "loop");
    symlink("ping", "pong");
    symlink("pong", "ping");
    symlink("nowhere", "missing");
    symlink("to-file", "file");
    file("file");
    refused("loop/x", "loop");
    refused("ping/x", "loop");
    refused("nowhere/x", "nowhere");
    refused("file/x", "no directory");
    refused("to-file/x", "no directory");
}

TEST_F(Locate, ManyLinksAreStillFollowed) {
    directory("end");
    symlink("l0", "end");
    for (int number = 1; number < 40; ++number) symlink("l" + std::to_string(number), "l" + std::to_string(number - 1));
    EXPECT_EQ(place("l39/x"), "/end/x");
    symlink("l40", "l39");
    refused("l40/x", "loop");
}

TEST_F(Locate, BadNames) {
    refused(std::string("a\0b", 3), "NUL");
    refused("a\nb", "newline");
    refused("a\nb/c", "newline");
    refused(std::string(256, 'x'), "too long");
    refused(std::string(256, 'x') + "/c", "too long");
    EXPECT_EQ(place(std::string(255, 'x')), "/" + std::string(255, 'x'));
}

}  // namespace
}  // namespace rpixen
