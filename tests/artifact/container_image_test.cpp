// Container images as docker, podman and skopeo save them, made by a script beside the test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "artifact/image_files.hpp"
#include "artifact/image_layer.hpp"
#include "artifact/image_manifest.hpp"
#include "artifact/samples.hpp"
#include "artifact/tar_maker.hpp"
#include "base/digest.hpp"
#include "support/run.hpp"

namespace rpixen::test {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::HasSubstr;

std::string digest_of(const std::string& bytes) {
    return hex(sha256(as_bytes(bytes)));
}

/// An image of three layers: the second hides a file and replaces another, the third links to the first's.
class ContainerImages : public testing::Test {
  protected:
    ContainerImages() {
        layers_.push_back(TarMaker()
                              .directory("./")
                              .directory("etc/")
                              .file("etc/password", "secret")
                              .file("etc/issue", "base")
                              .directory("usr/")
                              .directory("usr/lib/")
                              .symlink("lib", "usr/lib")
                              .finish());
        layers_.push_back(TarMaker().directory("etc/").file("etc/.wh.password", "").file("etc/issue", "mine").finish());
        layers_.push_back(TarMaker().hard_link("etc/issue.net", "etc/issue").finish());
    }

    static std::string packed(const std::string& bytes, const std::string& tool) {
        return tool.empty() ? bytes : run_ok({tool, "-c"}, bytes);
    }

    json config() const {
        json ids = json::array();
        for (const std::string& layer : layers_) ids.push_back("sha256:" + digest_of(layer));
        return {{"architecture", "arm64"}, {"os", "linux"}, {"rootfs", {{"type", "layers"}, {"diff_ids", ids}}}};
    }

    json add_blob(const std::string& bytes, const std::string& type) {
        folder_.write("image/blobs/sha256/" + digest_of(bytes), bytes);
        return {{"mediaType", type}, {"digest", "sha256:" + digest_of(bytes)}, {"size", bytes.size()}};
    }

    /// A manifest of the layers, each packed with its tool; its descriptor.
    json add_manifest(const std::vector<std::string>& tools) {
        json manifest{{"schemaVersion", 2},
                      {"mediaType", "application/vnd.oci.image.manifest.v1+json"},
                      {"config", add_blob(config().dump(), "application/vnd.oci.image.config.v1+json")}};
        for (std::size_t index = 0; index < layers_.size(); ++index)
            manifest["layers"].push_back(
                add_blob(packed(layers_[index], tools[index]), "application/vnd.oci.image.layer.v1.tar+whatever"));
        return add_blob(manifest.dump(), "application/vnd.oci.image.manifest.v1+json");
    }

