#include "manifest/json_reader.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

// nlohmann/json is included here only. Its DOM keeps no positions, so its checking SAX parser drives a
// builder of our own, and a locator walks along the same bytes: as the parser has already judged them,
// walking is simple.

namespace rpixen {
namespace {

constexpr std::size_t deepest = 64;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// Walks over a text that is known to be JSON, from token to token.
class Locator {
  public:
    explicit Locator(std::string_view text) : text_(text) {
        if (text_.starts_with(byte_order_mark)) offset_ = line_start_ = byte_order_mark.size();
    }

    /// Goes to the first byte of the next token, over white space, comments, ',' and ':'.
    void to_token() {
        while (offset_ < text_.size()) {
            const char letter = text_[offset_];
            if (text_.substr(offset_, 2) == "//") {
                while (offset_ < text_.size() && text_[offset_] != '\n') step();
            } else if (text_.substr(offset_, 2) == "/*") {
                const std::size_t end = text_.find("*/", offset_ + 2);
                to(end == std::string_view::npos ? text_.size() : end + 2);
            } else if (letter == ',' || letter == ':' || letter == ' ' || letter == '\t' || letter == '\r' ||
                       letter == '\n') {
                step();
            } else {
                return;
            }
        }
    }

    void over_bracket() { step(); }

    void over_string() {
        step();
        while (offset_ < text_.size() && text_[offset_] != '"') {
            if (text_[offset_] == '\\') step();
            step();
        }
        step();
    }

    /// A number or one of the three words; gives it as it is written.
    std::string_view over_scalar() {
        const std::size_t begin = offset_;
        while (offset_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[offset_])) ||
                                          text_[offset_] == '+' || text_[offset_] == '-' || text_[offset_] == '.'))
            step();
        return text_.substr(begin, offset_ - begin);
    }

    void to(std::size_t offset) {
        while (offset_ < std::min(offset, text_.size())) step();
    }

    Location location(const std::string& file, std::string pointer) const {
        return {file, std::move(pointer), line_, static_cast<int>(offset_ - line_start_) + 1};
    }

    char letter() const { return offset_ < text_.size() ? text_[offset_] : '\0'; }

    bool after_comma() const {
        const std::size_t before = offset_ == 0 ? std::string_view::npos
                                                : text_.find_last_not_of(" \t\r\n", offset_ - 1);
        return before != std::string_view::npos && text_[before] == ',';
    }

  private:
    void step() {
        if (offset_ >= text_.size()) return;
        if (text_[offset_++] == '\n') {
            ++line_;
            line_start_ = offset_;
        }
    }

    std::string_view text_;
    std::size_t offset_ = 0;
    std::size_t line_start_ = 0;
    int line_ = 1;
};

/// nlohmann's SAX interface; its callbacks' answer says whether to go on.
class Builder {
  public:
    using number_integer_t = nlohmann::json::number_integer_t;
    using number_unsigned_t = nlohmann::json::number_unsigned_t;
    using number_float_t = nlohmann::json::number_float_t;
    using string_t = nlohmann::json::string_t;
    using binary_t = nlohmann::json::binary_t;

    Builder(std::string_view text, const std::string& file) : text_(text), file_(file), locator_(text) {}

    bool null() { return scalar(JsonValue::Type::null); }
    bool boolean(bool) { return scalar(JsonValue::Type::boolean); }
    bool number_integer(number_integer_t) { return scalar(JsonValue::Type::number); }
    bool number_unsigned(number_unsigned_t value) { return scalar(JsonValue::Type::number, value); }
    bool number_float(number_float_t, const string_t&) { return scalar(JsonValue::Type::number); }
    bool binary(binary_t&) { return false; }

    bool string(string_t& content) {
        JsonValue& value = add(JsonValue::Type::string);
        value.text = std::move(content);
        locator_.over_string();
        return true;
    }

    bool start_object(std::size_t) { return open(JsonValue::Type::object); }
    bool start_array(std::size_t) { return open(JsonValue::Type::array); }
    bool end_array() { return close(); }

    bool key(string_t& name) {
        JsonValue& object = *open_.back();
        locator_.to_token();
        Location place = locator_.location(file_, object.location.pointer + '/' + pointer_token(name));
        object.members.push_back({std::move(name), std::move(place), {}});
        locator_.over_string();
        return true;
    }

    bool end_object() {
        remove_duplicates(open_.back()->members);
        return close();
    }

    bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception& failure) {
        // "[json.exception...] parse error at line 1, column 8: syntax error while parsing object -
        // unexpected ..."
        std::string words = failure.what();
        for (const std::string_view prefix : {"] ", "column ", ": ", " - "}) {
            const std::size_t place = words.find(prefix);
            if (place != std::string::npos) words.erase(0, place + prefix.size());
        }
        Problem problem{.message = "not JSON: " + words};
        locator_.to_token();
        static constexpr std::string_view unexpected = "unexpected ";
        static constexpr std::string_view expected = "; expected ";
        if (words.starts_with(unexpected)) {
            const std::size_t cut = std::min(words.find(expected), words.size());
            problem.message = "not JSON here";
            problem.found = words.substr(unexpected.size(), cut - unexpected.size());
            if (cut < words.size()) problem.allowed = words.substr(cut + expected.size());
            if ((locator_.letter() == '}' || locator_.letter() == ']') && locator_.after_comma())
                problem.change = "remove the comma before it";
            else if (locator_.letter() == '"' && problem.allowed == "'}'")
                problem.change = "put a comma before it";
        } else {
            locator_.to(position == 0 ? 0 : position - 1);
        }
        problem.location = locator_.location(file_, {});
        failure_ = std::move(problem);
        return false;
    }

    JsonDocument finish(bool well) {
        if (well) return {std::move(root_), std::move(problems_)};
        throw Error(ErrorCode::manifest, failure_.value_or(Problem{.message = "not JSON"}));
    }

  private:
    JsonValue& add(JsonValue::Type type) {
        locator_.to_token();
        JsonValue* value = &root_;
        std::string pointer;
        if (!open_.empty()) {
            JsonValue& parent = *open_.back();
            if (parent.type == JsonValue::Type::array) {
                pointer = parent.location.pointer + '/' + std::to_string(parent.elements.size());
                value = &parent.elements.emplace_back();
            } else {
                pointer = parent.members.back().location.pointer;
                value = &parent.members.back().value;
            }
        }
        value->type = type;
        value->location = locator_.location(file_, std::move(pointer));
        return *value;
    }

    bool scalar(JsonValue::Type type, std::optional<std::uint64_t> integer = {}) {
        JsonValue& value = add(type);
        value.text = locator_.over_scalar();
        value.integer = integer;
        return true;
    }

    bool open(JsonValue::Type type) {
        // The pointer stays good: a parent's vector grows only after this value was closed.
        JsonValue& value = add(type);
        if (open_.size() >= deepest) {
            failure_ = Problem{"nested too deeply", {}, std::to_string(deepest) + " levels", {}, value.location};
            return false;
        }
        open_.push_back(&value);
        locator_.over_bracket();
        return true;
    }

    bool close() {
        locator_.to_token();
        locator_.over_bracket();
        open_.pop_back();
        return true;
    }

    void remove_duplicates(std::vector<JsonMember>& members) {
        std::vector<std::size_t> order(members.size());
        for (std::size_t index = 0; index < order.size(); ++index) order[index] = index;
        std::stable_sort(order.begin(), order.end(),
                         [&](std::size_t a, std::size_t b) { return members[a].name < members[b].name; });
        std::vector<bool> repeated(members.size());
        std::size_t first = 0;
        for (std::size_t index = 1; index < order.size(); ++index) {
            if (members[order[index]].name != members[order[first]].name) {
                first = index;
                continue;
            }
            repeated[order[index]] = true;
            problems_.push_back({"the key " + in_quotes(members[order[index]].name) + " stands twice in one object",
                                 "the first one in line " + std::to_string(members[order[first]].location.line),
                                 {},
                                 "remove one of them",
                                 members[order[index]].location});
        }
        std::size_t index = 0;
        std::erase_if(members, [&](const JsonMember&) { return repeated[index++]; });
    }

    std::string_view text_;
    const std::string& file_;
    Locator locator_;
    JsonValue root_;
    std::vector<JsonValue*> open_;
    std::vector<Problem> problems_;
    std::optional<Problem> failure_;
};

Location location_of(std::string_view text, std::size_t offset, const std::string& file) {
    Locator locator(text);
    locator.to(offset);
    return locator.location(file, {});
}

}  // namespace

JsonDocument read_json(std::string_view text, const std::string& file) {
    const std::string_view body = text.starts_with(byte_order_mark) ? text.substr(byte_order_mark.size()) : text;
    if (body.find_first_not_of(" \t\r\n") == std::string_view::npos)
        throw Error(ErrorCode::manifest, Problem{"the file is empty", {}, "a JSON object", {}, {file, {}, 1, 1}});
    // The parser would take a NUL for the end of the text.
    if (const std::size_t place = text.find('\0'); place != std::string_view::npos)
        throw Error(ErrorCode::manifest,
                    Problem{"not JSON: a NUL byte", {}, "text in UTF-8", {}, location_of(text, place, file)});
    Builder builder(text, file);
    const bool well = nlohmann::json::sax_parse(text.begin(), text.end(), &builder,
                                                nlohmann::json::input_format_t::json, true, true);
    return builder.finish(well);
}

}  // namespace rpixen
