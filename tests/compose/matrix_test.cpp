#include <rpixen/matrix.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include <rpixen/compose.hpp>

#include "base/digest.hpp"
#include "support/artifact_kit.hpp"
#include "support/run.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string axes = R"("axes": { "mem": { "at": "/boot/dom0_mem", "values": ["512MiB", "256MiB"] },
                                      "free": { "at": "/image/root_partition/free", "values": ["4MiB", "8MiB"] } })";

class MatrixTest : public testing::Test {
  protected:
    MatrixTest() { write(R"({ "matrix_version": 1, "manifest": "manifest.json", )" + axes + " }"); }

    void write(const std::string& text) { folder_.write("matrix.json", text); }
    MatrixTasks make(const std::string& folder = "tasks", const std::function<void(MatrixRequest&)>& change = {}) {
        MatrixRequest request;
        request.matrix = folder_ / "matrix.json";
        request.folder = folder_ / folder;
        if (change) change(request);
        return write_matrix(request);
    }
    ErrorCode code_of(const std::string& folder = "tasks", const std::function<void(MatrixRequest&)>& change = {}) {
        try {
            make(folder, change);
        } catch (const Error& error) {
            message_ = error.problems().front().text();
            return error.code();
        }
        throw std::runtime_error("no error");
    }
    std::vector<std::string> names_in(const std::string& folder) const {
        std::vector<std::string> names;
        for (const auto& entry : std::filesystem::directory_iterator(folder_ / folder))
            names.push_back(entry.path().filename());
        std::sort(names.begin(), names.end());
        return names;
    }
    static std::string key_of(const std::string& manifest, std::optional<std::int64_t> time = {}) {
        PlanRequest request;
        request.manifest = manifest;
        request.digest_inputs = true;
        request.source_date_epoch = time;
        return card_inputs(request).key;
    }

    std::string image_of(const std::string& manifest) const {
        ComposeRequest request;
        request.manifest = manifest;
        request.output = folder_ / "card.img";
        request.sync = false;
        compose(request);
        return hex(sha256(as_bytes(read_file(request.output))));
    }

    TemporaryFolder folder_;
    ArtifactKit kit_{folder_};
    std::string message_;
};

TEST_F(MatrixTest, WritesManifestsThatComposeAndTheirKeys) {
    const MatrixTasks made = make("deep/er/tasks", [&](MatrixRequest& request) {
        std::filesystem::create_directories(folder_ / "deep/er");
        request.source_date_epoch = 7;
    });
    ASSERT_EQ(made.tasks.size(), 4U);
    EXPECT_THAT(names_in("deep/er/tasks"),
                ElementsAre("0001.json", "0002.json", "0003.json", "0004.json", "tasks.tsv"));
    for (const MatrixTask& task : made.tasks)
        EXPECT_EQ(task.key, key_of(folder_ / ("deep/er/tasks/" + task.manifest), 7)) << task.name;
    EXPECT_NE(made.tasks[0].key, key_of(folder_ / "deep/er/tasks/0001.json"));

    // The same card as from a manifest that a person wrote.
    std::string text = read_file(kit_.manifest());
    text.insert(text.rfind('}'), R"(, "name": "rpixen-256MiB-8MiB", "boot": { "dom0_mem": "256MiB" })");
    EXPECT_EQ(image_of(folder_ / "deep/er/tasks/0004.json"), image_of(folder_.write("by-hand.json", text)));
}

TEST_F(MatrixTest, MayBeAText) {
    const MatrixTasks of_file = make();
    const MatrixTasks of_text = make("others", [&](MatrixRequest& request) {
        request.text = read_file(request.matrix);
        std::filesystem::remove(request.matrix);
    });
    EXPECT_EQ(of_text.table(), of_file.table());
    EXPECT_EQ(read_file(folder_ / "others/0003.json"), read_file(folder_ / "tasks/0003.json"));
}

TEST_F(MatrixTest, TableIsForWhoeverRunsIt) {
    const MatrixTasks made = make();
    const std::string table = read_file(folder_ / "tasks/tasks.tsv");
    EXPECT_EQ(table, made.table());
    std::istringstream lines(table);
    std::string line;
    std::getline(lines, line);
    EXPECT_EQ(line, "name\tmanifest\tkey\tmem\tfree");
    std::getline(lines, line);
    EXPECT_EQ(line, made.tasks[0].name + "\t0001.json\t" + made.tasks[0].key + "\t512MiB\t4MiB");
}

