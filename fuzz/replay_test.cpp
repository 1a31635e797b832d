#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "base/digest.hpp"
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

std::vector<std::string> texts_in(const std::filesystem::path& folder) {
    std::vector<std::string> texts;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        texts.push_back(test::read_file(entry.path()));
    return texts;
}

/// One of them with a few bytes changed, taken out, doubled or replaced by a part of another.
std::string mutated(const std::vector<std::string>& kept, std::mt19937& random) {
    const auto below = [&](std::size_t end) { return end == 0 ? 0 : random() % end; };
    std::string text = kept[below(kept.size())];
    for (std::size_t changes = 1 + below(6); changes > 0; --changes) {
        const std::size_t place = below(text.size() + 1);
        const std::size_t length = std::min<std::size_t>(1 + below(16), text.size() - place);
        const std::string& other = kept[below(kept.size())];
        switch (random() % 6) {
            case 0:
                if (place < text.size()) text[place] = static_cast<char>(text[place] ^ (1 << below(8)));
                break;
            case 1:
                if (place < text.size()) text[place] = "\0\1\x7f\x80\xff/"[below(6)];
                break;
            case 2:
                text.erase(place, length);
                break;
            case 3:
                text.insert(place, text.substr(place, length));
                break;
            case 4:
                text.resize(place);
                break;
            default:
                text.replace(place, length, other.substr(below(other.size() + 1), 1 + below(64)));
        }
    }
    return text;
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

/// Kept inputs, changed at random: another lot in each run. libFuzzer, which learns from what it reaches, finds more
/// (fuzz/run); this runs with any compiler, everywhere.
TEST_P(Fuzz, NewMutationsEndAsDocumented) {
    const std::vector<std::string> kept = texts_in(folder("corpus"));
    const auto seed = std::random_device{}();
    std::mt19937 random(seed);
    const char* wish = std::getenv("RPIXEN_FUZZ_MUTATIONS");
    const test::TemporaryFolder scratch;
    for (int left = wish ? std::atoi(wish) : 100; left > 0; --left) {
        const std::string input = mutated(kept, random);
        scratch.write("input", input);  // what a crash leaves behind
        EXPECT_NO_THROW(hold(GetParam().target, as_bytes(input)))
            << "seed " << seed << "; keep it in fuzz/findings/" << GetParam().name << ":\n"
            << hex(as_bytes(input));
    }
}

TEST(FuzzMutations, AreManyAndDiffer) {
    const std::vector<std::string> kept{"first", "another one", ""};
    std::mt19937 random(1);
    std::set<std::string> all;
    for (int count = 0; count < 1000; ++count) all.insert(mutated(kept, random));
    EXPECT_GT(all.size(), 300U);
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
