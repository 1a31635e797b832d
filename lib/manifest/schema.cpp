#include <rpixen/manifest.hpp>

extern "C" {
// cmake/RpixenEmbed.cmake: the bytes of manifest.schema.json.
extern const char rpixen_embedded_manifest_schema[];
extern const unsigned long rpixen_embedded_manifest_schema_size;
}

namespace rpixen {

std::string_view manifest_schema() {
    return {rpixen_embedded_manifest_schema, rpixen_embedded_manifest_schema_size};
}

}  // namespace rpixen
