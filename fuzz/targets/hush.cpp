#include "follow/uboot/hush.hpp"
#include "fuzz/target.hpp"

namespace rpixen::fuzz {

void hush(ByteView input) {
    for (const hush::Reading reading : {hush::Reading::lines, hush::Reading::whole, hush::Reading::again})
        for (const hush::Line& line : hush::parse(as_text(input), reading).lines)
            for (const hush::Step& step : line.list) {
                hush::show(step);
                for (const hush::Word& word : step.words) hush::variables(word);
            }
}

}  // namespace rpixen::fuzz
