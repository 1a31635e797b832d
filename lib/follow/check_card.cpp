#include "follow/check_card.hpp"

#include "follow/survey.hpp"

namespace rpixen {

CardCheck check_card(const Card& card) {
    Survey surveyed = survey(card);
    CardCheck check;
    check.diagnostics = judge(surveyed.scenario);
    check.notes = std::move(surveyed.notes);
    check.scenario = std::move(surveyed.scenario);
    return check;
}

}  // namespace rpixen
