#include "compose/gather_inputs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <rpixen/error.hpp>

#include "storage/content_store.hpp"
#include "support/artifact_kit.hpp"
#include "support/run.hpp"

namespace rpixen::test {
namespace {

using testing::ElementsAre;

/// Takes data and forgets it.
class Sink : public ContentStore {
  public:
    void begin(std::uint64_t size) override { size_ = size; }
    void append(ByteView) override {}
    Content finish() override { return {nullptr, 0, size_}; }

  private:
    std::uint64_t size_ = 0;
};

class GatherInputs : public testing::Test {
  protected:
    GatherInputs() : manifest_(parse_manifest(read_file(kit_.manifest()), kit_.manifest())) {}

    void pack_root() { manifest_.rootfs[0].resolved = folder_.write("packed", run_ok({"gzip", "-c"}, tar())); }
    std::string tar() const { return read_file(folder_ / "rootfs.tar"); }
    Error failure(ContentStore& store, const Supervision& supervision = {}) {
        try {
            gather_inputs(manifest_, store, supervision);
        } catch (const Error& error) {
            return error;
        }
        ADD_FAILURE() << "nothing was thrown";
        return {ErrorCode::internal, "nothing"};
    }
    static std::vector<std::string> places(const Error& error) {
        std::vector<std::string> pointers;
        for (const Problem& problem : error.problems()) pointers.push_back(problem.location.pointer);
        return pointers;
    }

    TemporaryFolder folder_;
    ArtifactKit kit_{folder_};
    Manifest manifest_;
    Sink sink_;
};

TEST_F(GatherInputs, BothHalvesAreThere) {
    const Inputs inputs = gather_inputs(manifest_, sink_, {});
    EXPECT_FALSE(inputs.artifacts.xen.banner.empty());
    EXPECT_TRUE(inputs.root.tree.find("etc"));
    EXPECT_THAT(inputs.root.inputs, ElementsAre(manifest_.rootfs[0].resolved));
}

TEST_F(GatherInputs, ProblemsOfBothComeAtOnceAndThoseOfTheBootInputsFirst) {
    manifest_.xen.resolved = folder_.write("xen", "text");
    manifest_.uboot.resolved = folder_ / "nothing";
    manifest_.rootfs[0].resolved = folder_.write("root", "text");
    const Error error = failure(sink_);
    EXPECT_EQ(error.code(), ErrorCode::artifact);
    EXPECT_THAT(places(error), ElementsAre(manifest_.xen.location.pointer, manifest_.uboot.location.pointer,
                                           manifest_.rootfs[0].location.pointer));
}

TEST_F(GatherInputs, ARefusedBootInputIsAllThatIsToldOfARootThatWasGivenUp) {
    manifest_.xen.resolved = folder_.write("xen", "text");
    pack_root();
    const Error error = failure(sink_);
    EXPECT_EQ(error.code(), ErrorCode::artifact);
    EXPECT_THAT(places(error), ElementsAre(manifest_.xen.location.pointer));
}

TEST_F(GatherInputs, AStoreThatFailsIsToldBeforeAnyInput) {
    class Full final : public Sink {
        void append(ByteView) override { throw Error(ErrorCode::io, "no space left"); }
    } full;
    pack_root();
    EXPECT_EQ(failure(full).code(), ErrorCode::io);
}

TEST_F(GatherInputs, TheCallersRequestEndsBoth) {
    CancelToken cancel;
    Supervision supervision;
    supervision.cancel = &cancel;
    class Cancelling final : public Sink {
      public:
        explicit Cancelling(CancelToken& cancel) : cancel_(cancel) {}
        void append(ByteView) override { cancel_.cancel(); }

      private:
        CancelToken& cancel_;
    } store(cancel);
    pack_root();
    EXPECT_EQ(failure(store, supervision).code(), ErrorCode::cancelled);
}

}  // namespace
}  // namespace rpixen::test
