#include <rpixen/manifest.hpp>
#include <rpixen/matrix.hpp>

extern "C" {
// cmake/RpixenEmbed.cmake: the bytes of manifest.schema.json and matrix.schema.json.
extern const char rpixen_embedded_manifest_schema[];
extern const unsigned long rpixen_embedded_manifest_schema_size;
extern const char rpixen_embedded_matrix_schema[];
extern const unsigned long rpixen_embedded_matrix_schema_size;
}

namespace rpixen {

std::string_view manifest_schema() {
    return {rpixen_embedded_manifest_schema, rpixen_embedded_manifest_schema_size};
}

std::string_view matrix_schema() {
    return {rpixen_embedded_matrix_schema, rpixen_embedded_matrix_schema_size};
}

}  // namespace rpixen
