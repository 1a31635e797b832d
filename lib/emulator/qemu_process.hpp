#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "storage/file_descriptor.hpp"

namespace rpixen {

/// What QEMU is given: descriptors that the child inherits, addressed there as /proc/self/fd/<number>.
struct QemuMachine {
    std::string program;  ///< looked up in PATH
    int uboot = -1;       ///< the file that config.txt's kernel= names
    int device_tree = -1;
    int view = -1;   ///< qcow2, over `image`
    int image = -1;  ///< read only
};

/// "QEMU emulator version 10.0.2 (...)". Throws Error{unavailable}: not installed, or without the machine
/// raspi4b.
std::string probe_qemu(const std::string& program);

/// A running QEMU whose second UART is wired to a socket. It ends with this object, and with this process,
/// whatever becomes of either: it has its own process group, and the kernel kills it when its parent's thread
/// ends.
class QemuProcess {
  public:
    explicit QemuProcess(const QemuMachine& machine);
    QemuProcess(const QemuProcess&) = delete;
    QemuProcess& operator=(const QemuProcess&) = delete;
    ~QemuProcess();

    int serial() const { return serial_.get(); }  ///< readable when the serial line says something; ends with QEMU
    void type(std::string_view keys);             ///< to the serial line; ignored once QEMU is gone
    /// What QEMU itself said, on its standard error.
    std::string complaint() const;

  private:
    pid_t pid_ = -1;
    FileDescriptor serial_;
    FileDescriptor errors_;  ///< an unnamed file
};

}  // namespace rpixen
