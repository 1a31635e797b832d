#include <rpixen/error.hpp>

#include "backend/guestfs/card_access.hpp"
#include "backend/image_backend.hpp"

namespace rpixen {

namespace {

[[noreturn]] void refuse(const char* what) {
    throw Error(ErrorCode::unavailable, std::string(what) + " is not built in", {}, "direct",
                "build with libguestfs' headers (on Debian: apt-get install libguestfs-dev) and -DRPIXEN_GUESTFS=ON");
}

}  // namespace

std::unique_ptr<ImageBackend> guestfs_backend() {
    refuse("the guestfs back end");
}

std::unique_ptr<ApplianceCards> open_in_appliance(const std::vector<std::string>&, const Supervision&) {
    refuse("the guestfs reader");
}

}  // namespace rpixen
