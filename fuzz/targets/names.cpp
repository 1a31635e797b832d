#include <algorithm>

#include "artifact/posix_acl.hpp"
#include "artifact/tar_header.hpp"
#include "artifact/user_names.hpp"
#include "artifact/whiteout.hpp"
#include "artifact/xattr_names.hpp"
#include "format/utf16.hpp"
#include "fuzz/target.hpp"
#include "tree/path_pattern.hpp"

namespace rpixen::fuzz {

void names(ByteView input) {
    const std::string_view text = as_text(input);
    const UserNames names{parse_names(text), parse_names(text)};
    hold([](ByteView bytes) { parse_posix_acl(as_text(bytes)); }, input);
    hold([](ByteView bytes) { needs_names(as_text(bytes)); }, input);
    hold([](ByteView bytes) { whiteout_of(as_text(bytes)); }, input);
    hold([](ByteView bytes) { parse_tar_number(bytes.first(std::min<std::size_t>(bytes.size(), 12))); }, input);
    is_storable_xattr(text);
    utf16_from_utf8(text);
    matches_name(text.substr(0, text.find('\n')), text.substr(std::min(text.find('\n'), text.size())));
    parse_posix_acl(text, &names);
}

}  // namespace rpixen::fuzz
