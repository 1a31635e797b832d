#include <rpixen/error.hpp>
#include <rpixen/progress.hpp>

namespace rpixen {
namespace {

std::string joined(const std::vector<Problem>& problems) {
    std::string all;
    for (const Problem& problem : problems) {
        if (!all.empty()) all += '\n';
        all += problem.text();
    }
    return all;
}

}  // namespace

std::string Problem::text() const {
    std::string line = location.file;
    if (location.line > 0) line += ":" + std::to_string(location.line) + ":" + std::to_string(location.column);
    if (!line.empty()) line += ": ";
    if (!location.pointer.empty()) line += location.pointer + ": ";
    line += message;
    if (!rule.empty()) line += " [" + rule + "]";
    if (!found.empty()) line += "; found " + found;
    if (!allowed.empty()) line += "; allowed: " + allowed;
    if (!change.empty()) line += "; " + change;
    return line;
}

Error::Error(ErrorCode code, Problem problem) : Error(code, std::vector<Problem>{std::move(problem)}) {}

Error::Error(ErrorCode code, std::vector<Problem> problems)
    : std::runtime_error(joined(problems)), code_(code), problems_(std::move(problems)) {}

Error::Error(ErrorCode code, std::string message, std::string found, std::string allowed, std::string change)
    : Error(code, Problem{std::move(message), std::move(found), std::move(allowed), std::move(change)}) {}

Error& Error::add_context(std::string what) {
    context_.push_back(std::move(what));
    return *this;
}

const char* name_of(ErrorCode code) noexcept {
    switch (code) {
        case ErrorCode::internal:
            return "internal";
        case ErrorCode::usage:
            return "usage";
        case ErrorCode::manifest:
            return "manifest";
        case ErrorCode::artifact:
            return "artifact";
        case ErrorCode::unfit:
            return "unfit";
        case ErrorCode::io:
            return "io";
        case ErrorCode::verification:
            return "verification";
        case ErrorCode::unavailable:
            return "unavailable";
        case ErrorCode::cancelled:
            return "cancelled";
    }
    return "internal";
}

void CancelToken::check() const {
    if (cancelled()) throw Error(ErrorCode::cancelled, "stopped on request");
}

}  // namespace rpixen
