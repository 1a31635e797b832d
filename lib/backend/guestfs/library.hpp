#pragma once

#include <guestfs.h>

namespace rpixen::guestfs {

// libguestfs brings some ninety libraries with it, which takes the dynamic linker longer than a plan takes.
// So it is loaded when an appliance is wanted, and a machine without it runs everything else. The names below
// hide the functions of guestfs.h in this namespace.
#define RPIXEN_GUESTFS_FUNCTIONS(use)                                                                                  \
    use(add_drive_opts) use(chmod) use(close) use(create) use(delete_event_callback) use(e2fsck) use(find0)            \
        use(free_partition_list) use(free_statns) use(free_xattr_list) use(fsck) use(get_backend_setting) use(get_pid) \
            use(last_errno) use(last_error) use(launch) use(lchown) use(lgetxattrs) use(list_devices) use(ln)          \
                use(lsetxattr) use(lstatns) use(mke2fs) use(mknod) use(mount_options) use(part_add)                    \
                    use(part_get_bootable) use(part_get_mbr_id) use(part_init) use(part_list) use(part_set_bootable)   \
                        use(part_set_mbr_id) use(pread_device) use(pwrite_device) use(set_backend)                     \
                            use(set_backend_setting) use(set_error_handler) use(set_event_callback) use(set_pgroup)    \
                                use(set_verbose) use(shutdown) use(tar_in_opts) use(tar_out_opts) use(tune2fs)         \
                                    use(umount) use(user_cancel) use(utimens) use(vfs_label) use(vfs_type)             \
                                        use(vfs_uuid)

#define RPIXEN_GUESTFS_DECLARE(name) extern decltype(&::guestfs_##name) guestfs_##name;
RPIXEN_GUESTFS_FUNCTIONS(RPIXEN_GUESTFS_DECLARE)
#undef RPIXEN_GUESTFS_DECLARE

/// Gives the pointers their functions; before the first of them is called. Throws Error{unavailable} where
/// libguestfs is not installed.
void load_library();

}  // namespace rpixen::guestfs
