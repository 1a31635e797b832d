#include <nlohmann/json.hpp>

#include "command.hpp"

namespace rpixen::cli {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Option& option) {
    return {{"name", option.name},
            {"letter", option.letter == '\0' ? "" : std::string(1, option.letter)},
            {"value", option.value},
            {"help", option.help},
            {"repeatable", option.repeatable},
            {"offers", option.value.empty() ? "" : option.offers}};
}

}  // namespace

std::string commands_json() {
    Json json = Json::array();
    for (const Command& command : commands()) {
        Json& entry = json.emplace_back(Json{{"name", command.name},
                                             {"operands", command.operands},
                                             {"summary", command.summary},
                                             {"story", command.story},
                                             {"examples", command.examples}});
        entry["options"] = Json::array();
        for (const Option& option : command.options) entry["options"].push_back(json_of(option));
    }
    return json.dump(2) + "\n";
}

}  // namespace rpixen::cli
