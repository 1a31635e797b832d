#include "follow/board_choice.hpp"

#include <algorithm>

#include "board/dom0_memory.hpp"
#include "rules/rules.hpp"

namespace rpixen {

std::map<std::uint64_t, std::string> dom0_mem_of_board(UBootStart start, const UBootScriptText& entry) {
    const auto asks = [](const std::string& text) { return text.find("board_rev") != std::string::npos; };
    if (!asks(entry.text) && !(start.boot_script && asks(start.boot_script->text)) &&
        std::none_of(start.environment.begin(), start.environment.end(),
                     [&](const auto& variable) { return asks(variable.second); }))
        return {};
    std::map<std::uint64_t, std::string> chosen;
    for (const std::uint64_t board : board_memories) {
        start.board_memory = board;
        UBootRun run = run_uboot(start, entry);
        const MemoryObject* tree =
            run.booti && run.started ? run.memory.find(parse_hex(run.booti->tree)) : nullptr;
        if (!tree || !tree->tree) return {};
        const auto line = tree->tree->string("/chosen", "xen,xen-bootargs");
        chosen[board] = line ? command_line_value(*line, "dom0_mem").value_or(std::string()) : std::string();
    }
    const std::string first = chosen.begin()->second;
    const bool same =
        std::all_of(chosen.begin(), chosen.end(), [&](const auto& board) { return board.second == first; });
    return same ? std::map<std::uint64_t, std::string>{} : chosen;
}

}  // namespace rpixen
