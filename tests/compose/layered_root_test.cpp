#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include <rpixen/compose.hpp>

#include "support/artifact_kit.hpp"
#include "support/run.hpp"

// Whole cards from container images and layers.

namespace rpixen {
namespace {

using test::ArtifactKit;
using test::read_file;
using test::run_ok;
using test::TemporaryFolder;
using testing::Contains;
using testing::HasSubstr;

class LayeredRoot : public testing::Test {
  protected:
    void root_is(const std::string& json, const std::string& more = {}) {
        std::string text = read_file(manifest_);
        const std::string old = root_;
        root_ = "\"rootfs\": " + json;
        text.replace(text.find(old), old.size(), root_);
        if (!more.empty()) text.replace(text.rfind('}'), 1, ", " + more + "}");
        folder_.write("manifest.json", text);
    }
    Report compose_card() {
        ComposeRequest request;
        request.manifest = manifest_;
        request.output = folder_ / "sdcard.img";
        request.sync = false;
        request.verify = VerifyForm::full;
        return compose(request);
    }
    Report plan_card() {
        PlanRequest request;
        request.manifest = manifest_;
        return plan(request);
    }
    std::string card() {
        compose_card();
        return read_file(folder_ / "sdcard.img");
    }
    void root_is_clean(const Report& report) {
        const ReportPartition& part = report.partitions.at(1);
        const std::string image = read_file(report.output);
        const std::string root = folder_.write("root.ext4", image.substr(part.offset, part.size));
        EXPECT_THAT(run_ok({"e2fsck", "-fn", root}), testing::Not(HasSubstr("Fix?")));
    }

    TemporaryFolder folder_;
    ArtifactKit kit_{folder_};
    std::string manifest_ = kit_.manifest();
    std::string root_ = "\"rootfs\": \"rootfs.tar\"";
};

/// `docker save` as versions before 25 write it, and an OCI layout, of one layer.
constexpr const char* save = R"(
import gzip, hashlib, io, json, os, sys, tarfile
folder = sys.argv[1]
layer = open(folder + "/rootfs.tar", "rb").read()
digest = lambda data: hashlib.sha256(data).hexdigest()
config = json.dumps({"architecture": "arm64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": ["sha256:" + digest(layer)]}}).encode()
def write(name, members):
    with tarfile.open(folder + "/" + name, "w") as tar:
        for path, data in members:
            member = tarfile.TarInfo(path)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
write("docker.tar", [("abc/VERSION", b"1.0"), ("abc/layer.tar", layer), (digest(config) + ".json", config),
    ("manifest.json", json.dumps([{"Config": digest(config) + ".json", "RepoTags": ["dom0:1"], "Layers": ["abc/layer.tar"]}]).encode())])
packed = gzip.compress(layer)
blob = lambda kind, data: {"mediaType": "application/vnd.oci.image." + kind, "digest": "sha256:" + digest(data), "size": len(data)}
image = json.dumps({"schemaVersion": 2, "config": blob("config.v1+json", config), "layers": [blob("layer.v1.tar+gzip", packed)]}).encode()
write("oci.tar", [("blobs/sha256/" + digest(data), data) for data in (packed, image, config)] + [("oci-layout", b'{"imageLayoutVersion":"1.0.0"}'),
    ("index.json", json.dumps({"schemaVersion": 2, "manifests": [blob("manifest.v1+json", image)]}).encode())])
)";

TEST_F(LayeredRoot, AContainerImageGivesTheCardOfItsLayer) {
    const std::string of_tar = card();
    run_ok({"python3", "-", folder_.path().string()}, save);
    run_ok({"gzip", "-k", folder_ / "docker.tar"});
    for (const char* name : {"docker.tar", "docker.tar.gz", "oci.tar"}) {
        root_is('"' + std::string(name) + '"');
        EXPECT_TRUE(card() == of_tar) << name;
        EXPECT_THAT(plan_card().notes, Contains(HasSubstr("a container image"))) << name;
    }
    root_is("\"oci\"");
    std::filesystem::create_directory(folder_ / "oci");
    run_ok({"tar", "-C", folder_ / "oci", "-xf", folder_ / "oci.tar"});
    EXPECT_TRUE(card() == of_tar);
}

TEST_F(LayeredRoot, WhatALaterLayerDropsIsNowhereOnTheCard) {
    const std::string secret = "the secret that a later layer deletes" + std::string(9000, '*');
    folder_.write("1/etc/secret", secret);
    folder_.write("1/opt/a/b", "x");
    folder_.write("2/etc/.wh.secret", "");
    folder_.write("2/opt/.wh.a", "");
    for (const char* name : {"1", "2"})
        run_ok({"tar", "-C", folder_ / name, "--owner=0", "--group=0", "-cf", folder_ / (std::string(name) + ".tar"),
                "."});
    for (const char* form : {"", ".gz"}) {
        if (*form != '\0') run_ok({"gzip", "-k", folder_ / "1.tar", folder_ / "2.tar"});
        root_is(std::string(R"(["rootfs.tar", "1.tar)") + form + R"(", "2.tar)" + form + R"("])");
        const Report report = compose_card();
        EXPECT_THAT(report.notes, Contains(HasSubstr("2 whiteouts applied, 3 names")));
        EXPECT_EQ(report.notes, plan_card().notes);
        EXPECT_EQ(read_file(report.output).find(secret.substr(0, 37)), std::string::npos);
        root_is_clean(report);
    }
}

TEST_F(LayeredRoot, TimesThatExt4CannotHoldArePlannedAsTheyAreWritten) {
    folder_.write("times.tar", run_ok({"python3", "-"}, R"(
import io, sys, tarfile
out = io.BytesIO()
with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
    for time in ("-11644473600", "16725225600", "-9223372036854775808"):
        member = tarfile.TarInfo("etc/" + time)
        member.pax_headers = {"mtime": time}
        tar.addfile(member)
sys.stdout.buffer.write(out.getvalue())
)"));
    root_is(R"(["rootfs.tar", "times.tar"])");
    EXPECT_THAT(compose_card().notes, Contains(HasSubstr("3 times beyond what ext4 can hold")));
}

TEST_F(LayeredRoot, OwnersOfAPlainFolder) {
    folder_.write("home/home/pi/.ssh/key", "k");
    folder_.write("home/home/pi/run", "x");
    root_is(
        R"(["rootfs.tar", "home"])",
        R"("owners": [ { "path": "/home/pi", "uid": 1000, "gid": 1000 }, { "path": "/home/pi/**", "uid": 1000, "gid": 1000 },
                           { "path": "/home/pi/.ssh/**", "mode": "0600" }, { "path": "/srv/new", "uid": 7 } ],
               "files": [ { "partition": "root", "source": "rootfs.tar", "target": "/srv/new/file" } ])");
    const Report report = compose_card();
    const auto of = [&](const std::string& path) {
        for (const ReportFile& file : report.partitions.at(1).files)
            if (file.path == path) return file;
        throw std::runtime_error("nothing at " + path);
    };
    EXPECT_EQ(of("/home/pi").uid, 1000U);
    EXPECT_EQ(of("/home/pi/.ssh/key").gid, 1000U);
    EXPECT_EQ(of("/home/pi/.ssh/key").mode, 0600U);
    EXPECT_EQ(of("/srv/new").uid, 7U) << "a folder on the way to a file";
    EXPECT_EQ(of("/srv/new/file").uid, 0U) << "which has an owner of its own";
}

}  // namespace
}  // namespace rpixen
