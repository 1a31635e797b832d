#include <rpixen/error.hpp>

#include "backend/image_backend.hpp"

namespace rpixen {

std::unique_ptr<ImageBackend> guestfs_backend() {
    throw Error(
        ErrorCode::unavailable, "the guestfs back end is not built in", {}, "the direct back end",
        "build with libguestfs' headers (on Debian: apt-get install libguestfs-dev) and -DRPIXEN_GUESTFS=ON");
}

}  // namespace rpixen
