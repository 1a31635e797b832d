#include <algorithm>
#include <charconv>

#include "follow/uboot/shell.hpp"

// What "mmc 0:1" means to U-Boot (disk/part.c blk_get_device_part_str), and its `part`, `mmc` and `fstype`.

namespace rpixen {
namespace {

/// Hexadecimal, all of it.
std::optional<unsigned> whole_number(std::string_view text) {
    if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
    unsigned number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

}  // namespace

const UBootPartition* Shell::partition(unsigned number) const {
    const auto found = std::find_if(start_.partitions.begin(), start_.partitions.end(),
                                    [&](const UBootPartition& part) { return part.number == number; });
    return found == start_.partitions.end() ? nullptr : &*found;
}

/// Whether `interface` `device` (without a partition) is the card; says so where it is not.
bool Shell::device_there(const std::string& interface, const std::string& device, const hush::Step& written) {
    if (interface == "mmc") {
        const auto number = whole_number(device.substr(0, device.find('.')));
        if (number == start_.card_number) return true;
        once(guarded_ > 0 ? run_.optional_devices : run_.absent_devices,
             "mmc " + device.substr(0, 32) + " (" + where(written) + ")");
        return false;
    }
    if (is_any(interface, {"usb", "scsi", "nvme", "sata", "ide", "virtio", "host", "ubi", "nand"}))
        unfollowed(interface + " " + device + ": what is on it, or whether it is there, is not known from the card",
                   where(written));
    return false;
}

/// The partition that "N:P", "N#name", "N" or "N:auto" stands for; nothing where U-Boot finds none, or it is
/// the whole device.
std::optional<unsigned> Shell::find_partition(const std::string& interface, const std::string& device,
                                              const hush::Step& written) {
    const std::size_t split = device.find_first_of(":#");
    if (!device_there(interface, device.substr(0, split), written)) return std::nullopt;
    const std::string part = split == std::string::npos ? "" : device.substr(split + 1);
    std::optional<unsigned> number;
    if (split != std::string::npos && device[split] == '#') {
        for (const UBootPartition& known : start_.partitions)
            if (known.name == part) number = known.number;
    } else if (part.empty()) {
        number = 1;
    } else if (part == "auto") {
        for (const UBootPartition& known : start_.partitions)
            if (known.bootable && !number) number = known.number;
        if (!number) number = start_.partitions.empty() ? 1 : start_.partitions.front().number;
    } else {
        number = whole_number(part);
        if (number == 0U) return std::nullopt;  // the whole device, which has no file system
    }
    if (number && (start_.partitions.empty() || partition(*number))) return number;
    once(guarded_ > 0 ? run_.optional_devices : run_.absent_devices,
         interface + " " + device.substr(0, 32) + " (" + where(written) + ")");
    return std::nullopt;
}

int Shell::part(const Words& words, const hush::Step& written) {
    if (words.size() < 4) return 1;
    const std::string& verb = words[1];
    if (verb == "uuid") {
        const auto number = find_partition(words[2], words[3], written);
        const UBootPartition* found = number ? partition(*number) : nullptr;
        if (!found) return 1;
        if (words.size() > 4)
            set(words[4], found->uuid);
        else
            say(found->uuid);
        return 0;
    }
    if (!is_any(verb, {"list", "start", "size", "number"})) return 1;
    if (!device_there(words[2], words[3], written)) return 1;
    if (verb == "list") {
        if (words.size() < 5) return 0;
        const bool bootable = words[4] == "-bootable";
        if (words.size() != (bootable ? 6U : 5U)) return 1;
        std::string numbers;
        for (const UBootPartition& known : start_.partitions)
            if (known.bootable || !bootable) numbers += (numbers.empty() ? "" : " ") + to_hex(known.number);
        // setenv with an empty value deletes (env_set()).
        if (numbers.empty())
            erase(words.back());
        else
            set(words.back(), numbers);
        return 0;
    }
    if (words.size() < 5) return 1;
    const UBootPartition* found = nullptr;
    char* end = nullptr;
    const unsigned long number = std::strtoul(words[4].c_str(), &end, 0);
    if (!words[4].empty() && *end == '\0')
        found = partition(static_cast<unsigned>(number));
    else
        for (const UBootPartition& known : start_.partitions)
            if (known.name == words[4]) found = &known;
    if (!found) return 1;
    const std::string text = verb == "start"  ? to_hex(found->first_block)
                             : verb == "size" ? to_hex(found->blocks)
                                              : "0x" + to_hex(found->number);
    if (words.size() > 5)
        set(words[5], text);
    else
        say(text);
    return 0;
}

int Shell::mmc(const Words& words, const hush::Step& written) {
    if (words.size() > 2 && words[1] == "dev") {
        ++guarded_;  // a script asks, so that it is not there is no fault
        const bool there = device_there("mmc", words[2], written);
        --guarded_;
        return there ? 0 : 1;
    }
    return 0;
}

int Shell::file_system_type(const Words& words, const hush::Step& written) {
    if (words.size() < 3) return 1;
    ++guarded_;
    const auto number = find_partition(words[1], words[2], written);
    --guarded_;
    const UBootPartition* found = number ? partition(*number) : nullptr;
    if (!found || found->file_system.empty()) return 1;
    if (words.size() > 3)
        set(words[3], found->file_system);
    else
        say(found->file_system);
    return 0;
}

}  // namespace rpixen
