#include "verify/verification_report.hpp"
#include "card/card.hpp"
#include "fuzz/target.hpp"

namespace rpixen::fuzz {

void verification_report(ByteView input) {
    parse_verification_report(as_text(input), "report.json");
}

}  // namespace rpixen::fuzz
