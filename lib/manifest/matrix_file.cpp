#include "manifest/matrix_file.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <rpixen/spelling.hpp>

#include "manifest/json_reader.hpp"
#include "manifest/object_reader.hpp"
#include "manifest/text_rules.hpp"

namespace rpixen {
namespace {

constexpr std::array<std::string_view, 3> columns{"name", "manifest", "key"};  // of tasks.tsv, before the axes

bool is_alphanumeric(char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9');
}

std::string_view axis_name(std::string_view text) {
    const bool right = !text.empty() && text.size() <= 32 && is_alphanumeric(text.front()) &&
                       std::all_of(text.begin(), text.end(), [](char letter) {
                           return is_alphanumeric(letter) || letter == '_' || letter == '-';
                       });
    if (!right) return "1 to 32 letters, digits, '_' and '-', not beginning with '_' or '-'";
    const bool taken = std::find(columns.begin(), columns.end(), text) != columns.end();
    return taken ? "another name than those of the other columns of tasks.tsv: name, manifest, key" : "";
}

/// It is a column of tasks.tsv.
std::string_view value_name(std::string_view text) {
    const bool right = !text.empty() && text.size() <= 128 && std::none_of(text.begin(), text.end(), [](char letter) {
        return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f;
    });
    return right ? "" : "1 to 128 bytes without control characters";
}

/// The tokens of a JSON pointer; none where it is none, or stands for the whole manifest.
std::vector<std::string> tokens_of(std::string_view pointer) {
    std::vector<std::string> tokens;
    if (!pointer.starts_with('/')) return tokens;
    for (std::size_t place = 0; place < pointer.size(); ++place) {
        const char letter = pointer[place];
        if (letter == '/') {
            tokens.emplace_back();
        } else if (letter != '~') {
            tokens.back() += letter;
        } else {
            const char escaped = ++place < pointer.size() ? pointer[place] : '\0';
            if (escaped != '0' && escaped != '1') return {};
            tokens.back() += escaped == '0' ? '~' : '/';
        }
    }
    return tokens;
}

std::string_view pointer_rule(std::string_view text) {
    constexpr std::size_t deepest = 16;
    const std::size_t tokens = tokens_of(text).size();
    return tokens == 0 || tokens > deepest
               ? "a JSON pointer (RFC 6901) to a value of the manifest, at most 16 keys: \"/boot/dom0_mem\""
               : "";
}

/// The elements, and a complaint where there are none or too many.
std::span<const JsonValue> read_list(const JsonValue& value, std::size_t most, Problems& problems) {
    const std::span<const JsonValue> elements = read_array(value, problems);
    if (elements.size() > most) {
        problems.add(value, "too many", "at most " + std::to_string(most));
        return elements.first(most);
    }
    return elements;
}

class AxisReader {
  public:
    AxisReader(std::string name, Problems& problems) : problems_(problems) { axis_.name = std::move(name); }

    MatrixAxis read(const JsonValue& value) {
        ObjectReader object(value, problems_);
        if (const JsonValue* at = object.optional("at"))
            if (const auto pointer = read_text(*at, problems_, pointer_rule)) place_ = tokens_of(*pointer);
        const bool places = object.optional("at") != nullptr;
        if (const JsonValue* values = object.required("values")) {
            const auto list = read_list(*values, most_axis_values, problems_);
            if (values->type == JsonValue::Type::array && list.empty())
                problems_.add(*values, "an axis without values", "at least one");
            for (const JsonValue& element : list) add(element, places);
        }
        object.finish();
        complain_of_names();
        return std::move(axis_);
    }

  private:
    void add(const JsonValue& element, bool places) {
        using Type = JsonValue::Type;
        MatrixValue value;
        if (element.type == Type::object) {
            read_object(element, places, value);
        } else if (!places) {
            problems_.add(element, "wrong type", "an object with \"name\" and \"set\", as the axis has no \"at\"");
        } else if (element.type == Type::array || element.type == Type::null) {
            problems_.add(element, "a value without a name", "an object with \"name\" and \"value\"");
        } else {
            if (const std::string_view allowed = value_name(element.text); !allowed.empty())
                problems_.add(element, "no name for a value", std::string(allowed), "give it one with \"name\"");
            value.name = element.text;
            value.edits.push_back({place_, element, element.location});
        }
        axis_.values.push_back(std::move(value));
        places_.push_back(element.location);
    }

    void read_object(const JsonValue& element, bool places, MatrixValue& value) {
        ObjectReader object(element, problems_);
        if (const JsonValue* name = object.required("name"))
            value.name = read_text(*name, problems_, value_name).value_or("");
        if (places)
            if (const JsonValue* given = object.required("value"))
                value.edits.push_back({place_, *given, given->location});
        if (const JsonValue* set = places ? object.optional("set") : object.required("set")) read_set(*set, value);
        object.finish();
    }

    void read_set(const JsonValue& set, MatrixValue& value) {
        if (set.type != JsonValue::Type::object)
            problems_.add(set, "wrong type", "an object whose keys are JSON pointers");
        for (const JsonMember& member : set.members) {
            if (const std::string_view allowed = pointer_rule(member.name); !allowed.empty())
                problems_.add(
                    {"not a place in the manifest", in_quotes(member.name), std::string(allowed), {}, member.location});
            else
                value.edits.push_back({tokens_of(member.name), member.value, member.value.location});
        }
    }

