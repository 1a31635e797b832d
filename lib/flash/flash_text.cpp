#include <algorithm>

#include <rpixen/flash.hpp>

#include "base/size.hpp"

namespace rpixen {
namespace {

/// In units of 1000, as cards are sold: "31.9 GB".
std::string capacity(std::uint64_t bytes) {
    constexpr std::uint64_t giga = 1'000'000'000;
    const std::uint64_t unit = bytes < giga ? 1'000'000 : giga;
    const std::uint64_t tenths = bytes / (unit / 10);
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + (unit == giga ? " GB" : " MB");
}

std::string mebibytes(std::uint64_t bytes) {
    const std::uint64_t tenths = bytes * 10 / MiB;
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " MiB";
}

std::string row_of(const FlashDisk& disk, std::size_t width) {
    const std::string size = disk.size == 0 ? "-" : capacity(disk.size);
    std::string row = disk.path + std::string(width - disk.path.size() + 2, ' ') +
                      std::string(10 - std::min<std::size_t>(size.size(), 10), ' ') + size + "  " +
                      (disk.model.empty() ? "(no name)" : disk.model);
    if (!disk.refusal.empty())
        row += ": no, " + disk.refusal;
    else if (!disk.removable)
        row += ": not removable, only with --yes";
    return row + "\n";
}

}  // namespace

std::string FlashDisks::text() const {
    std::size_t width = 0;
    for (const FlashDisk& disk : disks) width = std::max(width, disk.path.size());
    std::string cards;
    std::string others;
    for (const FlashDisk& disk : disks) (disk.candidate() ? cards : others) += row_of(disk, width);
    std::string text = cards.empty() ? "No card is here that could be written to.\n" : "Cards:\n" + cards;
    if (!others.empty()) text += "Not taken for a card:\n" + others;
    return text;
}

std::string FlashResult::text() const {
    std::string text;
    for (const std::string& note : notes) text += "note: " + note + "\n";
    text += disk.path + ": ";
    if (written == 0)
        text += "holds the image already, nothing was written; ";
    else
        text += mebibytes(written) + " written; ";
    return text + mebibytes(verified) + " read back and found equal\n";
}

}  // namespace rpixen
