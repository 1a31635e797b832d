#include "format/fit_image.hpp"
#include "fuzz/foreign_bytes.hpp"
#include "fuzz/target.hpp"

namespace rpixen::fuzz {

void fit_image(ByteView input) {
    if (const auto fit = parse_fit_image(content_of(input))) {
        fit->configuration("");
        for (const FitPart& part : fit->parts) fit->find(part.name);
    }
    const Bytes file(input.begin(), input.end());
    run_script({{"image", file}},
               "load mmc 0:1 10000000 image; imxtract 10000000 kernel 2000000; source 10000000:script");
    run_script({{"image", file}}, "load mmc 0:1 10000000 image; bootm 10000000");
}

}  // namespace rpixen::fuzz
