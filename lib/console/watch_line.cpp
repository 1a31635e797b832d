#include "console/watch_line.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <rpixen/error.hpp>

#include "console/guest_watch.hpp"
#include "console/serial_watch.hpp"
#include "console/terminal.hpp"
#include "storage/file_descriptor.hpp"
#include "storage/output_path.hpp"

namespace rpixen {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

// How soon a request to stop is seen.
constexpr std::chrono::milliseconds pulse{200};

/// One boot: what was heard of it, and when.
class Watch {
  public:
    /// `tells`: notes each stage. Not where a person reads the serial line itself, in the middle of whose
    /// lines the notes would stand.
    Watch(SerialLine& line, BootResult result, const Supervision& supervision, bool tells)
        : line_(line), result_(std::move(result)), supervision_(supervision), tells_(tells) {
        if (!result_.log.empty()) {
            log_ = FileDescriptor(::open(result_.log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
            if (!log_) throw_io("write", result_.log);
        }
    }

    const SerialWatch& heard() const { return watch_; }
    void listen_for(const Patience& patience) {
        if (!patience.guest) return;
        guest_.emplace(*patience.guest, patience.guest_number);
        result_.guest = patience.guest->word();
    }
    /// What was waited for came about.
    bool done(const Patience& patience) const { return guest_ ? guest_->reached() : watch_.stage() >= patience.until; }
    bool guest_failed() const { return guest_ && !guest_->failure().empty(); }
    double seconds() const { return Seconds(Clock::now() - began_).count(); }

    /// Waits a pulse for the serial line or `other` (-1: nothing else). Says which is ready, {serial, other}.
    std::pair<bool, bool> wait(int other) {
        supervision_.check();
        line_.check();
        std::array<pollfd, 2> ready{pollfd{line_.serial(), POLLIN, 0}, pollfd{other, POLLIN, 0}};
        if (::poll(ready.data(), ready.size(), static_cast<int>(pulse.count())) < 0 && errno != EINTR)
            throw_io("wait for", "the serial line");
        return {ready[0].revents != 0, ready[1].revents != 0};
    }

    /// What the serial line says now; empty when it is at its end.
    std::string_view listen() {
        ssize_t got = 0;
        do got = ::read(line_.serial(), buffer_.data(), buffer_.size());
        while (got < 0 && errno == EINTR && (supervision_.check(), true));
        if (got <= 0) return {};
        const std::string_view heard(buffer_.data(), static_cast<std::size_t>(got));
        if (log_) {
            pwrite_exactly(log_.get(), logged_, as_bytes(heard), result_.log);
            logged_ += heard.size();
        }
        // A line at a time, so that no stage goes by unseen.
        for (std::string_view rest = heard; !rest.empty();) {
            const std::size_t length = std::min(rest.find('\n'), rest.size() - 1) + 1;
            hear(rest.substr(0, length));
            rest.remove_prefix(length);
        }
        return heard;
    }

    /// Speaks to the guest, so that Xen passes on what it asks.
    void type_to_guest() {
        constexpr double pause = 3.0;
        if (!guest_ || watch_.stage() < BootStage::login || seconds() - typed_ < pause) return;
        const std::string_view keys = guest_->keys();
        if (keys.empty()) return;
        line_.type(keys);
        typed_ = seconds();
    }

    /// Why the guest did not come so far, where the board did.
    void explain_guest(std::optional<std::chrono::seconds> timeout) {
        result_.timed_out = timeout.has_value();
        result_.cause = guest_->failure();
        result_.evidence = guest_->evidence();
        if (result_.cause.empty())
            result_.cause = "nothing came of " + result_.guest + " within " + std::to_string(timeout->count()) + " s";
    }

    /// Fills in why the boot is over before `until`; `timeout`: because of that.
    void explain(std::optional<std::chrono::seconds> timeout) {
        if (guest_ && (guest_failed() || (timeout && watch_.stage() >= BootStage::login && !watch_.final())))
            return explain_guest(timeout);
        result_.timed_out = timeout.has_value();
        std::string silent;
        if (timeout) {
            const auto next = std::min(static_cast<int>(watch_.stage()) + 1, static_cast<int>(BootStage::login));
            silent = "nothing came of " + std::string(name_of(static_cast<BootStage>(next))) + " within " +
                     std::to_string(timeout->count()) + " s";
        } else {
            silent = line_.whose_end();
            std::string said = line_.complaint();
            said.erase(said.find_last_not_of('\n') + 1);
            if (!said.empty()) silent += ": " + said.substr(said.rfind('\n') + 1);
        }
        watch_.tell(result_, std::move(silent));
    }

    BootResult finish(bool ok) {
        result_.ok = ok;
        result_.seconds = seconds();
        result_.reached = watch_.stage();
        return std::move(result_);
    }

  private:
    void hear(std::string_view piece) {
        BootStage before = watch_.stage();
        watch_.feed(piece);
        if (guest_) hear_guest(piece);
        if (!watch_.restart().empty() && line_.starting()) {
            // The board was running when it was switched off and on; this is the boot to watch.
            const std::string first = watch_.restart();
            watch_ = SerialWatch();
            result_.stages.clear();
            before = BootStage::none;
            watch_.feed(first);
        }
        if (watch_.stage() == before) return;
        result_.stages.push_back({watch_.stage(), seconds()});
        if (tells_) supervision_.note(name_of(watch_.stage()));
    }

    void hear_guest(std::string_view piece) {
        const bool spoke = guest_->spoke();
        guest_->feed(piece);
        const GuestGoal& goal = guest_->goal();
        if (!spoke && guest_->spoke()) note_guest({goal.name, false});
        if (goal.login && guest_->reached()) note_guest(goal);
    }

    void note_guest(const GuestGoal& goal) {
        result_.stages.push_back({watch_.stage(), seconds(), goal.word()});
        if (tells_) supervision_.note(goal.word());
    }

    SerialLine& line_;
    BootResult result_;
    const Supervision& supervision_;
    bool tells_;
    FileDescriptor log_;
    std::uint64_t logged_ = 0;
    SerialWatch watch_;
    std::optional<GuestWatch> guest_;
    double typed_ = 0;  ///< when, in seconds
    Clock::time_point began_ = Clock::now();
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

void check_log(const std::string& log, const std::string& other) {
    if (log == "-")
        throw Error(ErrorCode::usage, "the log goes into a file", log, "a file's name",
                    "write ./- for a file of that name, /dev/stdout for standard output");
    if (!log.empty() && same_file(log, other))
        throw Error(ErrorCode::usage, "the log would replace " + other, log, "another name", "give --log another file");
}

BootResult watch_until(SerialLine& line, const Patience& patience, BootResult result, const Supervision& supervision) {
    Watch watch(line, std::move(result), supervision, true);
    watch.listen_for(patience);
    // A failure that is final may still be followed by lines that explain it.
    constexpr double last_words = 1.0;
    double final_since = -1;
    for (;;) {
        if (watch.wait(-1).first && watch.listen().empty()) {
            watch.explain(std::nullopt);
            return watch.finish(false);
        }
        // Until the board is switched on, all may be of its life before.
        if (!line.starting()) {
            if (watch.done(patience)) return watch.finish(true);
            watch.type_to_guest();
            if ((watch.heard().final() || watch.guest_failed()) && final_since < 0) final_since = watch.seconds();
            if (final_since >= 0 && watch.seconds() - final_since > last_words) {
                watch.explain(std::nullopt);
                return watch.finish(false);
            }
        }
        if (watch.seconds() > static_cast<double>(patience.timeout.count())) {
            watch.explain(patience.timeout);
            return watch.finish(false);
        }
    }
}

BootResult watch_on_console(SerialLine& line, const BootConsole& console, BootResult result,
                            const Supervision& supervision) {
    Watch watch(line, std::move(result), supervision, false);
    const RawTerminal raw(console.input);
    for (;;) {
        const auto [serial, keys] = watch.wait(console.input);
        if (serial) {
            const std::string_view heard = watch.listen();
            if (heard.empty()) {
                watch.explain(std::nullopt);
                return watch.finish(false);
            }
            write_all(console.output, heard);
        }
        if (keys) {
            std::array<char, 1024> typed{};
            const ssize_t got = ::read(console.input, typed.data(), typed.size());
            if (got < 0 && errno == EINTR) continue;
            const std::string_view text(typed.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
            const std::size_t leave = text.find(console.leave);
            line.type(text.substr(0, leave));
            if (text.empty() || leave != std::string_view::npos) return watch.finish(true);  // the person had enough
        }
    }
}

}  // namespace rpixen