TEST_F(MatrixTest, ChangedInputChangesTheKeysOfItsVariantsOnly) {
    folder_.write("other.dtb", read_file(folder_ / "bcm2711-rpi-4-b.dtb"));
    write(R"({ "matrix_version": 1, "manifest": "manifest.json", "axes": { "board": { "values": [
        { "name": "a", "set": {} }, { "name": "b", "set": { "/artifacts/dtb": "other.dtb" } } ] } } })");
    const MatrixTasks before = make();
    std::ofstream(folder_ / "other.dtb", std::ios::app) << "x";
    const MatrixTasks after = make();
    EXPECT_EQ(before.tasks[0].key, after.tasks[0].key);
    EXPECT_NE(before.tasks[1].key, after.tasks[1].key);
}

TEST_F(MatrixTest, PathsHoldWhereLinksLeadElsewhere) {
    std::filesystem::create_directories(folder_ / "far/away");
    std::filesystem::create_directory_symlink(folder_ / "far/away", folder_ / "near");
    const MatrixTasks made = make("near/tasks");
    EXPECT_EQ(made.tasks[0].key, key_of(folder_ / "far/away/tasks/0001.json"));
}

TEST_F(MatrixTest, ManifestMayStandInTheMatrix) {
    write(R"({ "matrix_version": 1, "manifest": )" + read_file(kit_.manifest()) + ", " + axes + " }");
    const MatrixTasks made = make();
    EXPECT_EQ(made.tasks.size(), 4U);
    EXPECT_EQ(made.tasks[0].key, key_of(folder_ / "tasks/0001.json"));
}

TEST_F(MatrixTest, ReplacesAnEarlierOneAndNothingElse) {
    make();
    write(
        R"({ "matrix_version": 1, "manifest": "manifest.json", "axes": { "mem": { "at": "/boot/dom0_mem", "values": ["1GiB"] } } })");
    make();
    EXPECT_THAT(names_in("tasks"), ElementsAre("0001.json", "tasks.tsv"));
    folder_.write("tasks/mine.txt", "");
    EXPECT_EQ(code_of(), ErrorCode::usage);
    EXPECT_THAT(message_, HasSubstr("mine.txt"));
    std::filesystem::remove(folder_ / "tasks/mine.txt");
    folder_.write("tasks/tasks.tsv", "somebody's own\n");
    EXPECT_EQ(code_of(), ErrorCode::usage);
    std::filesystem::create_directory(folder_ / "empty");
    make("empty");
    EXPECT_EQ(code_of("manifest.json"), ErrorCode::usage);
    EXPECT_EQ(code_of("firmware/tasks"), ErrorCode::usage) << "all of it would be put on the card";
}

TEST_F(MatrixTest, FailureLeavesTheOlderOne) {
    make();
    const std::string table = read_file(folder_ / "tasks/tasks.tsv");
    write(
        R"({ "matrix_version": 1, "manifest": "manifest.json", "axes": { "mem": { "at": "/boot/dom0_mem", "values": ["half"] } } })");
    EXPECT_EQ(code_of(), ErrorCode::manifest);
    EXPECT_THAT(message_, HasSubstr("variant 1 (rpixen-half)"));
    write(
        R"({ "matrix_version": 1, "manifest": "manifest.json", "axes": { "k": { "at": "/artifacts/kernel", "values": ["none"] } } })");
    EXPECT_EQ(code_of(), ErrorCode::artifact);
    write(R"({ "matrix_version": 1, "manifest": "manifest.json", )" + axes + " }");
    EXPECT_EQ(code_of("tasks",
                      [](MatrixRequest& request) {
                          request.deliver = [](const MatrixTasks&) { throw Error(ErrorCode::io, "nobody reads it"); };
                      }),
              ErrorCode::io);
    EXPECT_EQ(read_file(folder_ / "tasks/tasks.tsv"), table);
    EXPECT_EQ(code_of(""), ErrorCode::usage);
    write("{");
    EXPECT_EQ(code_of(), ErrorCode::manifest);
    std::filesystem::remove(folder_ / "matrix.json");
    EXPECT_EQ(code_of(), ErrorCode::manifest);
}

}  // namespace
}  // namespace rpixen::test
