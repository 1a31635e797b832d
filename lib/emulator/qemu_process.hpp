#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "console/serial_line.hpp"
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
class QemuProcess final : public SerialLine {
  public:
    explicit QemuProcess(const QemuMachine& machine);
    QemuProcess(const QemuProcess&) = delete;
    QemuProcess& operator=(const QemuProcess&) = delete;
    ~QemuProcess() override;

    int serial() const override { return serial_.get(); }  ///< ends with QEMU
    void type(std::string_view keys) override;             ///< ignored once QEMU is gone
    std::string whose_end() const override { return "QEMU ended"; }
    /// What QEMU itself said, on its standard error.
    std::string complaint() const override;

  private:
    pid_t pid_ = -1;
    FileDescriptor serial_;
    FileDescriptor errors_;  ///< an unnamed file
};

}  // namespace rpixen
