#include "format/uboot_env.hpp"

#include <algorithm>

#include <rpixen/error.hpp>

#include "format/crc32.hpp"

namespace rpixen {
namespace {

/// The texts up to the empty one that ends the list; texts without '=' are skipped, as U-Boot does.
UbootVariables read_variables(std::string_view texts) {
    UbootVariables variables;
    while (!texts.empty() && texts.front() != '\0') {
        const std::size_t end = std::min(texts.find('\0'), texts.size());
        const std::string_view text = texts.substr(0, end);
        const std::size_t equals = text.find('=');
        if (equals != std::string_view::npos && equals > 0)
            variables.emplace_back(text.substr(0, equals), text.substr(equals + 1));
        texts.remove_prefix(std::min(end + 1, texts.size()));
    }
    return variables;
}

/// The environment of exactly these bytes, where one of the two CRCs matches.
std::optional<UbootEnv> read_matching(ByteView bytes) {
    if (bytes.size() < 6) return std::nullopt;
    const auto crc = load_le<std::uint32_t>(bytes.data());
    if (crc32(bytes.subspan(4)) == crc) return UbootEnv{read_variables(as_text(bytes.subspan(4))), false, 0, true};
    if (crc32(bytes.subspan(5)) == crc)
        return UbootEnv{read_variables(as_text(bytes.subspan(5))), true, std::to_integer<std::uint8_t>(bytes[4]), true};
    return std::nullopt;
}

bool is_name(std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

bool is_value(std::string_view value) {
    return std::all_of(value.begin(), value.end(),
                       [](char c) { return (c >= ' ' && c < 0x7f) || c == '\t' || c == '\n' || c == '\r'; });
}

}  // namespace

std::optional<std::string_view> find_variable(const UbootVariables& variables, std::string_view name) {
    const auto found = std::find_if(variables.rbegin(), variables.rend(),
                                    [&](const auto& v) { return v.first == name; });
    if (found == variables.rend()) return std::nullopt;
    return found->second;
}

std::optional<UbootEnv> parse_uboot_env(ByteView file) {
    if (auto env = read_matching(file)) return env;
    if (file.size() > UbootEnv::raspberry_pi_size)
        if (auto env = read_matching(file.first(UbootEnv::raspberry_pi_size))) return env;
    if (file.size() < 6) return std::nullopt;
    // Damaged: a flag byte is a small number or 0xff, the first letter of a name is not.
    const auto fifth = std::to_integer<std::uint8_t>(file[4]);
    const bool redundant = fifth < ' ' || fifth >= 0x7f;
    return UbootEnv{read_variables(as_text(file.subspan(redundant ? 5 : 4))), redundant,
                    redundant ? fifth : std::uint8_t{0}, false};
}

Bytes make_uboot_env(const UbootVariables& variables, std::size_t size) {
    std::string texts;
    for (const auto& [name, value] : variables) {
        if (name.empty() || name.find_first_of(std::string_view("=\0", 2)) != std::string::npos ||
            value.find('\0') != std::string::npos)
            throw Error(ErrorCode::manifest, "a U-Boot environment cannot hold the variable '" + name + "'", {},
                        "a name without '=' and NUL, a value without NUL");
        texts += name + '=' + value + '\0';
    }
    texts += '\0';
    if (size < 5 || texts.size() > size - 4)
        throw Error(ErrorCode::unfit, "the U-Boot environment is too large", std::to_string(texts.size()) + " bytes",
                    "at most " + std::to_string(size < 4 ? 0 : size - 4) + " bytes", "shorten or remove variables");
    Bytes bytes(size);
    const ByteView body = as_bytes(texts);
    std::copy(body.begin(), body.end(), bytes.begin() + 4);
    store_le(bytes.data(), crc32(ByteView(bytes).subspan(4)));
    return bytes;
}

UbootVariables find_default_env(ByteView uboot) {
    const std::string_view all = as_text(uboot);
    UbootVariables best;
    UbootVariables run;
    const auto end_run = [&] {
        const bool environment = find_variable(run, "bootcmd") || find_variable(run, "fdt_addr_r");
        if (environment && run.size() > best.size()) best = std::move(run);
        run.clear();
    };
    for (std::size_t place = 0; place < all.size();) {
        const std::size_t end = std::min(all.find('\0', place), all.size());
        // The first text of a list may stand behind bytes of something else: its name begins after the last
        // of them.
        std::string_view text = all.substr(place, end - place);
        const std::size_t equals = text.find('=');
        const bool value = equals != std::string_view::npos && is_value(text.substr(equals + 1));
        if (value && !is_name(text.substr(0, equals))) {
            end_run();
            std::size_t begin = equals;
            while (begin > 0 && is_name(text.substr(begin - 1, 1))) --begin;
            text.remove_prefix(begin);
        }
        const std::size_t name_length = text.find('=');
        if (value && name_length > 0)
            run.emplace_back(text.substr(0, name_length), text.substr(name_length + 1));
        else
            end_run();
        place = end + 1;
    }
    end_run();
    return best;
}

}  // namespace rpixen
