#pragma once

#include <string_view>
#include <vector>

#include <rpixen/diff.hpp>

namespace rpixen {

/// The lines that have to be taken from one text and put in to make the other of it, the fewest, in their order. Where
/// what lies between the first and the last different line is more than some 2,000 lines on both sides, all of it is
/// taken for different: that keeps the work small.
std::vector<LineDifference> line_diff(std::string_view a, std::string_view b);

}  // namespace rpixen
