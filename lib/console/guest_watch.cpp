#include "console/guest_watch.hpp"

#include <algorithm>
#include <charconv>

#include "console/plain_line.hpp"

namespace rpixen {
namespace {

/// The number at the start of `text`, which loses it.
std::optional<unsigned> take_number(std::string_view& text) {
    unsigned number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
}

bool take(std::string_view& text, std::string_view start) {
    if (!text.starts_with(start)) return false;
    text.remove_prefix(start.size());
    return true;
}

bool is_name(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char letter) {
        return (letter >= '0' && letter <= '9') || (letter >= 'A' && letter <= 'Z') ||
               (letter >= 'a' && letter <= 'z') || letter == '-';
    });
}

bool asks_for_login(std::string_view said) {
    return said.find(" login:") != std::string_view::npos || said.starts_with("login:");
}

}  // namespace

std::optional<GuestLine> guest_line(std::string_view line) {
    GuestLine result;
    std::string_view rest = line;
    if (take(rest, "(XEN) DOM")) {
        const auto number = take_number(rest);
        if (!number || *number == 0 || !take(rest, ":")) return std::nullopt;
        result.number = *number;
    } else if (take(rest, "(d")) {
        if (const auto number = take_number(rest); number && *number > 0 && take(rest, ")")) result.number = *number;
    }
    if (result.number == 0) {
        rest = line;
        if (!take(rest, "(")) return std::nullopt;
        const std::size_t end = rest.find(')');
        if (end == std::string_view::npos) return std::nullopt;
        result.name = rest.substr(0, end);
        rest.remove_prefix(end + 1);
        // "(none) login:" is asked by a board without a host name.
        const bool of_another = result.name == "XEN" || result.name == "d0" || result.name == "none";
        if (!is_name(result.name) || of_another || !rest.starts_with(' ')) return std::nullopt;
    }
    take(rest, " ");
    result.said = rest;
    return result;
}

void GuestWatch::feed(std::string_view output) {
    pending_ += output;
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = pending_.find('\n', begin)) != std::string::npos; begin = end + 1)
        line(std::string_view(pending_).substr(begin, end - begin));
    pending_.erase(0, begin);
    if (pending_.size() > 64 * 1024) pending_.clear();
}

void GuestWatch::line(std::string_view raw) {
    const std::string said = spoken(plain_line(raw));
    std::string_view input = said;
    if (take(input, "(XEN) *** Serial input to ")) {
        focus_ = take(input, "DOM") ? take_number(input) : std::nullopt;
        return;
    }
    const auto guest = guest_line(said);
    if (guest) {
        if (number_ != 0 ? guest->number == number_ : guest->name == goal_.name) hear(guest->said);
        return;
    }
    // What it is spoken to with, and what Xen held back until then, comes as it is.
    if (number_ != 0 && focus_ == number_ && !said.starts_with("(XEN)")) hear(said);
    // What dom0 says of a guest that it cannot start (tools/libs/light, xl).
    if (number_ == 0 && (said.starts_with("libxl: error:") || said.starts_with("xl: "))) evidence_ = said;
}

void GuestWatch::hear(std::string_view said) {
    if (said.empty()) return;
    spoke_ = true;
    evidence_ = said;
    login_ = login_ || asks_for_login(said);
    if (failure_.empty() && said.find("Kernel panic - not syncing") != std::string_view::npos)
        failure_ = "the guest's kernel stopped: " + std::string(said.substr(said.find("Kernel panic")));
}

std::string_view GuestWatch::keys() const {
    if (!goal_.login || login_ || !spoke_ || number_ == 0) return {};
    // Three times Ctrl-A hand Xen's serial input on to the next domain.
    return focus_ == number_ ? "\r" : "\x01\x01\x01";
}

}  // namespace rpixen
