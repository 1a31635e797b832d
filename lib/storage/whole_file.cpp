#include <rpixen/whole_file.hpp>

#include "storage/output_file.hpp"

namespace rpixen {

void write_whole_file(const std::string& path, std::string_view content, const std::function<void()>& before) {
    OutputFile file(path);
    file.write(0, as_bytes(content));
    file.prepare();
    if (before) before();
    file.commit();
}

}  // namespace rpixen
