#include "artifact/refusal.hpp"

namespace rpixen {

void refuse_kind(const std::string& path, const std::string& found, const std::string& allowed,
                 const std::string& change) {
    throw Error(ErrorCode::artifact, path + " is of the wrong kind", found, allowed, change);
}

void Refusals::add(const Refusals& others) {
    problems_.insert(problems_.end(), others.problems_.begin(), others.problems_.end());
}

void Refusals::raise() const {
    if (!problems_.empty()) throw Error(ErrorCode::artifact, problems_);
}

void Refusals::keep(const Error& error, const Location& location) {
    if (error.code() != ErrorCode::artifact) throw;
    for (Problem problem : error.problems()) {
        if (problem.location == Location{}) problem.location = location;
        problems_.push_back(std::move(problem));
    }
}

}  // namespace rpixen
