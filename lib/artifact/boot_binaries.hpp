#pragma once

#include <map>
#include <string>
#include <string_view>

#include "artifact/artifact_set.hpp"

namespace rpixen {

/// Fill in what the bytes of `content` tell, which are raw (unpacked). Nothing is refused here: what is not
/// found stays empty. The header stays as it is where the content is no arm64 Image. Throw Error{io}.

/// The version: the EFI loader's greeting (xen/common/efi/boot.c, UTF-16) or dom0's hypervisor node
/// (xen/arch/arm/domain_build.c, "xen,xen-4.17").
void examine_xen(XenArtifact& xen);
/// The banner (init/version.c), IKCONFIG (kernel/configs.c), and CONFIG_XEN by that or by the words of
/// arch/arm/xen/enlighten.c.
void examine_kernel(KernelArtifact& kernel);
/// The banner (cmd/version.c), the default environment, and features by the words of their code.
void examine_uboot(UBootArtifact& uboot);

/// The text of a kernel's .config: "CONFIG_XEN" = "y".
std::map<std::string, std::string> parse_kernel_config(std::string_view text);

/// The day on which the GPU's firmware was built ("2022-08-26"), by its "VC_BUILD_ID_TIME: Aug 26 2022"; empty where it
/// is not found. Throws Error{io}.
std::string firmware_build_date(const Content& firmware);

/// The configuration that Xen was built with ("CONFIG_XSM" = "y"), which is in the binary as gzip
/// (xen/common/config_data.S); empty where it is not found.
std::map<std::string, std::string> xen_build_config(const Content& xen);

}  // namespace rpixen
