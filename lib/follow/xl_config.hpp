#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rules/scenario.hpp"
#include "tree/file_tree.hpp"

namespace rpixen {

/// What an xl configuration says (xl.cfg(5); tools/libs/util/libxlu_cfg_y.y): strings, numbers and lists of strings.
/// What cannot be read is left out.
XlGuestFacts parse_xl_config(std::string_view text);

/// The guests of dom0's xl that start with it: /etc/xen/auto, whose entries may be links; at most 64. One without a
/// name is called as its file is. Throws Error{io}.
std::vector<XlGuestFacts> survey_xl_guests(const FileTree& root);

}  // namespace rpixen
