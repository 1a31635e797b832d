#include "actions.hpp"

namespace rpixen::cli {

Actions library_actions() {
    return {compose,
            plan,
            card_inputs,
            propose_manifest,
            inspect,
            check,
            diff,
            verify,
            write_matrix,
            release,
            verify_release,
            boot_until,
            boot_on_console,
            watch_board_until,
            watch_board_on_console,
            diagnose,
            candidates,
            flash,
            stops,
            diagnostic_rules,
            version};
}

}  // namespace rpixen::cli
