#include <rpixen/release.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/digest.hpp"
#include "support/artifact_kit.hpp"
#include "support/run.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string digest_of_file(const std::string& path) {
    return hex(sha256(as_bytes(read_file(path))));
}

std::vector<std::string> names_in(const std::filesystem::path& folder) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
}

class ReleaseTest : public testing::Test {
  protected:
    Release make(const std::string& compress = "zst", const std::string& folder = "release") {
        ReleaseRequest request;
        request.manifest = kit_.manifest();
        request.folder = folder_ / folder;
        request.compress = compress;
        request.sync = false;
        request.sign_key = key_;
        return release(request);
    }
    void make_key() {
        run_ok({"openssl", "genpkey", "-algorithm", "ed25519", "-out", folder_ / "key.pem"});
        run_ok({"openssl", "pkey", "-in", folder_ / "key.pem", "-pubout", "-out", folder_ / "key.pub"});
        key_ = folder_ / "key.pem";
    }
    ReleaseVerification verification(const std::string& key = {}) { return verify_release({folder_ / "release", key}); }
    /// "FILE: WHAT" of each difference.
    std::vector<std::string> differences(const std::string& key = {}) {
        std::vector<std::string> list;
        for (const Difference& difference : verification(key).differences)
            list.push_back(difference.path + ": " + difference.what);
        return list;
    }
    ErrorCode code_of(const std::function<void(ReleaseRequest&)>& change) {
        ReleaseRequest request;
        request.manifest = kit_.manifest();
        request.folder = folder_ / "release";
        request.sync = false;
        change(request);
        try {
            release(request);
        } catch (const Error& error) {
            return error.code();
        }
        throw std::runtime_error("no error");
    }
    void replace(const std::string& name, const std::string& text) {
        std::ofstream(folder_ / ("release/" + name), std::ios::binary) << text;
    }
    /// After a file was changed by somebody who can do so, but has no key.
    void write_checksums() {
        run_ok({"sh", "-c",
                "cd '" + (folder_ / "release") +
                    "' && LC_ALL=C && for f in *; do case $f in SHA256SUMS*) ;; *) sha256sum \"$f\";; "
                    "esac; done > /dev/shm/$$ && mv /dev/shm/$$ SHA256SUMS"});
    }

    TemporaryFolder folder_;
    ArtifactKit kit_{folder_};
    std::string key_;
};

TEST_F(ReleaseTest, TheFieldsProgramsReadIt) {
    make_key();
    const Release made = make();
    const std::string release = folder_ / "release";
    EXPECT_EQ(names_in(release).size(), made.files.size() + 2);
    run_ok({"sh", "-c", "cd '" + release + "' && sha256sum --strict --quiet -c SHA256SUMS"});
    run_ok({"openssl", "pkeyutl", "-verify", "-pubin", "-inkey", folder_ / "key.pub", "-rawin", "-in",
            release + "/SHA256SUMS", "-sigfile", release + "/SHA256SUMS.sig"});
    run_ok({"zstd", "-q", "-d", release + "/" + made.image, "-o", folder_ / "card.img"});
    EXPECT_EQ(digest_of_file(folder_ / "card.img"), made.image_sha256);
    EXPECT_EQ(std::filesystem::file_size(folder_ / "card.img"), made.image_size);
    run_ok(
        {"bmaptool", "copy", "--bmap", release + "/rpixen.img.bmap", release + "/" + made.image, folder_ / "copy.img"});
    EXPECT_EQ(digest_of_file(folder_ / "copy.img"), made.image_sha256);
    run_ok({"xmllint", "--noout", release + "/rpixen.img.bmap"});
    VerifyRequest verify_request;
    verify_request.image = folder_ / "card.img";
    verify_request.report = release + "/rpixen.report.json";
    EXPECT_THAT(verify(verify_request).differences, IsEmpty());
}

TEST_F(ReleaseTest, IsTheImageThatComposeWrites) {
    ComposeRequest compose_request;
    compose_request.manifest = kit_.manifest();
    compose_request.output = folder_ / "card.img";
    compose_request.sync = false;
    compose(compose_request);
    EXPECT_EQ(make("none").image_sha256, digest_of_file(folder_ / "card.img"));
    EXPECT_EQ(digest_of_file(folder_ / "release/rpixen.img"), digest_of_file(folder_ / "card.img"));
}

TEST_F(ReleaseTest, EveryInputHasADigestInTheProvenance) {
    ReleaseRequest request;
    request.manifest = kit_.manifest();
    request.folder = folder_ / "release";
    request.digest_inputs = false;  // which is for plan() and compose()
    request.sync = false;
    for (const ReportArtifact& artifact : release(request).card.artifacts)
        EXPECT_EQ(artifact.sha256.size(), 64U) << artifact.role;
}

TEST_F(ReleaseTest, TheSameInputsGiveTheSameBytes) {
    make_key();
    for (const char* compress : {"zst", "xz", "gz", "none"}) {
        make(compress);
        make(compress, "again");
        EXPECT_EQ(run_ok({"diff", "-r", folder_ / "release", folder_ / "again"}), "") << compress;
    }
}

