#pragma once

#include "follow/kernels.hpp"
#include "follow/uboot/uboot_shell.hpp"
#include "rules/scenario.hpp"

namespace rpixen {

/// What lies in memory when Xen is started, as far as `run` got: the device tree, Xen, dom0's modules and the guests'
/// in the scenario, each found by what points at it, a kernel by what it is; a placement for each of them, for
/// whatever else was loaded and for what the board keeps for itself. `by_firmware`: no U-Boot was there. Throws
/// Error{io}.
void survey_memory(UBootRun& run, bool by_firmware, Kernels& kernels, BootScenario& scenario);

}  // namespace rpixen
