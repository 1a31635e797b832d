#include "follow/check_card.hpp"

#include <algorithm>

#include "follow/survey.hpp"
#include "rules/rules.hpp"

namespace rpixen {
namespace {

/// Something that is said of a board, and of which boards it is said.
template <typename Said>
struct OfBoards {
    Said said;
    std::vector<const BoardModel*> boards;
};

bool same(const Diagnostic& a, const Diagnostic& b) {
    return a.id == b.id && a.message == b.message && a.found == b.found;
}
bool same(const std::string& a, const std::string& b) {
    return a == b;
}

template <typename Said>
void add(std::vector<OfBoards<Said>>& all, std::vector<Said> said, const BoardModel* board) {
    for (Said& one : said) {
        const auto known = std::find_if(all.begin(), all.end(),
                                        [&](const auto& other) { return same(other.said, one); });
        if (known == all.end())
            all.push_back({std::move(one), {board}});
        else if (known->boards.back() != board)
            known->boards.push_back(board);
    }
}

/// "on a Raspberry Pi 400: "; empty where it is said of every board.
std::string place_of(const std::vector<const BoardModel*>& boards, std::size_t all) {
    if (boards.size() == all) return {};
    std::vector<std::string> names;
    for (const BoardModel* board : boards) names.push_back("a " + std::string(board->name));
    return "on " + describe_list(names) + ": ";
}

/// What is said of each board the card chooses among, once.
void judge_each(Survey& surveyed, CardCheck& check) {
    std::vector<OfBoards<Diagnostic>> diagnostics;
    std::vector<OfBoards<std::string>> notes;
    const std::size_t count = surveyed.boards.size();
    for (std::size_t index = 0; index < count; ++index) {
        Survey& survey = index == 0 ? surveyed : surveyed.others[index - 1];
        add(diagnostics, judge(survey.scenario), surveyed.boards[index]);
        add(notes, std::move(survey.notes), surveyed.boards[index]);
    }
    for (auto& [diagnostic, boards] : diagnostics) {
        diagnostic.message.insert(0, place_of(boards, count));
        check.diagnostics.push_back(std::move(diagnostic));
    }
    std::stable_sort(check.diagnostics.begin(), check.diagnostics.end(), [](const Diagnostic& a, const Diagnostic& b) {
        return a.severity != b.severity ? a.severity > b.severity : a.id < b.id;
    });
    for (auto& [note, boards] : notes) check.notes.push_back(place_of(boards, count) + note);
}

}  // namespace

CardCheck check_card(const Card& card) {
    Survey surveyed = survey(card);
    CardCheck check;
    check.not_followed = surveyed.not_followed;
    if (surveyed.boards.empty()) {
        check.diagnostics = judge(surveyed.scenario);
        check.notes = std::move(surveyed.notes);
    } else {
        judge_each(surveyed, check);
    }
    check.scenario = std::move(surveyed.scenario);
    return check;
}

}  // namespace rpixen
