#pragma once

#include <string>
#include <vector>

#include <rpixen/error.hpp>

namespace rpixen {

/// Throws Error{artifact}: what lies at `path` is of another kind than it should be.
[[noreturn]] void refuse_kind(const std::string& path, const std::string& found, const std::string& allowed,
                              const std::string& change = "name the right file");

/// What is wrong with inputs that are looked at one after another: a bad one keeps none from being looked at.
class Refusals {
  public:
    /// Runs `work` on the input that the manifest names at `location` and keeps what it throws as
    /// Error{artifact}.
    template <typename Work>
    void look_at(const Location& location, const Work& work) {
        try {
            work();
        } catch (const Error& error) {
            keep(error, location);
        }
    }
    bool empty() const { return problems_.empty(); }
    /// What is wrong with others, behind its own.
    void add(const Refusals& others);
    /// Throws Error{artifact} with all of them, where there are any.
    void raise() const;

  private:
    /// Throws any other Error on.
    void keep(const Error& error, const Location& location);

    std::vector<Problem> problems_;
};

}  // namespace rpixen
