#include <rpixen/emulator.hpp>

#include "console/watch_line.hpp"
#include "emulator/card_guests.hpp"
#include "emulator/card_view.hpp"
#include "emulator/qemu_process.hpp"

namespace rpixen {
namespace {

/// A card in the emulator, not yet switched on.
struct EmulatedBoard {
    CardView view;
    BootResult result;  ///< what is known beforehand

    EmulatedBoard(const BootRequest& request, const Supervision& supervision) {
        check_log(request.log, request.image);
        result.qemu = probe_qemu(request.qemu);
        view = make_card_view(request.image, request.temporary_folder, supervision);
        result.edits = view.edits;
        result.log = request.log;
    }

    QemuMachine machine(const BootRequest& request) const {
        return {request.qemu, view.uboot.get(), view.device_tree.get(), view.disk.get(), view.image.get()};
    }
};

}  // namespace

BootResult boot_until(const BootRequest& request, const Supervision& supervision) {
    EmulatedBoard board(request, supervision);
    const unsigned number = request.guest ? number_of_guest(board.view.guests, request.guest->name, request.image) : 0;
    QemuProcess qemu(board.machine(request));
    return watch_until(qemu, {request.until, request.guest, number, request.timeout}, std::move(board.result),
                       supervision);
}

BootResult boot_on_console(const BootRequest& request, const BootConsole& console, const Supervision& supervision) {
    EmulatedBoard board(request, supervision);
    QemuProcess qemu(board.machine(request));
    return watch_on_console(qemu, console, std::move(board.result), supervision);
}

}  // namespace rpixen