TEST_F(ReleaseTest, ProvesItself) {
    make_key();
    make();
    const ReleaseVerification found = verification(folder_ / "key.pub");
    EXPECT_THAT(found.differences, IsEmpty());
    EXPECT_THAT(found.notes, IsEmpty());
    EXPECT_EQ(found.proven.front(), "SHA256SUMS is signed by this key");
    EXPECT_THAT(found.proven, testing::Contains("the provenance is signed by this key"));
    EXPECT_THAT(verification().notes, ElementsAre("signatures were not looked at: give --key"));
}

TEST_F(ReleaseTest, WithoutAKey) {
    EXPECT_FALSE(make().is_signed);
    EXPECT_THAT(verification().differences, IsEmpty());
    EXPECT_THAT(verification().notes, ElementsAre("the release is not signed"));
    make_key();
    EXPECT_THAT(differences(folder_ / "key.pub"), ElementsAre("SHA256SUMS.sig: missing"));
}

TEST_F(ReleaseTest, AnyChangedFileIsSeen) {
    make_key();
    const Release made = make();
    for (const ReleaseFile& file : made.files) {
        const std::string before = read_file(folder_ / ("release/" + file.name));
        std::string after = before;
        after[after.size() / 2] = static_cast<char>(after[after.size() / 2] ^ 1);
        replace(file.name, after);
        EXPECT_THAT(differences(folder_ / "key.pub"), ElementsAre(file.name + ": content"));
        std::filesystem::remove(folder_ / ("release/" + file.name));
        EXPECT_THAT(differences(), ElementsAre(file.name + ": missing"));
        replace(file.name, before);
    }
    replace("more", "");
    EXPECT_THAT(differences(), ElementsAre("more: unexpected"));
}

TEST_F(ReleaseTest, WhoeverHasNoKeyCannotChangeIt) {
    make_key();
    make();
    std::string text = read_file(folder_ / "release/rpixen.report.json");
    replace("rpixen.report.json", text + " ");
    write_checksums();
    EXPECT_THAT(differences(folder_ / "key.pub"), ElementsAre("SHA256SUMS.sig: signature"));
    // Without the key the provenance still tells of another file.
    EXPECT_THAT(differences(), ElementsAre("rpixen.intoto.jsonl: subject rpixen.report.json"));
    run_ok({"openssl", "genpkey", "-algorithm", "ed25519", "-out", folder_ / "other.pem"});
    run_ok({"openssl", "pkey", "-in", folder_ / "other.pem", "-pubout", "-out", folder_ / "other.pub"});
    make();
    EXPECT_THAT(differences(folder_ / "other.pub"), ElementsAre("SHA256SUMS.sig: signature"));
}

TEST_F(ReleaseTest, AnOlderOneStaysUntilTheNewOneIsWhole) {
    make();
    const std::string before = run_ok({"sha256sum", folder_ / "release/SHA256SUMS"});
    EXPECT_EQ(code_of([](ReleaseRequest& request) { request.sign_command = "exit 1"; }), ErrorCode::unavailable);
    EXPECT_EQ(code_of([](ReleaseRequest& request) {
                  request.deliver = [](const Release&) { throw Error(ErrorCode::io, "nobody listens"); };
              }),
              ErrorCode::io);
    EXPECT_EQ(run_ok({"sha256sum", folder_ / "release/SHA256SUMS"}), before);
    EXPECT_THAT(differences(), IsEmpty());
    make("xz");
    EXPECT_TRUE(std::filesystem::exists(folder_ / "release/rpixen.img.xz"));
    EXPECT_FALSE(std::filesystem::exists(folder_ / "release/rpixen.img.zst"));
    std::size_t left = 0;
    for (const std::string& name : names_in(folder_.path())) left += name.starts_with(".release") ? 1 : 0;
    EXPECT_EQ(left, 0U);
}

TEST_F(ReleaseTest, FoldersThatItMayNotReplace) {
    const auto into = [&](const std::string& folder) {
        return code_of([&](ReleaseRequest& request) { request.folder = folder_ / folder; });
    };
    folder_.write("mine/letter", "");
    EXPECT_EQ(into("mine"), ErrorCode::usage);
    folder_.write("file", "");
    EXPECT_EQ(into("file"), ErrorCode::usage);
    // Others have such digests too.
    folder_.write("download/debian.iso", "");
    folder_.write("download/SHA256SUMS", std::string(64, '1') + "  debian.iso\n");
    EXPECT_EQ(into("download"), ErrorCode::usage);
    EXPECT_EQ(into("firmware"), ErrorCode::usage) << "an input";
    EXPECT_EQ(code_of([](ReleaseRequest& request) { request.folder = {}; }), ErrorCode::usage);
    std::filesystem::create_directory(folder_ / "release");
    make();
    folder_.write("release/letter", "");
    EXPECT_EQ(into("release"), ErrorCode::usage);
    EXPECT_EQ(read_file(folder_ / "release/letter"), "");
}

TEST_F(ReleaseTest, WrongRequests) {
    EXPECT_EQ(code_of([](ReleaseRequest& request) { request.compress = "bz2"; }), ErrorCode::usage);
    EXPECT_EQ(code_of([&](ReleaseRequest& request) { request.sign_key = folder_ / "none"; }), ErrorCode::artifact);
    EXPECT_EQ(code_of([&](ReleaseRequest& request) { request.sign_key = request.sign_command = "true"; }),
              ErrorCode::usage);
    EXPECT_FALSE(std::filesystem::exists(folder_ / "release"));
}

}  // namespace
}  // namespace rpixen::test
