#pragma once

#include <string>
#include <vector>

#include <rpixen/error.hpp>

#include "backend/guestfs/appliance.hpp"

namespace rpixen::guestfs {

struct Launched {
    Handle handle;
    std::vector<std::string> notes;
};

/// Starts the appliance, without KVM where KVM fails. See Appliance.
Launched launch(const std::vector<Disk>& disks, const Supervision& supervision);

/// Why KVM cannot be used, as far as can be seen without starting a guest; empty where it may work.
std::string why_no_kvm();

/// The reason of a failed launch in words that lead to what has to be changed. `boot` is the folder of
/// kernels.
Error explain_launch_failure(const std::string& last_error, const std::string& log, const std::string& boot = "/boot");

}  // namespace rpixen::guestfs
