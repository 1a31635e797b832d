#include <limits>

#include "manifest/sections.hpp"
#include "manifest/text_rules.hpp"

namespace rpixen {

void read_owners(const JsonValue& value, Problems& problems, Manifest& manifest) {
    // 2^32-1 is "no user" (uid_t -1).
    static constexpr std::uint64_t largest_id = std::numeric_limits<std::uint32_t>::max() - 1;
    for (const JsonValue& element : read_array(value, problems)) {
        OwnerRow row;
        row.location = element.location;
        ObjectReader object(element, problems);
        if (const JsonValue* path = object.required("path")) {
            row.path = read_text(*path, problems, text_rules::path_pattern).value_or("");
            row.location = path->location;
        }
        const auto id = [&](const char* key, std::optional<std::uint32_t>& number) {
            const JsonValue* given = object.optional(key);
            if (!given) return false;
            if (const auto read = read_integer(*given, 0, largest_id, problems))
                number = static_cast<std::uint32_t>(*read);
            return true;
        };
        const bool has_uid = id("uid", row.uid);
        const bool has_gid = id("gid", row.gid);
        const JsonValue* mode = object.optional("mode");
        if (mode)
            if (const auto digits = read_text(*mode, problems, text_rules::mode))
                row.mode = static_cast<std::uint16_t>(std::stoul(*digits, nullptr, 8));
        object.finish();
        if (element.type == JsonValue::Type::object && !has_uid && !has_gid && !mode)
            problems.add(element, "a row that changes nothing", "\"uid\", \"gid\" or \"mode\" beside the path",
                         "add one of them");
        manifest.owners.push_back(std::move(row));
    }
}

}  // namespace rpixen
