#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "manifest/json_value.hpp"

namespace rpixen {

/// The mistakes found so far. What reads on after a mistake uses a default; in the end everything is thrown
/// at once.
class Problems {
  public:
    void add(Problem problem) { problems_.push_back(std::move(problem)); }
    void add(std::vector<Problem> problems);
    /// `message`, with what `value` is and where it stands.
    void add(const JsonValue& value, std::string message, std::string allowed, std::string change = {});
    /// Throws Error{manifest}, in the order of the file, unless there are none.
    void throw_any();

  private:
    std::vector<Problem> problems_;
};

/// Reads one object. Keys that were asked for are the known ones; finish() complains about any other.
class ObjectReader {
  public:
    /// A value that is no object is a mistake and then reads like an empty object without required keys.
    ObjectReader(const JsonValue& value, Problems& problems);

    const JsonValue* optional(std::string_view key);
    /// Complains where the key is missing.
    const JsonValue* required(std::string_view key);
    /// Complains about unknown keys, naming the nearest known one.
    void finish();

    const JsonValue& value() const { return value_; }

  private:
    const JsonValue& value_;
    Problems& problems_;
    std::vector<std::string_view> known_;
};

// Each reader below gives nothing, having complained, where the value is not of its kind.

/// A string; `rule` says what is wrong with its content, or nothing.
using TextRule = std::string_view (*)(std::string_view);
std::optional<std::string> read_text(const JsonValue& value, Problems& problems, TextRule rule = nullptr);

/// The index of one of a few words. `besides` says what else is allowed, for messages.
std::optional<std::size_t> read_choice(const JsonValue& value, std::span<const std::string_view> choices,
                                       Problems& problems, std::string_view besides = {});

/// An integer of `least` ... `most`.
std::optional<std::uint64_t> read_integer(const JsonValue& value, std::uint64_t least, std::uint64_t most,
                                          Problems& problems);

std::optional<bool> read_boolean(const JsonValue& value, Problems& problems);

/// Whether it is this string.
bool is_word(const JsonValue& value, std::string_view word);

/// What a size may be: bytes.
struct SizeLimits {
    std::uint64_t least = 0;
    std::uint64_t most = 0;
    std::uint64_t unit = 1;    ///< it is a multiple of this
    std::string_view words{};  ///< also allowed, for messages: `"auto"`
};

/// A size in bytes: an integer, or a decimal number with KiB, MiB, GiB or TiB.
std::optional<std::uint64_t> read_size(const JsonValue& value, const SizeLimits& limits, Problems& problems);

/// An address below 4 GiB: an integer or hexadecimal text with 0x.
std::optional<std::uint64_t> read_address(const JsonValue& value, Problems& problems);

/// The elements of an array; nothing, with a complaint, for anything else.
std::span<const JsonValue> read_array(const JsonValue& value, Problems& problems);

}  // namespace rpixen
