#include "manifest/variants.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include "manifest/sections.hpp"

namespace rpixen {
namespace {

constexpr std::size_t most_told = 100;  // mistakes

std::uint64_t weight_of(const JsonValue& value) {
    std::uint64_t weight = sizeof(JsonValue) + value.text.size();
    for (const JsonValue& element : value.elements) weight += weight_of(element);
    for (const JsonMember& member : value.members) weight += member.name.size() + weight_of(member.value);
    return weight;
}

/// Gives every value below the pointer that it now has; it keeps its line, in whichever file that is.
void relocate(JsonValue& value, const std::string& pointer) {
    value.location.pointer = pointer;
    for (std::size_t index = 0; index < value.elements.size(); ++index)
        relocate(value.elements[index], pointer + '/' + std::to_string(index));
    for (JsonMember& member : value.members) {
        member.location.pointer = pointer + '/' + pointer_token(member.name);
        relocate(member.value, member.location.pointer);
    }
}

std::optional<std::size_t> index_of(const JsonValue& array, const std::string& token) {
    if (token == "-") return array.elements.size();
    std::size_t index = 0;
    const char* end = token.data() + token.size();
    const auto [stop, error] = std::from_chars(token.data(), end, index);
    const bool plain = error == std::errc{} && stop == end && (token == "0" || token.front() != '0');
    return plain && index <= array.elements.size() ? std::optional(index) : std::nullopt;
}

/// Puts one value in its place; objects on the way to it are made. False where nothing can be there.
bool apply(const MatrixEdit& edit, JsonValue& root) {
    JsonValue* place = &root;
    const bool removes = edit.value.type == JsonValue::Type::null;
    for (std::size_t step = 0; step < edit.place.size(); ++step) {
        const std::string& token = edit.place[step];
        const bool last = step + 1 == edit.place.size();
        if (place->type == JsonValue::Type::array) {
            const auto index = index_of(*place, token);
            const bool behind = index && *index == place->elements.size();
            if (!index || (behind && (!last || removes))) return false;
            if (last && removes) {
                place->elements.erase(place->elements.begin() + static_cast<std::ptrdiff_t>(*index));
                return true;
            }
            if (behind) place->elements.emplace_back();
            place = &place->elements[*index];
        } else if (place->type == JsonValue::Type::object) {
            const auto member = std::find_if(place->members.begin(), place->members.end(),
                                             [&](const JsonMember& each) { return each.name == token; });
            if (removes && (last || member == place->members.end())) {
                if (member != place->members.end()) place->members.erase(member);
                return true;
            }
            if (member != place->members.end()) {
                place = &member->value;
                continue;
            }
            JsonValue made;
            made.type = JsonValue::Type::object;
            made.location = edit.location;
            place = &place->members.emplace_back(JsonMember{token, edit.location, std::move(made)}).value;
        } else {
            return false;
        }
    }
    *place = edit.value;
    return true;
}

class Walk {
  public:
    Walk(const MatrixFile& matrix, const JsonDocument& base, const std::string& file, const std::string& folder,
         const std::function<void(Variant)>& take, const VariantLimits& limits)
        : matrix_(matrix), base_(base), file_(file), folder_(folder), take_(take), limits_(limits) {}

    std::uint64_t run() {
        check_combinations();
        std::vector<std::size_t> chosen(matrix_.axes.size(), 0);
        do {
            if (is_excluded(chosen)) {
                ++excluded_;
                continue;
            }
            if (++count_ > limits_.variants)
                refuse("too many variants", "at most " + std::to_string(limits_.variants), "divide the matrix");
            make(chosen);
        } while (next(chosen));
        if (count_ == 0) refuse("every combination is excluded", "at least one that is left");
        if (!problems_.empty()) {
            if (untold_ > 0) problems_.push_back({std::to_string(untold_) + " more mistakes of this matrix"});
            throw Error(ErrorCode::manifest, std::move(problems_));
        }
        return excluded_;
    }

  private:
    [[noreturn]] void refuse(std::string message, std::string allowed, std::string change = {}) const {
        throw Error(ErrorCode::manifest, Problem{std::move(message),
                                                 {},
                                                 std::move(allowed),
                                                 std::move(change),
                                                 {matrix_.name_location.file, "/axes", 0, 0}});
    }

    void check_combinations() const {
        std::uint64_t combinations = 1;
        for (const MatrixAxis& axis : matrix_.axes) {
            combinations *= axis.values.size();  // of 10,000 at most, so that one step over the limit is no overflow
            if (combinations > limits_.combinations)
                refuse("too many combinations", "at most " + std::to_string(limits_.combinations), "divide the matrix");
        }
    }

