#include "console/serial_port.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <rpixen/error.hpp>

#include "console/process.hpp"

namespace rpixen {

SerialPort::SerialPort(const std::string& device, const std::string& power_command)
    : device_(device), power_command_(power_command) {
    // Without O_NONBLOCK a line without a carrier would keep us here.
    port_ = FileDescriptor(::open(device.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
    if (!port_)
        throw Error(ErrorCode::io, "cannot open the serial line " + device, std::strerror(errno), {},
                    errno == EACCES  ? "become a member of the group dialout"
                    : errno == EBUSY ? "leave the program that has it open"
                                     : "`ls /dev/ttyUSB* /dev/ttyACM*` shows the adapters");
    if (::tcgetattr(port_.get(), &before_) != 0)
        throw Error(ErrorCode::io, "this is no serial line", device, "a terminal device such as /dev/ttyUSB0");
    ::ioctl(port_.get(), TIOCEXCL);
    termios raw = before_;
    ::cfmakeraw(&raw);
    raw.c_cflag |= CLOCAL | CREAD;
    raw.c_cflag &= ~static_cast<tcflag_t>(CRTSCTS | CSTOPB);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    ::cfsetspeed(&raw, B115200);
    if (::tcsetattr(port_.get(), TCSANOW, &raw) != 0) throw_io("set up", device);
    ::fcntl(port_.get(), F_SETFL, ::fcntl(port_.get(), F_GETFL) & ~O_NONBLOCK);
    if (power_command.empty()) return;
    ::tcflush(port_.get(), TCIFLUSH);  // of the board's life before
    const FileDescriptor nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!nothing) throw_io("open", "/dev/null");
    power_ = start_process({"sh", "-c", power_command}, nothing.get(), STDERR_FILENO, STDERR_FILENO, {});
}

SerialPort::~SerialPort() {
    if (power_) {
        ::kill(-*power_, SIGTERM);
        wait_for(*power_);
    }
    ::tcsetattr(port_.get(), TCSANOW, &before_);
    ::ioctl(port_.get(), TIOCNXCL);
}

void SerialPort::type(std::string_view keys) {
    while (!keys.empty()) {
        const ssize_t sent = ::write(port_.get(), keys.data(), keys.size());
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return;
        keys.remove_prefix(static_cast<std::size_t>(sent));
    }
}

void SerialPort::check() {
    if (!power_) return;
    const auto status = ended(*power_);
    if (!status) return;
    power_.reset();
    if (*status != 0)
        throw Error(ErrorCode::unavailable, "the power command failed", power_command_,
                    "exit status 0, not " + std::to_string(*status), "try it by hand");
}

}  // namespace rpixen
