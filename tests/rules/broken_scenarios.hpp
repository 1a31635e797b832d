#pragma once

#include <functional>
#include <map>
#include <string>

#include "rules/rules.hpp"

namespace rpixen::test {

using Break = std::function<void(BootScenario&)>;

/// How good_scenario() is broken, one way for each rule.
const std::map<std::string, Break>& ways_to_break();

Placement& placed(BootScenario& scenario, Placement::Role role);
Placement& placed(BootScenario& scenario, ModuleKind kind);
void set_config(BootScenario& scenario, const std::string& key, const std::string& value);
/// As Xen gets it.
TreeFacts& tree(BootScenario& scenario);
/// A guest beside dom0, as it should be.
void add_guest(BootScenario& scenario);
/// The same with its memory set aside by address, and mapped one to one.
GuestFacts& add_static_guest(BootScenario& scenario);
/// A guest of xl beside dom0, as it should be.
XlGuestFacts& add_xl_guest(BootScenario& scenario);
/// Without dom0's modules.
void remove_dom0(BootScenario& scenario);

}  // namespace rpixen::test
