#include "compose/subject.hpp"

#include <algorithm>

#include "storage/input_file.hpp"

namespace rpixen {

bool is_manifest(const std::string& path) {
    const auto file = InputFile::open_file_or_disk(path);
    Bytes head(std::min<std::uint64_t>(file->size(), 4096));
    if (head.empty()) return true;
    file->content().open()->read(0, head);
    std::string_view text = as_text(head);
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    const std::size_t begin = text.find_first_not_of(" \t\r\n");
    return begin == std::string_view::npos || text[begin] == '{' || text[begin] == '[' || text[begin] == '/';
}

}  // namespace rpixen
