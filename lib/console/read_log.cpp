#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include <rpixen/console.hpp>
#include <rpixen/error.hpp>

#include "console/serial_watch.hpp"
#include "storage/file_descriptor.hpp"

namespace rpixen {
namespace {

// A board that says something all day fills 1 GB; what matters of a log is its last boot.
constexpr std::uint64_t most = 64ULL << 20;

/// One boot of the log.
struct LoggedBoot {
    SerialWatch watch;
    std::vector<StageLine> stages;

    bool explained() const { return watch.stage() == BootStage::login || watch.failure().has_value(); }
};

/// Takes a log a line at a time.
class LogReader {
  public:
    void take(std::string_view line) {
        bytes_ += line.size();
        noise_ += static_cast<std::uint64_t>(std::ranges::count_if(line, [](char c) {
            const auto byte = static_cast<unsigned char>(c);
            return byte >= 0x80 ||
                   (byte > 0 && byte < ' ' && std::string_view("\a\b\t\n\r\x1b").find(c) == std::string_view::npos);
        }));
        const std::uint64_t before = boots_.back().watch.lines();
        feed(line);
        if (boots_.back().watch.restart().empty()) return;
        boots_.push_back({SerialWatch(before), {}});
        feed(line);
    }

    LogReading finish() const {
        const LoggedBoot& boot = chosen();
        LogReading reading;
        reading.boots = bytes_ == 0 ? 0 : boots_.size();
        reading.boot = bytes_ == 0 ? 0 : static_cast<std::uint64_t>(&boot - boots_.data()) + 1;
        reading.lines = boots_.back().watch.lines();
        reading.stages = boot.stages;
        reading.reached = boot.watch.stage();
        reading.ok = reading.reached == BootStage::login;
        if (reading.ok) return reading;
        boot.watch.tell(reading, silence(boot.watch.stage()));
        reading.line = boot.watch.failure() ? boot.watch.failure()->line : boot.watch.last_line_number();
        return reading;
    }

  private:
    void feed(std::string_view line) {
        LoggedBoot& boot = boots_.back();
        const BootStage before = boot.watch.stage();
        boot.watch.feed(line);
        if (boot.watch.stage() != before) boot.stages.push_back({boot.watch.stage(), boot.watch.lines()});
    }

    /// The last one; the one before it where the log only ends too early to show that it goes the same way.
    const LoggedBoot& chosen() const {
        const LoggedBoot& last = boots_.back();
        if (boots_.size() == 1 || last.explained()) return last;
        const LoggedBoot& before = boots_[boots_.size() - 2];
        return before.watch.failure() && last.watch.stage() < before.watch.failure()->stage ? before : last;
    }

    std::string silence(BootStage reached) const {
        if (bytes_ == 0) return "the log is empty";
        if (reached != BootStage::none) return "nothing more was heard";
        if (noise_ * 4 > bytes_) return "the log is noise: the serial line's speed or its voltage is not the cable's";
        return "nothing in this log is of U-Boot, Xen or dom0's Linux";
    }

    std::vector<LoggedBoot> boots_{1};
    std::uint64_t bytes_ = 0;
    std::uint64_t noise_ = 0;  ///< bytes that no console means
};

FileDescriptor open_log(const std::string& path) {
    FileDescriptor log(path == "-" ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                                   : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!log)
        throw Error(ErrorCode::artifact, "cannot open the log", path + ": " + std::strerror(errno),
                    "a file, or - for standard input");
    return log;
}

}  // namespace

LogReading read_boot_log(const std::string& path, const Supervision& supervision) {
    const FileDescriptor log = open_log(path);
    LogReader reader;
    std::string pending;
    std::array<char, 65536> buffer{};
    std::uint64_t total = 0;
    bool overlong = false;  // the rest of this line is not looked at
    bool returns = false;   // lines end in a carriage return alone
    for (bool first = true;; first = false) {
        supervision.check();
        const ssize_t got = ::read(log.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0)
            throw Error(errno == EISDIR ? ErrorCode::artifact : ErrorCode::io, "cannot read the log",
                        path + ": " + std::strerror(errno), "a file, or - for standard input");
        if (got == 0) break;
        std::string_view text(buffer.data(), static_cast<std::size_t>(got));
        total += text.size();
        if (total > most)
            throw Error(ErrorCode::artifact, "this log is too long", path, "64 MiB",
                        "give its end: tail -c 16M " + path);
        if (first) returns = text.find('\n') == std::string_view::npos && text.find('\r') != std::string_view::npos;
        if (returns) std::replace(buffer.begin(), buffer.begin() + got, '\r', '\n');
        for (std::size_t end = 0; (end = text.find('\n')) != std::string_view::npos; text.remove_prefix(end + 1)) {
            pending += overlong ? text.substr(end, 1) : text.substr(0, end + 1);
            reader.take(pending);
            pending.clear();
            overlong = false;
        }
        if (overlong) continue;
        pending += text;
        if (pending.size() > buffer.size()) {
            reader.take(pending);
            pending.clear();
            overlong = true;
        }
    }
    if (!pending.empty()) reader.take(pending);
    return reader.finish();
}

}  // namespace rpixen
