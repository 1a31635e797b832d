#include <cstdio>

#include <nlohmann/json.hpp>

#include <rpixen/console.hpp>

namespace rpixen {
namespace {

std::string tenths(double seconds) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f", seconds);
    return text;
}

/// It is the guest that did not come about, and no stage of the board's own boot.
bool waits_for_guest(const BootResult& result) {
    return !result.guest.empty() && !result.ok && !result.failed && !result.cause.empty();
}

}  // namespace

std::string BootVerdict::text() const {
    std::string out;
    if (!evidence.empty()) out += "  the console said: " + evidence + "\n";
    if (!change.empty()) out += "  what to change: " + change + "\n";
    for (const std::string& rule : rules)
        out += (&rule == &rules.front() ? "  rule: " : "  or: ") + rule + " (rpixen-img explain " + rule + ")\n";
    return out;
}

std::string BootResult::text() const {
    std::string out;
    for (const StageTime& stage : stages) out += "  " + tenths(stage.seconds) + " s  " + stage.name() + "\n";
    if (!guest.empty() && ok) {
        out += "reached " + guest + " after " + tenths(seconds) + " s\n";
    } else if (waits_for_guest(*this)) {
        out += "stopped before " + guest + " after " + tenths(seconds) + " s: " + cause + "\n";
        out += BootVerdict::text();
    } else if (failed) {
        out += std::string("stopped before ") + name_of(*failed) + " after " + tenths(seconds) + " s: " + cause + "\n";
        out += BootVerdict::text();
    } else {
        out += std::string("reached ") + name_of(reached) + " after " + tenths(seconds) + " s\n";
    }
    if (!log.empty()) out += "  serial log: " + log + "\n";
    if (!serial.empty()) out += "  on " + serial + "\n";
    if (qemu.empty()) return out;
    out += "  in " + qemu + "; edited for the emulator, never on the card:\n";
    for (const std::string& edit : edits) out += "    " + edit + "\n";
    return out;
}

std::string BootResult::json() const {
    nlohmann::ordered_json out = nlohmann::ordered_json::object();
    out["ok"] = ok;
    out["reached"] = !guest.empty() && ok ? guest : name_of(reached);
    out["failed"] = waits_for_guest(*this) ? nlohmann::ordered_json(guest)
                    : failed               ? nlohmann::ordered_json(name_of(*failed))
                                           : nlohmann::ordered_json(nullptr);
    out["cause"] = cause;
    out["evidence"] = evidence;
    out["rule"] = rules.empty() ? "" : rules.front();
    out["rules"] = rules;
    out["change"] = change;
    out["timed_out"] = timed_out;
    out["seconds"] = seconds;
    out["stages"] = nlohmann::ordered_json::array();
    for (const StageTime& stage : stages)
        out["stages"].push_back({{"stage", stage.name()}, {"seconds", stage.seconds}});
    out["edits"] = edits;
    out["qemu"] = qemu;
    out["serial"] = serial;
    out["log"] = log;
    // What came over a serial line need not be UTF-8.
    return out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace rpixen
