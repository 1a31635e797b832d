#include "c/requests.hpp"

#include <gmock/gmock.h>

namespace rpixen {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

template <typename Request>
std::vector<Problem> refused(const std::string& json) {
    try {
        parse_request<Request>(json);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::usage);
        return error.problems();
    }
    ADD_FAILURE() << "taken: " << json;
    return {};
}

TEST(Requests, HaveTheFieldsOfTheCallByTheirNames) {
    const auto request = parse_request<ComposeRequest>(
        R"({ "manifest": "m.json", "source_date_epoch": 7, "allow": ["a"], "deny": ["b", "c"], "outputs": ["o"],
             "list_root": false, "digest_inputs": false, "list_extents": true, "output": "card.img", "backend": "guestfs", "verify": "full",
             "report": "r.json", "sync": false, "if_changed": true, "reuse": "old.img", "digest_image": true })");
    EXPECT_EQ(request.manifest.path(), "m.json");
    EXPECT_EQ(request.source_date_epoch, 7);
    EXPECT_THAT(request.allow, ElementsAre("a"));
    EXPECT_THAT(request.deny, ElementsAre("b", "c"));
    EXPECT_THAT(request.outputs, ElementsAre("o"));
    EXPECT_FALSE(request.list_root);
    EXPECT_FALSE(request.digest_inputs);
    EXPECT_TRUE(request.list_extents);
    EXPECT_EQ(request.output, "card.img");
    EXPECT_EQ(request.backend, "guestfs");
    EXPECT_EQ(request.verify, VerifyForm::full);
    EXPECT_EQ(request.report, "r.json");
    EXPECT_FALSE(request.sync);
    EXPECT_TRUE(request.if_changed);
    EXPECT_EQ(request.reuse, "old.img");
    EXPECT_TRUE(request.digest_image);
}

TEST(Requests, KeepTheDefaultsOfWhatIsNotGiven) {
    const auto request = parse_request<ComposeRequest>("{}");
    EXPECT_TRUE(request.manifest.empty());
    EXPECT_EQ(request.output, "sdcard.img");
    EXPECT_EQ(request.verify, VerifyForm::quick);
    EXPECT_TRUE(request.sync);
    EXPECT_EQ(parse_request<BootRequest>(R"({ "until": "xen", "timeout": 9 })").until, BootStage::xen);
    EXPECT_EQ(parse_request<BootRequest>("{}").timeout, std::chrono::seconds(300));
    EXPECT_EQ(parse_request<DiagnoseRequest>(R"({ "log": "l", "image": "i" })").image, "i");
    const auto release = parse_request<ReleaseRequest>(
        R"({ "folder": "f", "compress": "xz", "url": "u", "builder": "b", "sign_key": "k", "sign_command": "c", "sync": false })");
    EXPECT_EQ(
        release.folder + release.compress + release.url + release.builder + release.sign_key + release.sign_command,
        "fxzubkc");
    EXPECT_FALSE(release.sync);
    EXPECT_EQ(parse_request<VerifyReleaseRequest>(R"({ "folder": "f", "key": "k" })").key, "k");
    EXPECT_EQ(parse_request<InspectRequest>(R"({ "image": "i" })").image, "i");
    EXPECT_EQ(parse_request<CheckRequest>(R"({ "subject": "s" })").subject, "s");
    EXPECT_EQ(parse_request<VerifyRequest>(R"({ "image": "i", "form": "quick" })").form, VerifyForm::quick);
}

TEST(Requests, OfCardsAndMatrices) {
    const auto flash = parse_request<FlashRequest>(
        R"({ "manifest": "m", "allow": ["a"], "subject": "s", "device": "/dev/sdb", "skip_equal": true, "insisted": true })");
    EXPECT_EQ(flash.manifest.path() + flash.allow.front() + flash.subject + flash.device, "mas/dev/sdb");
    EXPECT_TRUE(flash.skip_equal && flash.insisted);
    EXPECT_FALSE(parse_request<FlashRequest>("{}").insisted);
    EXPECT_EQ(refused<FlashRequest>(R"({ "confirm": true })").front().location.pointer, "/confirm");
    const auto matrix = parse_request<MatrixRequest>(
        R"({ "matrix": "x", "text": "t", "folder": "f", "source_date_epoch": 7, "allow": ["a"] })");
    EXPECT_EQ(matrix.matrix + matrix.text + matrix.folder + matrix.allow.front(), "xtfa");
    EXPECT_EQ(matrix.source_date_epoch, 7);
    const auto proposal = parse_request<ProposeRequest>(R"({ "folder": "f", "manifest_folder": "m" })");
    EXPECT_EQ(proposal.folder + proposal.manifest_folder, "fm");
    const auto board = parse_request<BoardRequest>(
        R"({ "device": "d", "power_command": "p", "until": "guest:web", "timeout": 9, "log": "l" })");
    EXPECT_EQ(board.device + board.power_command + board.log + board.guest->word(), "dplguest:web");
    EXPECT_EQ(board.timeout, std::chrono::seconds(9));
    const auto diff = parse_request<DiffRequest>(R"({ "a": "i", "manifest_b": { "text": "{}", "folder": "f" } })");
    EXPECT_EQ(diff.a, "i");
    EXPECT_TRUE(diff.manifest_a.empty());
    EXPECT_FALSE(diff.manifest_b.empty());
    EXPECT_EQ(refused<DisksRequest>(R"({ "all": true })").size(), 1U);
}

TEST(Requests, ManifestsMayBeTexts) {
    const auto request = parse_request<PlanRequest>(
        R"({ "manifest": { "text": "{ \"name\": \"n\" }", "folder": "f" } })");
    EXPECT_FALSE(request.manifest.empty());
    EXPECT_EQ(request.manifest.path(), "");
    EXPECT_THAT(refused<PlanRequest>(R"({ "manifest": { "folder": "f" } })").front().text(), HasSubstr("text"));
}

TEST(Requests, EveryMistakeIsTold) {
    const auto problems = refused<ComposeRequest>(R"({ "manifets": "m", "sync": 1, "verify": "no", "allow": "a" })");
    ASSERT_EQ(problems.size(), 4U);
    EXPECT_EQ(problems[0].change, "did you mean \"manifest\"?");
    EXPECT_EQ(problems[1].location.pointer, "/sync");
    EXPECT_EQ(problems[2].location.pointer, "/verify");
    EXPECT_EQ(problems[3].location.pointer, "/allow");
    EXPECT_EQ(refused<PlanRequest>("").size(), 1U);
    EXPECT_EQ(refused<PlanRequest>("[]").size(), 1U);
    EXPECT_EQ(refused<PlanRequest>(R"({ "source_date_epoch": -1 })").size(), 1U);
}

}  // namespace
}  // namespace rpixen
