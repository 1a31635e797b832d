#include "follow/efi/grub_config.hpp"
#include "fuzz/foreign_bytes.hpp"
#include "fuzz/target.hpp"

namespace rpixen::fuzz {

void grub(ByteView input) {
    const auto files = files_of(input);
    GrubDisk disk;
    disk.read = [&](unsigned, const std::string& path) -> std::optional<std::string> {
        const auto found = files.find(path);
        if (found == files.end()) return std::nullopt;
        return std::string(as_text(found->second));
    };
    disk.exists = [&](unsigned, const std::string& path) { return files.contains(path); };
    disk.search = [](const std::string& by, const std::string& what) -> std::optional<unsigned> {
        if (by == "label" && what == "root") return 2;
        return std::nullopt;
    };
    follow_grub(as_text(files.at("/")), "/EFI/BOOT", disk);
}

}  // namespace rpixen::fuzz
