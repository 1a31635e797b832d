#pragma once

#include <string_view>

#include <rpixen/compose.hpp>
#include <rpixen/diff.hpp>
#include <rpixen/emulator.hpp>
#include <rpixen/release.hpp>

namespace rpixen {

/// Reads a request of the C border: a JSON object with the fields of the C++ request by their names. `manifest` is a
/// path, or an object of `text` and `folder`. What is not given keeps its default. Throws Error{usage} with every
/// mistake.
template <typename Request>
Request parse_request(std::string_view json);

extern template PlanRequest parse_request<PlanRequest>(std::string_view json);
extern template ComposeRequest parse_request<ComposeRequest>(std::string_view json);
extern template CheckRequest parse_request<CheckRequest>(std::string_view json);
extern template InspectRequest parse_request<InspectRequest>(std::string_view json);
extern template DiffRequest parse_request<DiffRequest>(std::string_view json);
extern template VerifyRequest parse_request<VerifyRequest>(std::string_view json);
extern template DiagnoseRequest parse_request<DiagnoseRequest>(std::string_view json);
extern template ReleaseRequest parse_request<ReleaseRequest>(std::string_view json);
extern template VerifyReleaseRequest parse_request<VerifyReleaseRequest>(std::string_view json);
extern template BootRequest parse_request<BootRequest>(std::string_view json);

}  // namespace rpixen
