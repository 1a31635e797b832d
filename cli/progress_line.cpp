#include "progress_line.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "error_report.hpp"

namespace rpixen::cli {
namespace {

constexpr double redraw_interval = 0.1;  // seconds
constexpr double settled = 0.5;          // seconds until a rate means anything

std::string mebibytes(double bytes) {
    std::array<char, 32> text{};
    static_cast<void>(std::snprintf(text.data(), text.size(), "%.1f", bytes / (1024 * 1024)));
    return text.data();
}

std::string clock_text(double seconds) {
    const auto whole = static_cast<std::uint64_t>(std::clamp(seconds + 0.5, 0.0, 359'999.0));
    std::array<char, 32> text{};
    static_cast<void>(whole >= 3600
                          ? std::snprintf(text.data(), text.size(), "%u:%02u:%02u", static_cast<unsigned>(whole / 3600),
                                          static_cast<unsigned>(whole / 60 % 60), static_cast<unsigned>(whole % 60))
                          : std::snprintf(text.data(), text.size(), "%u:%02u", static_cast<unsigned>(whole / 60),
                                          static_cast<unsigned>(whole % 60)));
    return text.data();
}

}  // namespace

std::string progress_text(std::string_view phase, std::uint64_t done, std::uint64_t total, double seconds) {
    std::string text(phase);
    const auto bytes = static_cast<double>(done);
    if (total > 0) {
        done = std::min(done, total);
        const double share = static_cast<double>(done) / static_cast<double>(total);
        text += "  " + std::to_string(static_cast<int>(share * 100)) + " %  " + mebibytes(bytes) + " of " +
                mebibytes(static_cast<double>(total)) + " MiB";
    } else {
        text += "  " + mebibytes(bytes) + " MiB";
    }
    if (seconds >= settled && done > 0) {
        const double rate = bytes / seconds;
        text += "  " + mebibytes(rate) + " MiB/s";
        if (total > 0)
            text += "  " + clock_text((static_cast<double>(total) - static_cast<double>(done)) / rate) + " left";
    }
    return text;
}

// A sink must not throw; what a terminal does not take is lost.

void ProgressLine::begin(const PhaseStart& start) noexcept {
    try {
        clear();
        phase_ = name_of(start.phase);
        if (!start.subject.empty()) phase_ += " " + std::string(start.subject);
        total_ = start.total;
        began_ = surroundings_.seconds();
        drawn_ = began_;
        if (wishes_.quiet) return;
        if (surroundings_.terminal)
            draw(0, began_);
        else if (wishes_.verbose)
            write_message(surroundings_.err, "note", phase_);
    } catch (...) {
    }
}

void ProgressLine::advance(std::uint64_t done) noexcept {
    try {
        if (wishes_.quiet || !surroundings_.terminal) return;
        const double now = surroundings_.seconds();
        if (now - drawn_ >= redraw_interval) draw(done, now);
    } catch (...) {
    }
}

void ProgressLine::note(std::string_view text) noexcept {
    try {
        if (wishes_.quiet) return;
        clear();
        write_message(surroundings_.err, "note", text);
    } catch (...) {
    }
}

void ProgressLine::clear() noexcept {
    try {
        if (visible_) surroundings_.err << "\r\x1b[K" << std::flush;
    } catch (...) {
    }
    visible_ = false;
}

void ProgressLine::draw(std::uint64_t done, double now) {
    std::string text = progress_text(phase_, done, total_, now - began_);
    text.resize(std::min(text.size(), std::max<std::size_t>(surroundings_.width(), 2) - 1));
    surroundings_.err << '\r' + text + "\x1b[K" << std::flush;
    drawn_ = now;
    visible_ = true;
}

}  // namespace rpixen::cli
