#pragma once

#include <string_view>

#include <rpixen/compose.hpp>
#include <rpixen/diff.hpp>
#include <rpixen/emulator.hpp>
#include <rpixen/flash.hpp>
#include <rpixen/matrix.hpp>
#include <rpixen/propose.hpp>
#include <rpixen/release.hpp>

namespace rpixen {

/// Of a call that needs to know nothing.
struct DisksRequest {};

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
extern template BoardRequest parse_request<BoardRequest>(std::string_view json);
extern template FlashRequest parse_request<FlashRequest>(std::string_view json);
extern template DisksRequest parse_request<DisksRequest>(std::string_view json);
extern template MatrixRequest parse_request<MatrixRequest>(std::string_view json);
extern template ProposeRequest parse_request<ProposeRequest>(std::string_view json);

}  // namespace rpixen
