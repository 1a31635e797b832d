#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include <rpixen/compose.hpp>

#include "support/artifact_kit.hpp"
#include "support/run.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen {
namespace {

using testing::IsEmpty;

/// What a card of this length holds after only the extents of `image` were written to it; before, every byte was
/// `before`.
void write_extents(const std::string& image, const Report& report, const std::string& card, char before) {
    std::string bytes(report.size, before);
    const std::string whole = test::read_file(image);
    std::uint64_t last = 0;
    for (const ReportExtent& extent : report.extents) {
        ASSERT_GE(extent.begin, last);
        ASSERT_LT(extent.begin, extent.end);
        ASSERT_EQ(extent.begin % 512 + extent.end % 512, 0U);
        bytes.replace(extent.begin, extent.end - extent.begin, whole, extent.begin, extent.end - extent.begin);
        last = extent.end;
    }
    std::ofstream(card, std::ios::binary) << bytes;
}

void expect_sound(const test::TemporaryFolder& folder, const Report& report, const std::string& card) {
    for (const ReportPartition& partition : report.partitions) {
        const std::string alone = folder / "partition";
        test::run_ok({"dd", "if=" + card, "of=" + alone, "bs=4096", "skip=" + std::to_string(partition.offset / 4096),
                      "count=" + std::to_string(partition.size / 4096), "status=none"});
        const bool fat = partition.file_system == "fat32";
        const test::Run check = fat ? test::run({"fsck.fat", "-n", alone}) : test::run({"e2fsck", "-fn", alone});
        EXPECT_EQ(check.status, 0) << check.out << check.err;
    }
    VerifyRequest verify_request;
    verify_request.image = card;
    verify_request.report = folder / "card.json";
    EXPECT_THAT(verify(verify_request).differences, IsEmpty());
}

// A used card holds something else where an image has holes: the tails of the FATs were once among these, and
// fsck.fat found 111,616 lost clusters.
TEST(Extents, AreAllThatAUsedCardNeeds) {
    const test::TemporaryFolder folder;
    const test::ArtifactKit kit(folder);
    ComposeRequest request;
    request.manifest = kit.manifest();
    request.output = folder / "card.img";
    request.report = folder / "card.json";
    request.list_extents = true;
    request.sync = false;
    const Report report = compose(request);
    ASSERT_FALSE(report.extents.empty());
    for (const char before : {'\xff', '\0', 'x'}) {
        write_extents(request.output, report, folder / "used.img", before);
        expect_sound(folder, report, folder / "used.img");
    }
    std::uint64_t mapped = 0;
    for (const ReportExtent& extent : report.extents) mapped += extent.end - extent.begin;
    EXPECT_LT(mapped, report.size * 3 / 4);  // free space is none of them

    // The check sees it where one extent less is written.
    for (const std::size_t left_out : {std::size_t{1}, report.extents.size() - 1}) {
        Report less = report;
        less.extents.erase(less.extents.begin() + static_cast<std::ptrdiff_t>(left_out));
        write_extents(request.output, less, folder / "used.img", '\xff');
        VerifyRequest verify_request;
        verify_request.image = folder / "used.img";
        verify_request.report = folder / "card.json";
        bool seen = false;
        try {
            seen = !verify(verify_request).differences.empty();
        } catch (const Error&) {
            seen = true;
        }
        EXPECT_TRUE(seen) << left_out;
    }
}

TEST(Extents, AreListedOnlyWhereTheyAreAskedFor) {
    const test::TemporaryFolder folder;
    const test::ArtifactKit kit(folder);
    PlanRequest request;
    request.manifest = kit.manifest();
    EXPECT_THAT(plan(request).extents, IsEmpty());
    request.list_extents = true;
    EXPECT_FALSE(plan(request).extents.empty());
}

}  // namespace
}  // namespace rpixen
