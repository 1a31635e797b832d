#pragma once

// Threads: any; the rules are constants of the library and live as long as it does. Exceptions: std::bad_alloc alone,
// where a Diagnostic is copied. Callbacks: none.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <rpixen/export.h>
#include <rpixen/error.hpp>

namespace rpixen {

enum class Severity : std::uint8_t { note, warning, error };

/// "note", "warning", "error"
RPIXEN_API const char* name_of(Severity severity) noexcept;

/// One finding about whether a card will boot. `id` is a stable readable word such as "dom0-reg-too-small".
struct Diagnostic {
    std::string id;
    Severity severity = Severity::warning;
    std::string message;  ///< one sentence
    std::string found;
    std::string allowed;
    std::string why;  ///< one sentence
    std::string change;
    Location location{};
};

/// What is known about a diagnostic beforehand.
struct DiagnosticRule {
    std::string_view id;
    std::string_view rule;  ///< the number in docs/diagnostics.md ("K2")
    Severity severity;
    std::string_view title;   ///< one line
    std::string_view why;     ///< one sentence
    std::string_view story;   ///< the long story with its source, several paragraphs
    std::string_view source;  ///< upstream file or report that states the rule
};

/// Every rule, sorted by id.
RPIXEN_API std::span<const DiagnosticRule> diagnostic_rules();

/// Nothing where no rule has that id.
RPIXEN_API const DiagnosticRule* find_diagnostic_rule(std::string_view id);

}  // namespace rpixen
