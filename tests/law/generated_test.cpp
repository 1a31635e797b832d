#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>

#include "law/generator.hpp"
#include "law/law.hpp"
#include "law/stock.hpp"

// The law of the house over generated manifests. RPIXEN_LAW_COUNT is how many, RPIXEN_LAW_FIRST the number of
// the first one; RPIXEN_LAW_COUNT=1 RPIXEN_LAW_FIRST=17 tries manifest 17 alone. RPIXEN_LAW_KEEP is an empty
// folder where the inputs, the manifests and the last images are left for rpixen-img.

namespace rpixen::test {
namespace {

constexpr std::uint64_t shards = 8;

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
    const char* text = std::getenv(variable);
    return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

/// Where the manifests lie beside what they name.
class Workplace {
  public:
    Workplace() { write_stock(folder_); }
    ~Workplace() {
        if (const char* kept = std::getenv("RPIXEN_LAW_KEEP"))
            std::filesystem::copy(folder_.path(), kept,
                                  std::filesystem::copy_options::recursive |
                                      std::filesystem::copy_options::overwrite_existing |
                                      std::filesystem::copy_options::copy_symlinks);
    }
    Workplace(const Workplace&) = delete;
    Workplace& operator=(const Workplace&) = delete;

    const TemporaryFolder& folder() const { return folder_; }

  private:
    TemporaryFolder folder_;
};

/// The options of the run, as the program takes them.
std::string told(const PlanRequest& request) {
    std::string text = "options:";
    for (const std::string& id : request.allow) text += " --allow " + id;
    for (const std::string& id : request.deny) text += " --deny " + id;
    if (request.source_date_epoch) text += " with SOURCE_DATE_EPOCH=" + std::to_string(*request.source_date_epoch);
    return text + "\n";
}

class GeneratedManifests : public testing::TestWithParam<std::uint64_t> {};

/// Every eighth of them, so that the eight run in parallel.
TEST_P(GeneratedManifests, KeepTheLaw) {
    const std::uint64_t first = number_from("RPIXEN_LAW_FIRST", 0);
    const std::uint64_t count = number_from("RPIXEN_LAW_COUNT", 160);
    std::optional<Workplace> place;
    for (std::uint64_t number = first; number < first + count; ++number) {
        if (number % shards != GetParam()) continue;
        if (!place) place.emplace();
        const std::string name = std::to_string(number);
        const std::string text = generated_manifest(number);
        PlanRequest request = generated_request(number);
        request.manifest = place->folder().write("law-" + name + ".json", text);
        std::string broken;
        for (const std::string& line : breaches_of_law(request, place->folder() / "law.img"))
            broken += "law " + name + ": " + line + "\n";
        if (!broken.empty())
            ADD_FAILURE() << broken << text << told(request) << "again: RPIXEN_LAW_FIRST=" << name
                          << " RPIXEN_LAW_COUNT=1 RPIXEN_LAW_KEEP=FOLDER test_law";
    }
}

INSTANTIATE_TEST_SUITE_P(Eighth, GeneratedManifests, testing::Range(std::uint64_t{0}, shards));

}  // namespace
}  // namespace rpixen::test
