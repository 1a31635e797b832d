#include "fuzz/target.hpp"
#include "manifest/json_reader.hpp"
#include "manifest/variants.hpp"

namespace rpixen::fuzz {

void matrix(ByteView input) {
    const MatrixFile file = parse_matrix(as_text(input), "matrix.json");
    if (!file.manifest.empty()) return;
    each_variant(file, {file.inline_manifest, {}}, "matrix.json", "", [](const Variant&) {}, {1'000, 100, 1 << 20});
}

}  // namespace rpixen::fuzz
