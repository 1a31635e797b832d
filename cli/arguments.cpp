#include "arguments.hpp"

#include <boost/program_options.hpp>

#include <rpixen/error.hpp>
#include <rpixen/spelling.hpp>

namespace rpixen::cli {
namespace {

namespace po = boost::program_options;

[[noreturn]] void refuse_unknown(std::string name, const std::vector<Option>& options) {
    while (name.starts_with('-')) name.erase(0, 1);
    std::vector<std::string_view> names;
    for (const Option& option : options) names.push_back(option.name);
    const bool is_long = name.size() > 1;
    throw Error(ErrorCode::usage, "unknown option", (is_long ? "--" : "-") + name, {},
                is_long ? did_you_mean(name, names, "--") : std::string());
}

}  // namespace

Arguments parse_arguments(const std::vector<std::string>& words, const std::vector<Option>& options) {
    static constexpr const char* operand = "operand";
    po::options_description description;
    for (const Option& option : options) {
        std::string names(option.name);
        if (option.letter != '\0') names.append(",").append(1, option.letter);
        if (option.value.empty())
            description.add_options()(names.c_str(), "");
        else
            description.add_options()(names.c_str(), po::value<std::string>());
    }
    description.add_options()(operand, po::value<std::vector<std::string>>());
    po::positional_options_description operands;
    operands.add(operand, -1);

    Arguments arguments;
    try {
        using namespace po::command_line_style;  // everything but guessing from a beginning
        const po::parsed_options parsed = po::command_line_parser(words)
                                              .options(description)
                                              .positional(operands)
                                              .style(default_style & ~allow_guessing)
                                              .run();
        for (const auto& given : parsed.options) {
            if (given.string_key == operand) {
                if (given.position_key < 0) refuse_unknown(operand, options);
                arguments.operands.insert(arguments.operands.end(), given.value.begin(), given.value.end());
                continue;
            }
            auto& values = arguments.options[given.string_key];
            const auto option = std::find_if(options.begin(), options.end(), [&](const Option& candidate) {
                return candidate.name == given.string_key;
            });
            if (option != options.end() && !option->value.empty() && !option->repeatable && !values.empty())
                throw Error(ErrorCode::usage, "an option is given twice", "--" + given.string_key, {}, "give it once");
            values.insert(values.end(), given.value.begin(), given.value.end());
        }
    } catch (const po::unknown_option& failure) {
        refuse_unknown(failure.get_option_name(), options);
    } catch (const po::error& failure) {
        throw Error(ErrorCode::usage, failure.what());
    }
    return arguments;
}

}  // namespace rpixen::cli