    bool is_excluded(const std::vector<std::size_t>& chosen) const {
        return std::any_of(matrix_.exclude.begin(), matrix_.exclude.end(), [&](const MatrixExclusion& row) {
            for (std::size_t axis = 0; axis < chosen.size(); ++axis)
                if (!row[axis].empty() &&
                    std::find(row[axis].begin(), row[axis].end(), chosen[axis]) == row[axis].end())
                    return false;
            return true;
        });
    }

    bool next(std::vector<std::size_t>& chosen) const {
        for (std::size_t axis = chosen.size(); axis-- > 0;) {
            if (++chosen[axis] < matrix_.axes[axis].values.size()) return true;
            chosen[axis] = 0;
        }
        return false;
    }

    void make(const std::vector<std::size_t>& chosen) {
        Variant variant;
        variant.number = count_;
        for (std::size_t axis = 0; axis < chosen.size(); ++axis)
            variant.values.push_back(matrix_.axes[axis].values[chosen[axis]].name);
        JsonDocument document = base_;
        std::vector<Problem> mistakes;
        for (std::size_t axis = 0; axis < chosen.size(); ++axis)
            for (const MatrixEdit& edit : matrix_.axes[axis].values[chosen[axis]].edits)
                if (!apply(edit, document.root))
                    mistakes.push_back({"there is no such place in the manifest",
                                        pointer_of(edit.place),
                                        "keys of objects, and elements that an array has (\"-\" for a new one)",
                                        {},
                                        edit.location});
        const std::string name = name_of(variant, document.root);
        apply({{"name"}, text_value(name), matrix_.name_location}, document.root);
        weight_ += weight_of(document.root);
        if (weight_ > limits_.weight)
            refuse("the variants' manifests are too large together",
                   "at most " + std::to_string(limits_.weight) + " bytes", "divide the matrix");
        relocate(document.root, "");
        if (!names_.insert(name).second)
            mistakes.push_back({"two variants of one name", in_quotes(name), "names that differ",
                                "put what differs into \"name\"", matrix_.name_location});
        try {
            variant.manifest = manifest_of(std::move(document), file_, folder_);
        } catch (const Error& error) {
            mistakes.insert(mistakes.end(), error.problems().begin(), error.problems().end());
        }
        keep(std::move(mistakes), variant.number, name);
        if (problems_.empty()) take_(std::move(variant));
    }

    /// A mistake that an earlier variant has too is told once.
    void keep(std::vector<Problem> mistakes, std::size_t number, const std::string& name) {
        for (Problem& mistake : mistakes) {
            if (!told_.insert(mistake.text()).second) continue;
            if (problems_.size() >= most_told) {
                ++untold_;
                continue;
            }
            mistake.message = "variant " + std::to_string(number) + " (" + name + "): " + mistake.message;
            problems_.push_back(std::move(mistake));
        }
    }

    static std::string pointer_of(const std::vector<std::string>& place) {
        std::string pointer;
        for (const std::string& token : place) pointer += '/' + pointer_token(token);
        return pointer;
    }

    JsonValue text_value(const std::string& text) const {
        JsonValue value;
        value.type = JsonValue::Type::string;
        value.text = text;
        value.location = matrix_.name_location;
        return value;
    }

    /// {name} is what the manifest has, or its default.
    std::string name_of(const Variant& variant, const JsonValue& root) const {
        std::string given = Manifest().name;
        for (const JsonMember& member : root.members)
            if (member.name == "name" && member.value.type == JsonValue::Type::string) given = member.value.text;
        std::string name;
        const std::string& form = matrix_.name;
        for (std::size_t place = 0; place < form.size(); ++place) {
            const std::size_t close = form[place] == '{' ? form.find('}', place) : std::string::npos;
            if (close == std::string::npos) {
                name += form[place];
                continue;
            }
            const std::string word = form.substr(place + 1, close - place - 1);
            if (word == "name") name += given;
            for (std::size_t axis = 0; axis < matrix_.axes.size(); ++axis)
                if (matrix_.axes[axis].name == word) name += variant.values[axis];
            place = close;
        }
        return name;
    }

    const MatrixFile& matrix_;
    const JsonDocument& base_;
    const std::string& file_;
    const std::string& folder_;
    const std::function<void(Variant)>& take_;
    const VariantLimits& limits_;
    std::size_t count_ = 0;
    std::uint64_t excluded_ = 0;
    std::uint64_t weight_ = 0;
    std::set<std::string> names_;
    std::set<std::string> told_;
    std::vector<Problem> problems_;
    std::size_t untold_ = 0;
};

}  // namespace

std::uint64_t each_variant(const MatrixFile& matrix, const JsonDocument& base, const std::string& file,
                           const std::string& folder, const std::function<void(Variant)>& take,
                           const VariantLimits& limits) {
    return Walk(matrix, base, file, folder, take, limits).run();
}

}  // namespace rpixen
