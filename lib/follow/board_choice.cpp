#include "follow/board_choice.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/bytes.hpp"
#include "board/board.hpp"
#include "board/dom0_memory.hpp"
#include "rules/rules.hpp"

namespace rpixen {
namespace {

/// Whether any text that may be run has that.
template <typename Has>
bool any_text(const UBootStart& start, const UBootScriptText& entry, Has has) {
    return has(entry.text) || (start.boot_script && has(start.boot_script->text)) ||
           std::any_of(start.environment.begin(), start.environment.end(),
                       [&](const auto& variable) { return has(variable.second); });
}

/// ${board_rev} or ${board_name}; not ${board_revision} and ${board_rev_scheme}.
bool asks_for_model(const std::string& text) {
    const auto word = [](char letter) {
        return letter == '_' || std::isalnum(static_cast<unsigned char>(letter)) != 0;
    };
    for (const std::string_view name : {"board_rev", "board_name"})
        for (std::size_t place = text.find(name); place != std::string::npos; place = text.find(name, place + 1)) {
            const std::size_t end = place + name.size();
            if (end == text.size() || !word(text[end])) return true;
        }
    return false;
}

/// What a run loads and changes, and how it ends.
struct Course {
    std::vector<std::string> steps;
    bool started = false;
    std::string booti;
    bool operator==(const Course&) const = default;
};

Course course_of(const UBootStart& start, const UBootScriptText& entry) {
    const UBootRun run = run_uboot(start, entry);
    Course course;
    for (const UBootStep& step : run.steps)
        if (step.significant) course.steps.push_back(step.text);
    course.started = run.started;
    if (run.booti) course.booti = run.booti->image + " " + run.booti->initrd + " " + run.booti->tree;
    return course;
}

}  // namespace

std::vector<const BoardModel*> boards_of_script(UBootStart start, const UBootScriptText& entry) {
    if (!any_text(start, entry, asks_for_model)) return {};
    BoardModel another = raspberry_pi_4b();
    another.uboot_name = "Unknown model";
    another.type_code = 0xff;
    start.board = &another;
    const Course unknown = course_of(start, entry);
    std::vector<const BoardModel*> boards;
    bool any = false;
    for (const BoardModel& model : board_models()) {
        start.board = &model;
        start.board_memory = model.memories.front();
        const Course course = course_of(start, entry);
        const bool known = course != unknown;
        any = any || known;
        if (known || (&model == &raspberry_pi_4b() && course.started)) boards.push_back(&model);
    }
    return any ? boards : std::vector<const BoardModel*>{};
}

namespace {

/// The firmware's tree as the firmware hands it over on a board with so much memory.
std::optional<Content> with_sdram_size(const std::optional<Content>& firmware_tree, std::uint64_t memory) {
    if (!firmware_tree || firmware_tree->size > 2 * MiB) return firmware_tree;
    try {
        DeviceTree tree = DeviceTree::parse(read_all(*firmware_tree), "the firmware's device tree");
        if (!tree.has("/chosen")) tree.add_node("/", "chosen");
        std::array<std::byte, 4> cell{};
        store_be(cell.data(), static_cast<std::uint32_t>(memory / board::sdram_size_unit));
        tree.set_property("/chosen", board::sdram_size_property, Bytes(cell.begin(), cell.end()));
        return memory_content(tree.bytes(), "the firmware's device tree");
    } catch (const Error& error) {
        if (error.code() == ErrorCode::io) throw;
        return firmware_tree;  // none
    }
}

}  // namespace

std::map<std::uint64_t, std::string> dom0_mem_of_board(UBootStart start, const UBootScriptText& entry) {
    const auto asks = [](const std::string& text) { return text.find("board_rev") != std::string::npos; };
    if (!any_text(start, entry, asks)) return {};
    std::vector<std::uint64_t> memories(start.board->memories.begin(), start.board->memories.end());
    // Who can tell sizes that the revision code has no number for is followed on such a board too.
    const auto asks_for_size = [](const std::string& text) {
        return text.find(board::sdram_size_property) != std::string::npos;
    };
    if (memories.size() > 1 && any_text(start, entry, asks_for_size))
        memories.assign(std::begin(all_board_memories), std::end(all_board_memories));
    const std::optional<Content> firmware_tree = start.firmware_tree;
    std::map<std::uint64_t, std::string> chosen;
    for (const std::uint64_t board : memories) {
        start.board_memory = board;
        start.firmware_tree = with_sdram_size(firmware_tree, board);
        UBootRun run = run_uboot(start, entry);
        const MemoryObject* tree = run.booti && run.started ? run.memory.find(parse_hex(run.booti->tree)) : nullptr;
        if (!tree || !tree->tree) return {};
        const auto line = tree->tree->string("/chosen", "xen,xen-bootargs");
        chosen[board] = line ? command_line_value(*line, "dom0_mem").value_or(std::string()) : std::string();
    }
    const std::string first = chosen.begin()->second;
    const bool same = std::all_of(chosen.begin(), chosen.end(),
                                  [&](const auto& board) { return board.second == first; });
    return same ? std::map<std::uint64_t, std::string>{} : chosen;
}

}  // namespace rpixen
