#include "follow/extlinux.hpp"
#include "fuzz/foreign_bytes.hpp"
#include "fuzz/target.hpp"

namespace rpixen::fuzz {

void extlinux(ByteView input) {
    const auto files = files_of(input);
    const auto entry = default_entry(as_text(files.at("/")));
    if (!entry) return;
    UBootStart start;
    const UBootScriptText script = extlinux_script(*entry, "extlinux/extlinux.conf", "/extlinux", start);
    run_script(files, script.text);
}

}  // namespace rpixen::fuzz