    void write_index(const json& manifests) {
        folder_.write("image/oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
        folder_.write("image/index.json", json{{"schemaVersion", 2}, {"manifests", manifests}}.dump());
    }

    /// The same as `docker save` wrote it before version 25, and podman: a folder for each layer.
    void write_docker() {
        const std::string text = config().dump();
        folder_.write("image/" + digest_of(text) + ".json", text);
        json list = json::array();
        for (const std::string& layer : layers_) {
            const std::string id = digest_of(layer + "id");
            folder_.write("image/" + id + "/layer.tar", layer);
            folder_.write("image/" + id + "/VERSION", "1.0");
            folder_.write("image/" + id + "/json", "{}");
            list.push_back(id + "/layer.tar");
        }
        folder_.write("image/repositories", "{}");
        folder_.write(
            "image/manifest.json",
            json::array({{{"Config", digest_of(text) + ".json"}, {"RepoTags", {"pi/dom0:latest"}}, {"Layers", list}}})
                .dump());
    }

    /// The folder as a tar; `tool` packs it.
    std::string archive(const std::string& tool = {}, const std::string& top = ".") const {
        std::string tar = folder_ / ("image" + tool + ".tar");
        run_ok({"sh", "-c", "cd '" + (folder_ / "image") + "' && tar -cf '" + tar + "' " + top});
        if (!tool.empty()) tar = folder_.write("image.tar." + tool, packed(read_file(tar), tool));
        return tar;
    }

    std::vector<std::string> lay(const std::string& path) {
        tree_ = FileTree();
        Layers layers(tree_);
        std::unique_ptr<ImageFiles> image;
        if (std::filesystem::is_directory(path)) {
            image = image_in_folder(path);
        } else {
            const auto file = InputFile::open_file(path);
            image = image_in_tar(file, path.find(".tar.") != std::string::npos, {});
        }
        if (!image) throw std::runtime_error("no image in " + path);
        MemoryStore store;
        layers.begin(path, true);
        add_image(layers, *image, path, store, {});
        layers.end();
        return layers.notes();
    }

    void expect_laid(const std::string& path) {
        SCOPED_TRACE(path);
        const std::vector<std::string> notes = lay(path);
        EXPECT_EQ(content_of(tree_, "etc/issue"), "mine");
        EXPECT_EQ(at(tree_, "etc/issue"), at(tree_, "etc/issue.net"));
        EXPECT_FALSE(tree_.find("etc/password"));
        EXPECT_EQ(tree_.type(at(tree_, "lib")), NodeType::symlink);
        EXPECT_THAT(listing(tree_), testing::Not(HasSubstr(".wh.")));
        EXPECT_THAT(notes, Contains(HasSubstr("of 3 layers, its digests proven")));
        EXPECT_THAT(notes, Contains(HasSubstr("1 whiteout applied, 1 name of earlier layers dropped")));
    }

    void refused(const std::string& path, const std::string& words, const std::string& blob) {
        SCOPED_TRACE(path);
        const Error error = error_of([&] { lay(path); });
        EXPECT_EQ(error.code(), ErrorCode::artifact);
        EXPECT_THAT(error.what(), HasSubstr(words));
        EXPECT_THAT(error.problems()[0].location.file + " " + error.problems()[0].location.pointer, HasSubstr(blob));
    }

    TemporaryFolder folder_;
    std::vector<std::string> layers_;
    FileTree tree_;
};

TEST_F(ContainerImages, AnOciLayoutInEveryForm) {
    write_index(json::array({add_manifest({"", "gzip", "zstd"})}));
    expect_laid(folder_ / "image");
    expect_laid(archive());
    expect_laid(archive({}, "blobs index.json oci-layout"));
    expect_laid(archive("gzip"));
    expect_laid(archive("zstd"));
}

TEST_F(ContainerImages, WhatDockerSaves) {
    write_docker();
    expect_laid(folder_ / "image");
    expect_laid(archive());
    expect_laid(archive("xz"));
    write_index(json::array({add_manifest({"", "", ""})}));  // version 25 and later write both
    expect_laid(archive());
}

TEST_F(ContainerImages, LayersThatAreLinksToOthers) {
    write_docker();
    const std::string first = folder_ / ("image/" + digest_of(layers_[0] + "id") + "/layer.tar");
    std::filesystem::rename(first, folder_ / ("image/" + digest_of(layers_[0]) + ".tar"));
    std::filesystem::create_symlink("../" + digest_of(layers_[0]) + ".tar", first);
    expect_laid(archive());
    expect_laid(folder_ / "image");
    std::filesystem::remove(first);
    folder_.write("outside.tar", layers_[0]);
    std::filesystem::create_symlink("../../outside.tar", first);
    refused(folder_ / "image", "missing", digest_of(layers_[0] + "id"));
    refused(archive(), "missing", digest_of(layers_[0] + "id"));
}

TEST_F(ContainerImages, ABlobThatIsNotWhatItsDigestSays) {
    const json manifest = add_manifest({"", "gzip", ""});
    write_index(json::array({manifest}));
    for (const std::string& blob : {digest_of(layers_[0]), digest_of(packed(layers_[1], "gzip")),
                                    digest_of(config().dump()), manifest.at("digest").get<std::string>().substr(7)}) {
        const std::string path = "image/blobs/sha256/" + blob;
        const std::string whole = read_file(folder_ / path);
        std::string changed = whole;
        changed[whole.size() / 2] = static_cast<char>(changed[whole.size() / 2] ^ 1);
        folder_.write(path, changed);
        refused(folder_ / "image", "", blob);
        refused(archive(), "", blob);
        refused(archive("gzip"), "", blob);
        folder_.write(path, whole);
        std::filesystem::remove(folder_ / path);
        refused(archive(), "missing", blob);
        folder_.write(path, whole);
    }
    // A layer that a tar reader is content with.
    std::string changed = layers_[0];
    changed.replace(changed.find("secret"), 6, "Secret");
    folder_.write("image/blobs/sha256/" + digest_of(layers_[0]), changed);
    refused(archive(), "is not what its digest says", digest_of(layers_[0]));
    refused(archive("zstd"), "is not what its digest says", digest_of(layers_[0]));
    folder_.write("image/blobs/sha256/" + digest_of(layers_[0]), layers_[0] + "more");
    refused(folder_ / "image", "another size", digest_of(layers_[0]));
}

TEST_F(ContainerImages, DockersLayersAreHeldAgainstTheConfiguration) {
    write_docker();
    const std::string path = "image/" + digest_of(layers_[1] + "id") + "/layer.tar";
    std::string changed = layers_[1];
    folder_.write(path, changed.replace(changed.find("mine"), 4, "evil"));
    refused(archive(), "is not what its digest says", path.substr(6));
    refused(archive("gzip"), "is not what its digest says", path.substr(6));
}

TEST_F(ContainerImages, OneOfSeveral) {
    json other = add_manifest({"", "", ""});
    other["platform"] = {{"os", "linux"}, {"architecture", "amd64"}};
    json attestation = other;
    attestation["platform"] = {{"os", "unknown"}, {"architecture", "unknown"}};
    json mine = add_manifest({"gzip", "gzip", "gzip"});
    mine["platform"] = {{"os", "linux"}, {"architecture", "arm64"}, {"variant", "v8"}};
    write_index(json::array({other, attestation, mine}));
    expect_laid(folder_ / "image");
    // The same behind an index of its own, as buildx and containerd save it.
    const json inner = add_blob(json{{"schemaVersion", 2}, {"manifests", {attestation, mine}}}.dump(),
                                "application/vnd.oci.image.index.v1+json");
    write_index(json::array({inner}));
    expect_laid(archive());
    json second = add_manifest({"zstd", "", ""});
    write_index(json::array({mine, second}));
    expect_laid(archive());
    mine.erase("platform");
    write_index(json::array({mine, second}));
    refused(archive(), "several container images", "index.json");
    write_index(json::array({mine, mine}));
    expect_laid(archive());
    write_index(json::array());
    refused(archive(), "no container image", "index.json");
}

TEST_F(ContainerImages, AFolderTakesALinksPlace) {
    layers_[2] = TarMaker().directory("lib/").file("lib/x", "x").hard_link("etc/issue.net", "etc/issue").finish();
    write_docker();
    lay(archive());
    EXPECT_EQ(tree_.type(at(tree_, "lib")), NodeType::directory);
    EXPECT_TRUE(tree_.find("lib/x"));
    EXPECT_FALSE(tree_.find("usr/lib/x"));
}

TEST_F(ContainerImages, ADigestOfAnotherKindAndLayersThatAreNoTars) {
    json manifest = add_manifest({"", "", ""});
    manifest["digest"] = "sha512:" + std::string(128, '0');
    write_index(json::array({manifest}));
    refused(archive(), "sha512", "index.json");
    write_index(json::array({add_blob(json{{"schemaVersion", 1}, {"fsLayers", json::array()}}.dump(), "")}));
    refused(archive(), "of a kind that is not read", "blobs/sha256/");
    json wasm = add_blob("\0asm", "application/vnd.wasm.content.layer.v1+wasm");
    write_index(json::array({add_blob(json{{"schemaVersion", 2}, {"layers", json::array({wasm})}}.dump(), "")}));
    refused(archive(), "no tar", "blobs/sha256/");
}

TEST_F(ContainerImages, ARootFileSystemIsNone) {
    const std::string root = folder_.write("root.tar", TarMaker()
                                                           .directory("./")
                                                           .file("./manifest.json", "[{\"Layers\":[]}]")
                                                           .directory("./etc")
                                                           .file("./etc/x", "")
                                                           .finish());
    EXPECT_FALSE(image_in_tar(InputFile::open_file(root), false, {}));
    folder_.write("root/manifest.json", "[{\"Layers\":[]}]");
    folder_.write("root/etc/passwd", "");
    EXPECT_FALSE(image_in_folder(folder_ / "root"));
    const std::string other = folder_.write("other.tar", TarMaker().file("manifest.json", "{}").finish());
    EXPECT_FALSE(image_in_tar(InputFile::open_file(other), false, {}));
    const std::string cut = folder_.write("cut.tar", TarMaker().file("index.json", "{}").unfinished().substr(0, 700));
    EXPECT_FALSE(image_in_tar(InputFile::open_file(cut), false, {}));
}

}  // namespace
}  // namespace rpixen::test
