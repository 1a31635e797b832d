#include "actions.hpp"

namespace rpixen::cli {

Actions library_actions() {
    return {compose, plan, inspect, check, verify, boot_until, boot_on_console, stops, diagnostic_rules, version};
}

}  // namespace rpixen::cli
