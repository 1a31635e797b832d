#include <charconv>

#include <rpixen/console.hpp>

#include "console/serial_port.hpp"
#include "console/watch_line.hpp"

namespace rpixen {
namespace {

BootResult known(const BoardRequest& request) {
    check_log(request.log, request.device);
    BootResult result;
    result.serial = request.device;
    result.log = request.log;
    return result;
}

/// What a board's card calls its guests is not known here: "domU1" is the first that Xen starts, any other name one of
/// xl.
unsigned number_of(std::string_view guest) {
    constexpr std::string_view start = "domU";
    unsigned number = 0;
    if (guest.starts_with(start)) std::from_chars(guest.data() + start.size(), guest.data() + guest.size(), number);
    return number;
}

}  // namespace

BootResult watch_board_until(const BoardRequest& request, const Supervision& supervision) {
    BootResult result = known(request);
    SerialPort port(request.device, request.power_command);
    const unsigned number = request.guest ? number_of(request.guest->name) : 0;
    return watch_until(port, {request.until, request.guest, number, request.timeout}, std::move(result), supervision);
}

BootResult watch_board_on_console(const BoardRequest& request, const BootConsole& console,
                                  const Supervision& supervision) {
    BootResult result = known(request);
    SerialPort port(request.device, request.power_command);
    return watch_on_console(port, console, std::move(result), supervision);
}

}  // namespace rpixen
