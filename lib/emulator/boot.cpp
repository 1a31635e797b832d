#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <rpixen/emulator.hpp>
#include <rpixen/error.hpp>

#include "emulator/card_view.hpp"
#include "emulator/qemu_process.hpp"
#include "emulator/serial_watch.hpp"
#include "emulator/terminal.hpp"
#include "storage/output_path.hpp"

namespace rpixen {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

// How soon a request to stop is seen.
constexpr std::chrono::milliseconds pulse{200};

/// Opening the log empties it.
void check_log(const BootRequest& request) {
    if (request.log == "-")
        throw Error(ErrorCode::usage, "the log goes into a file", request.log, "a file's name",
                    "write ./- for a file of that name, /dev/stdout for standard output");
    if (!request.log.empty() && same_file(request.log, request.image))
        throw Error(ErrorCode::usage, "the log would replace the image", request.log, "another name",
                    "give --log another file");
}

/// One boot: QEMU, what was heard of it, and when.
class Boot {
  public:
    /// `tells`: notes each stage. Not where a person reads the serial line itself, in the middle of whose
    /// lines the notes would stand.
    Boot(const BootRequest& request, const Supervision& supervision, bool tells)
        : request_(request), supervision_(supervision), tells_(tells) {
        check_log(request);
        result_.qemu = probe_qemu(request.qemu);
        view_ = make_card_view(request.image, request.temporary_folder, supervision);
        result_.edits = view_.edits;
        result_.log = request.log;
        if (!request.log.empty()) {
            log_ = FileDescriptor(::open(request.log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
            if (!log_) throw_io("write", request.log);
        }
        began_ = Clock::now();
        qemu_.emplace(
            QemuMachine{request.qemu, view_.uboot.get(), view_.device_tree.get(), view_.disk.get(), view_.image.get()});
    }

    QemuProcess& qemu() { return *qemu_; }
    const SerialWatch& watch() const { return watch_; }
    double seconds() const { return Seconds(Clock::now() - began_).count(); }

    /// Waits a pulse for the serial line or `other` (-1: nothing else). Says which is ready, {serial, other}.
    std::pair<bool, bool> wait(int other) {
        supervision_.check();
        std::array<pollfd, 2> ready{pollfd{qemu_->serial(), POLLIN, 0}, pollfd{other, POLLIN, 0}};
        if (::poll(ready.data(), ready.size(), static_cast<int>(pulse.count())) < 0 && errno != EINTR)
            throw_io("wait for", "QEMU");
        return {ready[0].revents != 0, ready[1].revents != 0};
    }

    /// What the serial line says now; empty when QEMU is gone.
    std::string_view listen() {
        const ssize_t got = ::read(qemu_->serial(), buffer_.data(), buffer_.size());
        if (got <= 0) return {};
        const std::string_view heard(buffer_.data(), static_cast<std::size_t>(got));
        if (log_) {
            pwrite_exactly(log_.get(), logged_, as_bytes(heard), request_.log);
            logged_ += heard.size();
        }
        // A line at a time, so that no stage goes by unseen.
        for (std::string_view rest = heard; !rest.empty();) {
            const std::size_t length = std::min(rest.find('\n'), rest.size() - 1) + 1;
            const BootStage before = watch_.stage();
            watch_.feed(rest.substr(0, length));
            rest.remove_prefix(length);
            if (watch_.stage() == before) continue;
            result_.stages.push_back({watch_.stage(), seconds()});
            if (tells_) supervision_.note(name_of(watch_.stage()));
        }
        return heard;
    }

    BootResult finish() {
        result_.seconds = seconds();
        result_.reached = watch_.stage();
        return std::move(result_);
    }

    /// Fills in why the boot is over before `until`.
    void explain(bool timed_out) {
        result_.timed_out = timed_out;
        const auto next = static_cast<BootStage>(
            std::min(static_cast<int>(watch_.stage()) + 1, static_cast<int>(BootStage::login)));
        if (watch_.failure()) {
            result_.failed = watch_.failure()->stage;
            result_.cause = watch_.failure()->cause;
            result_.evidence = watch_.failure()->evidence;
            return;
        }
        result_.failed = next;
        result_.evidence = watch_.last_line();
        if (timed_out) {
            result_.cause = "nothing came of " + std::string(name_of(next)) + " within " +
                            std::to_string(request_.timeout.count()) + " s";
        } else {
            result_.cause = "QEMU ended";
            std::string said = qemu_->complaint();
            said.erase(std::min(said.find_last_not_of('\n') + 1, said.size()));
            if (!said.empty()) result_.cause += ": " + said.substr(said.rfind('\n') + 1);
        }
    }

    BootResult& result() { return result_; }

  private:
    const BootRequest& request_;
    const Supervision& supervision_;
    bool tells_;
    BootResult result_;
    CardView view_;
    FileDescriptor log_;
    std::uint64_t logged_ = 0;
    std::optional<QemuProcess> qemu_;
    SerialWatch watch_;
    Clock::time_point began_;
    std::array<char, 16384> buffer_{};
};

void write_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(descriptor, text.data(), text.size());
        if (written < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (written <= 0) throw_io("write to", "the terminal");
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

}  // namespace

BootResult boot_until(const BootRequest& request, const Supervision& supervision) {
    Boot boot(request, supervision, true);
    // A failure that is final may still be followed by lines that explain it.
    constexpr double last_words = 1.0;
    double final_since = -1;
    for (;;) {
        if (boot.wait(-1).first && boot.listen().empty()) {
            boot.explain(false);
            break;
        }
        if (boot.watch().stage() >= request.until) {
            boot.result().ok = true;
            break;
        }
        if (boot.watch().final() && final_since < 0) final_since = boot.seconds();
        if (final_since >= 0 && boot.seconds() - final_since > last_words) {
            boot.explain(false);
            break;
        }
        if (boot.seconds() > static_cast<double>(request.timeout.count())) {
            boot.explain(true);
            break;
        }
    }
    return boot.finish();
}

BootResult boot_on_console(const BootRequest& request, const BootConsole& console, const Supervision& supervision) {
    Boot boot(request, supervision, false);
    const RawTerminal raw(console.input);
    for (;;) {
        const auto [serial, keys] = boot.wait(console.input);
        if (serial) {
            const std::string_view heard = boot.listen();
            if (heard.empty()) {
                boot.explain(false);
                break;
            }
            write_all(console.output, heard);
        }
        if (keys) {
            std::array<char, 1024> typed{};
            const ssize_t got = ::read(console.input, typed.data(), typed.size());
            if (got < 0 && errno == EINTR) continue;
            const std::string_view text(typed.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
            const std::size_t leave = text.find(console.leave);
            boot.qemu().type(text.substr(0, leave));
            if (text.empty() || leave != std::string_view::npos) {
                boot.result().ok = true;  // the person had enough
                break;
            }
        }
    }
    return boot.finish();
}

}  // namespace rpixen
