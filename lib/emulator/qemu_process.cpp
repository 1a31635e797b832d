#include "emulator/qemu_process.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rpixen/error.hpp>

#include "base/bytes.hpp"
#include "console/process.hpp"

namespace rpixen {
namespace {

FileDescriptor unnamed_file(const char* name) {
    FileDescriptor file(::memfd_create(name, MFD_CLOEXEC));
    if (!file) throw_io("make", name);
    return file;
}

std::string content_of(int descriptor) {
    struct stat status {};
    if (::fstat(descriptor, &status) != 0 || status.st_size <= 0) return {};
    std::string text(static_cast<std::size_t>(status.st_size), '\0');
    const ssize_t got = ::pread(descriptor, text.data(), text.size(), 0);
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return text;
}

/// Standard output of a short run; nothing where the program could not be started.
std::optional<std::string> ask(const std::vector<std::string>& arguments) {
    const FileDescriptor output = unnamed_file("output");
    const FileDescriptor nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!nothing) throw_io("open", "/dev/null");
    if (wait_for(start_process(arguments, nothing.get(), output.get(), nothing.get(), {})) != 0) return std::nullopt;
    return content_of(output.get());
}

constexpr const char* how_to_install =
    "install Debian's package qemu-system-arm, 9.0 or later (Debian 12 has it in bookworm-backports; "
    "examples/debian/qemu-setup installs the right one), or name another program with --qemu";

std::string by_descriptor(int descriptor) {
    return "/proc/self/fd/" + std::to_string(descriptor);
}

}  // namespace

std::string probe_qemu(const std::string& program) {
    const auto version = ask({program, "--version"});
    if (!version) throw Error(ErrorCode::unavailable, "QEMU for arm64 is not installed", program, "", how_to_install);
    std::string line = version->substr(0, version->find('\n'));
    const auto machines = ask({program, "-machine", "help"});
    if (!machines || machines->find("\nraspi4b ") == std::string::npos)
        throw Error(ErrorCode::unavailable, "this QEMU has no machine raspi4b", line, "QEMU 9.0 or later",
                    how_to_install);
    return line;
}

QemuProcess::QemuProcess(const QemuMachine& machine) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) throw_io("make", "a serial line");
    serial_ = FileDescriptor(ends[0]);
    const FileDescriptor far_end(ends[1]);
    errors_ = unnamed_file("complaint");
    const std::vector<std::string> arguments{
        machine.program, "-nodefaults", "-no-user-config", "-machine", "raspi4b", "-m", "2G",
        // A guest that asks for a reset is a failure to report, not a reason to start again.
        "-no-reboot", "-kernel", by_descriptor(machine.uboot), "-dtb", by_descriptor(machine.device_tree), "-drive",
        "if=sd,format=qcow2,file=" + by_descriptor(machine.view),
        // The first UART (PL011) is silent; U-Boot, Xen and dom0 speak on the second, the mini UART.
        "-serial", "null", "-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console", "-display", "none",
        "-monitor", "none"};
    pid_ = start_process(arguments, far_end.get(), far_end.get(), errors_.get(),
                         {machine.uboot, machine.device_tree, machine.view, machine.image});
}

QemuProcess::~QemuProcess() {
    // Nothing is worth a friendly end: what QEMU wrote goes away with the view.
    ::kill(pid_, SIGKILL);
    wait_for(pid_);
}

void QemuProcess::type(std::string_view keys) {
    while (!keys.empty()) {
        const ssize_t sent = ::send(serial_.get(), keys.data(), keys.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return;
        keys.remove_prefix(static_cast<std::size_t>(sent));
    }
}

std::string QemuProcess::complaint() const {
    return content_of(errors_.get());
}

}  // namespace rpixen
