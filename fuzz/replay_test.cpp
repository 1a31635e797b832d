#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "fuzz/target.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen::fuzz {
namespace {

struct Named {
    const char* name;
    Target target;
};

void PrintTo(const Named& named, std::ostream* out) {
    *out << named.name;
}

constexpr Named targets[] = {
#define RPIXEN_FUZZ_TARGET(name) {#name, name},
#include "fuzz_targets.inc"
#undef RPIXEN_FUZZ_TARGET
};

/// Runs every file of a folder, which need not be there, and returns how many they are.
std::size_t replay(Target target, const std::filesystem::path& folder) {
    std::size_t files = 0;
    std::error_code missing;
    for (const auto& entry : std::filesystem::directory_iterator(folder, missing)) {
        ++files;
        const std::string text = test::read_file(entry.path());
        EXPECT_NO_THROW(hold(target, as_bytes(text))) << entry.path();
    }
    return files;
}

class Fuzz : public testing::TestWithParam<Named> {
  protected:
    std::filesystem::path folder(const char* kind) const {
        return std::filesystem::path(RPIXEN_FUZZ_FOLDER) / kind / GetParam().name;
    }
};

TEST_P(Fuzz, KeptCorpusEndsAsDocumented) {
    EXPECT_GT(replay(GetParam().target, folder("corpus")), 0U);
}

TEST_P(Fuzz, EveryFindingIsMended) {
    replay(GetParam().target, folder("findings"));
}

TEST_P(Fuzz, NothingAtAllEndsAsDocumented) {
    EXPECT_NO_THROW(hold(GetParam().target, {}));
}

INSTANTIATE_TEST_SUITE_P(Targets, Fuzz, testing::ValuesIn(targets),
                         [](const auto& of) { return std::string(of.param.name); });

TEST(FuzzHold, TakesOnlyWhatAnInputMayEndWith) {
    for (const ErrorCode code : {ErrorCode::manifest, ErrorCode::artifact, ErrorCode::unfit})
        EXPECT_NO_THROW(hold([](ByteView input) { throw Error(static_cast<ErrorCode>(input[0]), "said"); },
                             Bytes{static_cast<std::byte>(code)}));
    for (const ErrorCode code :
         {ErrorCode::internal, ErrorCode::usage, ErrorCode::io, ErrorCode::verification, ErrorCode::unavailable})
        EXPECT_THROW(hold([](ByteView input) { throw Error(static_cast<ErrorCode>(input[0]), "said"); },
                          Bytes{static_cast<std::byte>(code)}),
                     Error);
    EXPECT_THROW(hold([](ByteView) { throw std::bad_alloc(); }, {}), std::bad_alloc);
}

/// No folder of files that no target replays.
TEST(FuzzFolders, EachIsOfATarget) {
    for (const char* kind : {"corpus", "findings", "dictionaries"})
        for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(RPIXEN_FUZZ_FOLDER) / kind))
            EXPECT_TRUE(std::any_of(std::begin(targets), std::end(targets), [&](const Named& named) {
                return entry.path().stem() == named.name;
            })) << entry.path();
}

}  // namespace
}  // namespace rpixen::fuzz
