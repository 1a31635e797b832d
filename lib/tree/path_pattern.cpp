#include "tree/path_pattern.hpp"

#include <algorithm>

namespace rpixen {
namespace {

constexpr std::string_view any_depth = "**";

/// Matches one letter with the "[...]" that `pattern` begins with, and takes it off. False: no match, or no
/// closing bracket.
bool take_class(std::string_view& pattern, char letter) {
    std::string_view rest = pattern.substr(1);
    const bool negated = rest.starts_with('!') || rest.starts_with('^');
    if (negated) rest.remove_prefix(1);
    bool found = false;
    for (bool first = true; first || !rest.starts_with(']'); first = false) {
        if (rest.size() > 1 && rest[0] == '\\') rest.remove_prefix(1);
        if (rest.empty()) return false;
        const auto low = static_cast<unsigned char>(rest[0]);
        auto high = low;
        rest.remove_prefix(1);
        if (rest.size() > 1 && rest[0] == '-' && rest[1] != ']') {
            high = static_cast<unsigned char>(rest[1]);
            rest.remove_prefix(2);
        }
        const auto code = static_cast<unsigned char>(letter);
        found = found || (code >= low && code <= high);
        if (rest.empty()) return false;
    }
    pattern = rest.substr(1);
    return found != negated;
}

/// Matches one letter and takes off what matched it.
bool take_letter(std::string_view& pattern, char letter) {
    if (pattern.empty()) return false;
    if (pattern[0] == '[') return take_class(pattern, letter);
    if (pattern[0] == '\\' && pattern.size() > 1)
        pattern.remove_prefix(1);
    else if (pattern[0] == '?')
        letter = '?';
    if (pattern[0] != letter) return false;
    pattern.remove_prefix(1);
    return true;
}

using States = std::vector<std::size_t>;  // which name of the pattern comes next, ascending

void add(States& states, std::size_t state) {
    if (std::find(states.begin(), states.end(), state) == states.end()) states.push_back(state);
}

}  // namespace

bool matches_name(std::string_view pattern, std::string_view name) {
    // Where the last '*' stands, and what of the name it has not taken: one place to come back to is enough.
    std::string_view star;
    std::string_view left;
    bool has_star = false;
    while (true) {
        if (pattern.starts_with('*')) {
            pattern.remove_prefix(1);
            star = pattern;
            left = name;
            has_star = true;
        } else if (!name.empty() && take_letter(pattern, name[0])) {
            name.remove_prefix(1);
        } else if (name.empty() && pattern.empty()) {
            return true;
        } else {
            if (!has_star || left.empty()) return false;
            left.remove_prefix(1);
            pattern = star;
            name = left;
        }
    }
}

PathPattern::PathPattern(std::string_view pattern) {
    const bool anchored = pattern.substr(0, pattern.empty() ? 0 : pattern.size() - 1).find('/') !=
                              std::string_view::npos ||
                          pattern == "/";
    directories_only_ = pattern.ends_with('/');
    if (!anchored) names_.emplace_back(any_depth);
    while (!pattern.empty()) {
        const std::string_view name = pattern.substr(0, pattern.find('/'));
        pattern.remove_prefix(std::min(name.size() + 1, pattern.size()));
        if (name.empty() || (name == any_depth && !names_.empty() && names_.back() == any_depth)) continue;
        names_.emplace_back(name);
    }
}

std::vector<NodeId> PathPattern::matches(const FileTree& tree) const {
    if (names_.empty()) return {FileTree::root()};
    std::vector<NodeId> found;
    std::vector<bool> known(tree.node_count());
    struct Step {
        NodeId node;
        States states;
        bool matched;
    };
    std::vector<Step> pending{{FileTree::root(), {0}, false}};
    while (!pending.empty()) {
        const Step step = std::move(pending.back());
        pending.pop_back();
        if (step.matched && !known[step.node]) {
            known[step.node] = true;
            found.push_back(step.node);
        }
        if (tree.type(step.node) != NodeType::directory || step.states.empty()) continue;
        States states = step.states;
        for (std::size_t index = 0; index < states.size(); ++index)  // "**" may stand for no folder at all
            if (names_[states[index]] == any_depth && states[index] + 1 < names_.size()) add(states, states[index] + 1);
        const std::vector<EntryId> children = tree.children(step.node);
        for (auto entry = children.rbegin(); entry != children.rend(); ++entry) {
            Step next{tree.entry_node(*entry), {}, false};
            const bool directory = tree.type(next.node) == NodeType::directory;
            for (const std::size_t state : states) {
                const bool last = state + 1 == names_.size();
                const bool deep = names_[state] == any_depth;
                if (!deep && !matches_name(names_[state], tree.entry_name(*entry))) continue;
                next.matched = next.matched || (last && (directory || !directories_only_));
                if (deep) add(next.states, state);
                if (!deep && !last) add(next.states, state + 1);
            }
            if (next.matched || !next.states.empty()) pending.push_back(std::move(next));
        }
    }
    return found;
}

}  // namespace rpixen
