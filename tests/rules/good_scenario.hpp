#pragma once

#include "rules/scenario.hpp"

namespace rpixen::test {

/// A card that boots: Debian-like numbers, everything known. No rule may find anything in it.
BootScenario good_scenario();

}  // namespace rpixen::test
