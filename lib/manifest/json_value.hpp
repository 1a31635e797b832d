#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <rpixen/error.hpp>

namespace rpixen {

struct JsonMember;

/// A JSON value that knows where it stands. Every string is valid UTF-8.
struct JsonValue {
    enum class Type : std::uint8_t { null, boolean, number, string, array, object };

    Type type = Type::null;
    std::string text{};  ///< a string's content; of a number, boolean or null the words of the file
    /// A number's value where it was written as an integer (no fraction, no exponent) of 0 ... 2^64-1.
    std::optional<std::uint64_t> integer{};
    std::vector<JsonValue> elements;  ///< of an array
    std::vector<JsonMember> members;  ///< of an object, in the order of the file; names are unique
    Location location{};              ///< of its first byte, with its JSON pointer
};

struct JsonMember {
    std::string name;
    Location location;  ///< of the key, with the JSON pointer of the value
    JsonValue value;
};

/// A value in a few words, for messages: `"text"`, `17`, `an array`.
std::string describe(const JsonValue& value);

/// A string in quotes on one line: control bytes are escaped and what is beyond 60 bytes is left out.
std::string in_quotes(std::string_view text);

/// The reference token of RFC 6901 for a member name: '~' and '/' are escaped.
std::string pointer_token(std::string_view name);

}  // namespace rpixen
