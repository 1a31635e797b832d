#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rpixen::cli {

/// An option that a command can take.
struct Option {
    std::string_view name;
    char letter = '\0';        ///< "-o"; none where 0
    std::string_view value{};  ///< what its value is called in the help; empty: the option takes none
    std::string_view help;
    bool repeatable = false;
    /// What a completion offers: words, or "<file>", "<folder>", "<diagnostic>".
    std::string_view offers = "<file>";
};

/// What was given to a command.
class Arguments {
  public:
    std::vector<std::string> operands;
    std::map<std::string, std::vector<std::string>, std::less<>> options;

    bool has(std::string_view option) const { return options.find(option) != options.end(); }
    /// The value of an option; nothing where it was not given.
    std::optional<std::string> value(std::string_view option) const {
        const auto found = options.find(option);
        if (found == options.end() || found->second.empty()) return std::nullopt;
        return found->second.front();
    }
    /// All values of a repeatable option.
    std::vector<std::string> values(std::string_view option) const {
        const auto found = options.find(option);
        return found == options.end() ? std::vector<std::string>() : found->second;
    }
};

/// Splits a command's words into options and operands. Throws Error{usage}.
Arguments parse_arguments(const std::vector<std::string>& words, const std::vector<Option>& options);

}  // namespace rpixen::cli
