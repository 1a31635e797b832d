#pragma once

#include <optional>
#include <string>

#include <sys/types.h>
#include <termios.h>

#include "console/serial_line.hpp"
#include "storage/file_descriptor.hpp"

namespace rpixen {

/// A terminal device (a USB adapter, a pseudo terminal) at 115,200 baud, eight bits, no parity, no flow control, for
/// nobody else while it is open; its settings are as before when this ends.
class SerialPort final : public SerialLine {
  public:
    /// Opens it, and then starts `power_command` with sh -c, so that no first line is lost. Throws Error{io}.
    SerialPort(const std::string& device, const std::string& power_command);
    SerialPort(const SerialPort&) = delete;
    SerialPort& operator=(const SerialPort&) = delete;
    ~SerialPort() override;

    int serial() const override { return port_.get(); }
    void type(std::string_view keys) override;
    /// Throws Error{unavailable} where the power command has failed.
    void check() override;
    /// The power command runs.
    bool starting() override { return power_.has_value(); }
    std::string whose_end() const override { return device_ + " is gone"; }

  private:
    std::string device_;
    std::string power_command_;
    FileDescriptor port_;
    termios before_{};
    std::optional<pid_t> power_;
};

}  // namespace rpixen
