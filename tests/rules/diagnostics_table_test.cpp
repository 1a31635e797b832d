#include "rules/diagnostics_table.hpp"

#include <cstdlib>
#include <fstream>

#include <gtest/gtest.h>

#include <rpixen/diagnostic.hpp>

#include "support/temporary_folder.hpp"

namespace rpixen {
namespace {

const std::string committed = std::string(RPIXEN_SOURCE_DIR) + "/docs/diagnostics.md";

TEST(DiagnosticsTable, TheCommittedOneIsWhatTheCodeSays) {
    if (std::getenv("RPIXEN_ACCEPT")) {
        std::ofstream(committed, std::ios::binary) << diagnostics_table();
        GTEST_SKIP() << "docs/diagnostics.md was written anew";
    }
    EXPECT_EQ(test::read_file(committed), diagnostics_table())
        << "run RPIXEN_ACCEPT=1 test_rules --gtest_filter='DiagnosticsTable.*' and look at the difference";
}

TEST(DiagnosticsTable, HoldsEveryRuleTwice) {
    const std::string text = diagnostics_table();
    for (const DiagnosticRule& rule : diagnostic_rules()) {
        EXPECT_NE(text.find("| [" + std::string(rule.id) + "]("), std::string::npos) << rule.id << " is of no chapter";
        EXPECT_NE(text.find("\n### " + std::string(rule.id) + "\n"), std::string::npos) << rule.id;
    }
}

}  // namespace
}  // namespace rpixen