    void complain_of_names() {
        std::vector<std::pair<std::string_view, std::size_t>> names;
        for (std::size_t index = 0; index < axis_.values.size(); ++index)
            if (!axis_.values[index].name.empty()) names.emplace_back(axis_.values[index].name, index);
        std::sort(names.begin(), names.end());
        for (std::size_t index = 1; index < names.size(); ++index)
            if (names[index].first == names[index - 1].first)
                problems_.add({"two values of one name", in_quotes(names[index].first), "names that differ",
                               "give one another with \"name\"", places_[names[index].second]});
    }

    Problems& problems_;
    MatrixAxis axis_;
    std::vector<std::string> place_;
    std::vector<Location> places_;  ///< of the values
};

void read_axes(const JsonValue& value, Problems& problems, MatrixFile& matrix) {
    if (value.type != JsonValue::Type::object) return problems.add(value, "wrong type", "an object of axes by name");
    if (value.members.empty()) problems.add(value, "no axis", "at least one");
    if (value.members.size() > most_axes)
        return problems.add(value, "too many axes", "at most " + std::to_string(most_axes));
    for (const JsonMember& member : value.members) {
        if (const std::string_view allowed = axis_name(member.name); !allowed.empty())
            problems.add({"no name for an axis", in_quotes(member.name), std::string(allowed), {}, member.location});
        matrix.axes.push_back(AxisReader(member.name, problems).read(member.value));
    }
}

/// The index of what has the name, or nothing after a complaint that names the nearest.
template <typename Named>
std::optional<std::size_t> find_named(const std::vector<Named>& all, std::string_view name, const char* none,
                                      const Location& location, Problems& problems) {
    std::vector<std::string_view> names;
    for (const Named& each : all) {
        if (each.name == name) return names.size();
        names.push_back(each.name);
    }
    problems.add({none, in_quotes(name), {}, did_you_mean(name, names, "\"", "\""), location});
    return std::nullopt;
}

void read_exclusion(const JsonValue& row, Problems& problems, MatrixFile& matrix) {
    if (row.type != JsonValue::Type::object || row.members.empty())
        return problems.add(row, "not a row", "an object of axes' names and values' names");
    MatrixExclusion exclusion(matrix.axes.size());
    for (const JsonMember& member : row.members) {
        const auto axis = find_named(matrix.axes, member.name, "no such axis", member.location, problems);
        if (!axis) continue;
        const bool list = member.value.type == JsonValue::Type::array;
        const std::span<const JsonValue> names = list ? std::span<const JsonValue>(member.value.elements)
                                                      : std::span(&member.value, 1);
        if (names.empty()) problems.add(member.value, "no value", "a value's name, or a list of them");
        for (const JsonValue& name : names) {
            // A number's name is the number as it was written, so that it may be written so here too.
            if (name.type == JsonValue::Type::array || name.type == JsonValue::Type::object) {
                problems.add(name, "wrong type", "the name of a value");
                continue;
            }
            const auto index = find_named(matrix.axes[*axis].values, name.text, "no such value on this axis",
                                          name.location, problems);
            if (index) exclusion[*axis].push_back(*index);
        }
    }
    matrix.exclude.push_back(std::move(exclusion));
}

/// Complains of what stands in braces and is no axis.
void check_name(const MatrixFile& matrix, Problems& problems) {
    const auto complain = [&](const std::string& found) {
        std::string allowed = "{name}";
        for (const MatrixAxis& axis : matrix.axes) allowed += ", {" + axis.name + "}";
        problems.add({"not a part of a variant's name", in_quotes(found), allowed, {}, matrix.name_location});
    };
    const std::string& form = matrix.name;
    for (std::size_t open = form.find('{'); open != std::string::npos; open = form.find('{', open + 1)) {
        const std::size_t close = form.find('}', open);
        if (close == std::string::npos) return complain(form.substr(open));
        const std::string word = form.substr(open + 1, close - open - 1);
        const bool known = word == "name" || std::any_of(matrix.axes.begin(), matrix.axes.end(),
                                                         [&](const MatrixAxis& axis) { return axis.name == word; });
        if (!known) complain(form.substr(open, close - open + 1));
    }
}

void read_base(const JsonValue& value, Problems& problems, MatrixFile& matrix) {
    if (value.type == JsonValue::Type::object)
        matrix.inline_manifest = value;
    else if (value.type == JsonValue::Type::string)
        matrix.manifest = read_text(value, problems, text_rules::path).value_or("");
    else
        problems.add(value, "wrong type", "the path of a manifest, or a manifest");
}

}  // namespace

MatrixFile parse_matrix(std::string_view text, const std::string& file) {
    JsonDocument document = read_json(text, file);
    Problems problems;
    problems.add(std::move(document.problems));
    MatrixFile matrix;
    matrix.name_location = document.root.location;

    ObjectReader top(document.root, problems);
    if (const JsonValue* value = top.optional("$schema")) read_text(*value, problems);
    if (const JsonValue* value = top.required("matrix_version")) read_integer(*value, 1, 1, problems);
    if (const JsonValue* value = top.required("manifest")) read_base(*value, problems, matrix);
    if (const JsonValue* value = top.required("axes")) read_axes(*value, problems, matrix);
    if (const JsonValue* value = top.optional("name")) {
        matrix.name = read_text(*value, problems).value_or("");
        matrix.name_location = value->location;
        check_name(matrix, problems);
    } else {
        matrix.name = "{name}";
        for (const MatrixAxis& axis : matrix.axes) matrix.name += "-{" + axis.name + "}";
    }
    if (const JsonValue* value = top.optional("exclude"))
        for (const JsonValue& row : read_list(*value, most_exclusions, problems)) read_exclusion(row, problems, matrix);
    top.finish();
    problems.throw_any();
    return matrix;
}

}  // namespace rpixen
