#include "follow/kernels.hpp"

#include <gtest/gtest.h>

#include "artifact/boot_binaries.hpp"
#include "support/artifact_kit.hpp"

namespace rpixen::test {
namespace {

/// A kernel in memory that remembers how often it was opened.
class CountedSource final : public ContentSource {
  public:
    std::unique_ptr<OpenContent> open(std::uint64_t position) const override {
        ++opened;
        return kernel_.source->open(position);
    }
    std::string name() const override { return "a kernel"; }

    mutable unsigned opened = 0;

  private:
    Content kernel_ = memory_content(ArtifactKit::kernel(), "a kernel");
};

Content content_of(const std::shared_ptr<CountedSource>& source) {
    return {source, 0, ArtifactKit::kernel().size()};
}

TEST(Kernels, LooksIntoAKernelOnce) {
    const auto source = std::make_shared<CountedSource>();
    Kernels kernels(nullptr);
    const KernelFacts first = kernels.survey("Image", content_of(source));
    EXPECT_EQ(first.release, "6.1.0-37-arm64");
    const unsigned opened = source->opened;
    const KernelFacts again = kernels.survey("vmlinuz", content_of(source));
    EXPECT_EQ(source->opened, opened);
    EXPECT_EQ(again.release, first.release);
    EXPECT_EQ(again.file, "vmlinuz");
}

TEST(Kernels, KnowsTwoKernelsApart) {
    Kernels kernels(nullptr);
    const auto one = std::make_shared<CountedSource>();
    const auto other = std::make_shared<CountedSource>();
    kernels.survey("Image", content_of(one));
    kernels.survey("Image", content_of(other));
    EXPECT_GT(other->opened, 0U);
}

TEST(Kernels, TakesWhatWasExaminedBefore) {
    const auto source = std::make_shared<CountedSource>();
    KernelArtifact artifact;
    artifact.content = content_of(source);
    examine_kernel(artifact);
    Kernels kernels(&artifact);
    const unsigned opened = source->opened;
    const KernelFacts facts = kernels.survey("Image", artifact.content);
    EXPECT_EQ(source->opened, opened);
    const KernelFacts afresh = Kernels(nullptr).survey("Image", artifact.content);
    EXPECT_EQ(facts.release, afresh.release);
    EXPECT_EQ(facts.kind, afresh.kind);
    EXPECT_EQ(facts.size, afresh.size);
    EXPECT_EQ(facts.built_for_xen, afresh.built_for_xen);
    EXPECT_EQ(facts.config, afresh.config);
}

}  // namespace
}  // namespace rpixen::test
