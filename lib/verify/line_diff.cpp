#include "verify/line_diff.hpp"

#include <algorithm>
#include <cstddef>

namespace rpixen {
namespace {

constexpr std::size_t most_cells = 4'000'000;  // of the table, 4 bytes each

using Lines = std::vector<std::string_view>;

Lines lines_of(std::string_view text) {
    Lines lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        lines.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

/// The lengths of the longest common subsequences of what is left of both texts from (i, j) on.
class CommonLengths {
  public:
    CommonLengths(const Lines& a, const Lines& b) : columns_(b.size() + 1), cells_((a.size() + 1) * columns_) {
        for (std::size_t i = a.size(); i-- > 0;)
            for (std::size_t j = b.size(); j-- > 0;)
                cells_[i * columns_ + j] = a[i] == b[j] ? at(i + 1, j + 1) + 1 : std::max(at(i + 1, j), at(i, j + 1));
    }
    std::uint32_t at(std::size_t i, std::size_t j) const { return cells_[i * columns_ + j]; }

  private:
    std::size_t columns_;
    std::vector<std::uint32_t> cells_;
};

}  // namespace

std::vector<LineDifference> line_diff(std::string_view text_a, std::string_view text_b) {
    Lines a = lines_of(text_a);
    Lines b = lines_of(text_b);
    std::size_t same = 0;
    while (same < a.size() && same < b.size() && a[same] == b[same]) ++same;
    while (a.size() > same && b.size() > same && a.back() == b.back()) {
        a.pop_back();
        b.pop_back();
    }
    a.erase(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(same));
    b.erase(b.begin(), b.begin() + static_cast<std::ptrdiff_t>(same));

    const bool small = (a.size() + 1) <= most_cells / (b.size() + 1);
    const CommonLengths common = small ? CommonLengths(a, b) : CommonLengths({}, {});
    std::vector<LineDifference> differences;
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < a.size() || j < b.size()) {
        if (small && i < a.size() && j < b.size() && a[i] == b[j]) {
            ++i;
            ++j;
        } else if (i < a.size() && (j == b.size() || !small || common.at(i + 1, j) >= common.at(i, j + 1))) {
            differences.push_back({Change::removed, same + i + 1, std::string(a[i])});
            ++i;
        } else {
            differences.push_back({Change::added, same + j + 1, std::string(b[j])});
            ++j;
        }
    }
    return differences;
}

}  // namespace rpixen
