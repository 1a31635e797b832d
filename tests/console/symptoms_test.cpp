#include "console/symptoms.hpp"

#include <gtest/gtest.h>

#include <rpixen/diagnostic.hpp>

namespace rpixen {
namespace {

void expect_known(const Rules& rules, std::string_view of) {
    for (const std::string_view rule : rules)
        EXPECT_TRUE(rule.empty() || find_diagnostic_rule(rule)) << rule << " of " << of;
}

TEST(Symptoms, name_rules_that_exist_and_a_change) {
    for (const auto table : {firmware_symptoms(), uboot_symptoms(), xen_symptoms(), dom0_symptoms()}) {
        ASSERT_FALSE(table.empty());
        for (const Symptom& symptom : table) {
            expect_known(symptom.rules, symptom.words);
            EXPECT_FALSE(symptom.change.empty()) << symptom.words;
        }
    }
}

// A row that stands behind one with fewer words would never be taken.
TEST(Symptoms, can_each_be_found) {
    for (const auto table : {firmware_symptoms(), uboot_symptoms(), xen_symptoms(), dom0_symptoms()})
        for (const Symptom& symptom : table) EXPECT_EQ(find_symptom(table, symptom.words), &symptom) << symptom.words;
}

TEST(Symptoms, silence_has_a_meaning_after_every_stage) {
    for (int stage = 0; stage < static_cast<int>(BootStage::login); ++stage) {
        const Silence& silence = silence_after(static_cast<BootStage>(stage));
        EXPECT_EQ(silence.reached, static_cast<BootStage>(stage));
        EXPECT_FALSE(silence.rules.front().empty());
        EXPECT_FALSE(silence.change.empty());
        expect_known(silence.rules, name_of(silence.reached));
    }
}

}  // namespace
}  // namespace rpixen
