#include <rpixen/spelling.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

namespace rpixen {
namespace {

constexpr std::size_t longest_word = 64;  // a longer one is no misspelt keyword

char folded(char letter) {
    if (letter >= 'A' && letter <= 'Z') return static_cast<char>(letter - 'A' + 'a');
    return letter == '-' ? '_' : letter;
}

/// Edits between two words (optimal string alignment), three rows of the usual table at a time.
std::size_t edits(std::string_view a, std::string_view b) {
    std::array<std::array<std::size_t, longest_word + 1>, 3> rows{};
    for (std::size_t column = 0; column <= b.size(); ++column) rows[0][column] = column;
    for (std::size_t row = 1; row <= a.size(); ++row) {
        auto& current = rows[row % 3];
        const auto& above = rows[(row + 2) % 3];
        const auto& two_above = rows[(row + 1) % 3];
        current[0] = row;
        for (std::size_t column = 1; column <= b.size(); ++column) {
            const bool same = folded(a[row - 1]) == folded(b[column - 1]);
            current[column] = std::min(
                {above[column] + 1, current[column - 1] + 1, above[column - 1] + (same ? 0U : 1U)});
            if (row > 1 && column > 1 && folded(a[row - 1]) == folded(b[column - 2]) &&
                folded(a[row - 2]) == folded(b[column - 1]))
                current[column] = std::min(current[column], two_above[column - 2] + 1);
        }
    }
    return rows[a.size() % 3][b.size()];
}

}  // namespace

std::optional<std::string_view> nearest_word(std::string_view word, std::span<const std::string_view> candidates) {
    std::optional<std::string_view> nearest;
    std::size_t fewest = longest_word;
    for (const std::string_view candidate : candidates) {
        if (word.size() > longest_word || candidate.size() > longest_word) continue;
        const std::size_t count = edits(word, candidate);
        const std::size_t most = std::max<std::size_t>(1, std::max(word.size(), candidate.size()) / 3);
        if (count <= most && count < fewest && count < std::max(word.size(), candidate.size())) {
            nearest = candidate;
            fewest = count;
        }
    }
    return nearest;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates, std::string_view before,
                         std::string_view after) {
    const auto nearest = nearest_word(word, candidates);
    if (!nearest) return {};
    return std::string("did you mean ").append(before).append(*nearest).append(after).append("?");
}

}  // namespace rpixen
