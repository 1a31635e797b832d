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

}  // namespace

BootResult watch_board_until(const BoardRequest& request, const Supervision& supervision) {
    BootResult result = known(request);
    SerialPort port(request.device, request.power_command);
    return watch_until(port, {request.until, request.timeout}, std::move(result), supervision);
}

BootResult watch_board_on_console(const BoardRequest& request, const BootConsole& console,
                                  const Supervision& supervision) {
    BootResult result = known(request);
    SerialPort port(request.device, request.power_command);
    return watch_on_console(port, console, std::move(result), supervision);
}

}  // namespace rpixen
