#include "manifest/object_reader.hpp"

#include <algorithm>
#include <tuple>

#include <rpixen/spelling.hpp>

#include "base/size.hpp"

namespace rpixen {
namespace {

std::string listed(std::span<const std::string_view> words, std::string_view quote) {
    std::string list;
    for (const std::string_view word : words) {
        if (!list.empty()) list += ", ";
        list.append(quote).append(word).append(quote);
    }
    return list;
}

std::string instead(std::string_view word, std::span<const std::string_view> candidates) {
    return did_you_mean(word, candidates, "\"", "\"");
}

std::string allowed_sizes(const SizeLimits& limits) {
    const auto words = [](std::uint64_t bytes) {
        return bytes % KiB == 0 ? '"' + format_size(bytes) + '"' : std::to_string(bytes);
    };
    std::string text(limits.words);
    if (!text.empty()) text += " or ";
    if (limits.unit > 1) text += "a multiple of " + words(limits.unit) + ' ';
    return text + "from " + words(limits.least) + " to " + words(limits.most) +
           ", as an integer of bytes or a string with KiB, MiB, GiB or TiB";
}

/// Also of 1.0 and 1e3, which JSON Schema takes for integers: such a number is better written out.
constexpr const char* not_an_integer = "not a plain integer from 0 to 2^64-1";

}  // namespace

void Problems::add(std::vector<Problem> problems) {
    for (Problem& problem : problems) problems_.push_back(std::move(problem));
}

void Problems::add(const JsonValue& value, std::string message, std::string allowed, std::string change) {
    add({std::move(message), describe(value), std::move(allowed), std::move(change), value.location});
}

void Problems::throw_any() {
    if (problems_.empty()) return;
    std::stable_sort(problems_.begin(), problems_.end(), [](const Problem& a, const Problem& b) {
        return std::tie(a.location.line, a.location.column) < std::tie(b.location.line, b.location.column);
    });
    throw Error(ErrorCode::manifest, std::move(problems_));
}

ObjectReader::ObjectReader(const JsonValue& value, Problems& problems) : value_(value), problems_(problems) {
    if (value_.type != JsonValue::Type::object) problems_.add(value_, "wrong type", "an object");
}

const JsonValue* ObjectReader::optional(std::string_view key) {
    known_.push_back(key);
    for (const JsonMember& member : value_.members)
        if (member.name == key) return &member.value;
    return nullptr;
}

const JsonValue* ObjectReader::required(std::string_view key) {
    const JsonValue* value = optional(key);
    if (!value && value_.type == JsonValue::Type::object)
        problems_.add({in_quotes(key) + " is missing", {}, {}, "add it", value_.location});
    return value;
}

void ObjectReader::finish() {
    for (const JsonMember& member : value_.members) {
        if (std::find(known_.begin(), known_.end(), member.name) != known_.end()) continue;
        problems_.add(
            {"unknown key", in_quotes(member.name), listed(known_, ""), instead(member.name, known_), member.location});
    }
}

std::optional<std::string> read_text(const JsonValue& value, Problems& problems, TextRule rule) {
    if (value.type != JsonValue::Type::string) {
        problems.add(value, "wrong type", "a string");
        return std::nullopt;
    }
    if (rule) {
        if (const std::string_view allowed = rule(value.text); !allowed.empty()) {
            problems.add(value, "not allowed here", std::string(allowed));
            return std::nullopt;
        }
    }
    return value.text;
}

std::optional<std::size_t> read_choice(const JsonValue& value, std::span<const std::string_view> choices,
                                       Problems& problems, std::string_view besides) {
    const bool text = value.type == JsonValue::Type::string;
    const auto choice = std::find(choices.begin(), choices.end(), value.text);
    if (text && choice != choices.end()) return static_cast<std::size_t>(choice - choices.begin());
    std::string allowed = listed(choices, "\"");
    if (!besides.empty()) allowed.append(" or ").append(besides);
    problems.add(value, text ? "not one of the known words" : "wrong type", allowed,
                 text ? instead(value.text, choices) : std::string());
    return std::nullopt;
}

std::optional<std::uint64_t> read_integer(const JsonValue& value, std::uint64_t least, std::uint64_t most,
                                          Problems& problems) {
    if (value.type == JsonValue::Type::number && value.integer && *value.integer >= least && *value.integer <= most)
        return value.integer;
    problems.add(value,
                 value.type != JsonValue::Type::number ? "wrong type"
                 : value.integer                       ? "out of range"
                                                       : not_an_integer,
                 least == most ? std::to_string(least)
                               : "an integer from " + std::to_string(least) + " to " + std::to_string(most));
    return std::nullopt;
}

std::optional<bool> read_boolean(const JsonValue& value, Problems& problems) {
    if (value.type == JsonValue::Type::boolean) return value.text == "true";
    problems.add(value, "wrong type", "true or false");
    return std::nullopt;
}

bool is_word(const JsonValue& value, std::string_view word) {
    return value.type == JsonValue::Type::string && value.text == word;
}

std::optional<std::uint64_t> read_size(const JsonValue& value, const SizeLimits& limits, Problems& problems) {
    constexpr std::string_view out_of_range = "size out of range";
    std::optional<std::uint64_t> bytes = value.integer;
    std::string message = "wrong type";
    std::string change;
    if (value.type == JsonValue::Type::number) {
        message = not_an_integer;
    } else if (value.type == JsonValue::Type::string) {
        message = "not a size";
        const std::size_t digits = std::min(value.text.find_first_not_of("0123456789"), value.text.size());
        const std::string_view unit = std::string_view(value.text).substr(digits);
        if (digits > 0 && (unit == "KiB" || unit == "MiB" || unit == "GiB" || unit == "TiB")) {
            bytes = parse_size(value.text);
            message = out_of_range;  // of 64 bits
        } else if (digits > 0) {
            change = unit.empty() ? "write bytes as an integer without quotes, or add a unit"
                                  : "write the unit as KiB, MiB, GiB or TiB, right after an integer";
        }
    }
    if (bytes && (*bytes < limits.least || *bytes > limits.most)) {
        message = out_of_range;
        bytes.reset();
    }
    if (bytes && *bytes % limits.unit != 0) {
        message = "size not aligned";
        const std::uint64_t below = align_down(*bytes, limits.unit);
        change = "nearest are " + std::to_string(below) + " and " + std::to_string(below + limits.unit);
        bytes.reset();
    }
    if (!bytes) problems.add(value, message, allowed_sizes(limits), change);
    return bytes;
}

std::optional<std::uint64_t> read_address(const JsonValue& value, Problems& problems) {
    std::optional<std::uint64_t> address = value.integer;
    if (value.type == JsonValue::Type::string && (value.text.starts_with("0x") || value.text.starts_with("0X")))
        address = parse_address(value.text);
    if (address && *address < 4 * GiB) return address;
    const bool number = value.type == JsonValue::Type::number;
    problems.add(value,
                 address  ? "address out of range"
                 : number ? not_an_integer
                          : "not an address",
                 "below 4 GiB, as hexadecimal text (\"0x480000\") or an integer");
    return std::nullopt;
}

std::span<const JsonValue> read_array(const JsonValue& value, Problems& problems) {
    if (value.type != JsonValue::Type::array) problems.add(value, "wrong type", "an array");
    return value.elements;
}

}  // namespace rpixen
