#include "release/packages/control_stanzas.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"

namespace rpixen {
namespace {

using Field = std::pair<std::string_view, std::string_view ControlStanza::*>;

constexpr std::array<Field, 7> fields{{{"Package", &ControlStanza::package},
                                       {"Status", &ControlStanza::status},
                                       {"Version", &ControlStanza::version},
                                       {"Architecture", &ControlStanza::architecture},
                                       {"Source", &ControlStanza::source},
                                       {"Maintainer", &ControlStanza::maintainer},
                                       {"License", &ControlStanza::licence}}};

void take_line(std::string_view line, ControlStanza& stanza) {
    if (line.front() == ' ' || line.front() == '\t') return;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) {
        stanza.damaged = true;
        return;
    }
    for (const auto& [name, member] : fields)
        if (same_name(line.substr(0, colon), name)) stanza.*member = trimmed(line.substr(colon + 1));
}

}  // namespace

void for_each_stanza(std::string_view text, const std::function<void(const ControlStanza&)>& take) {
    ControlStanza stanza;
    bool begun = false;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        const bool last = end == text.size();  // without a line end
        text.remove_prefix(last ? end : end + 1);
        if (trimmed(line).empty()) {
            if (begun) take(std::exchange(stanza, {}));
            begun = false;
            continue;
        }
        begun = true;
        take_line(line, stanza);
        stanza.damaged = stanza.damaged || last;
    }
    if (begun) take(stanza);
}

}  // namespace rpixen
