#pragma once

#include <cstdint>
#include <string>

#include <rpixen/compose.hpp>

namespace rpixen::test {

/// A manifest that names files of write_stock() and that no rule but notes and advice speaks against, as
/// JSON.
std::string plain_manifest();
/// The manifest of that number, as JSON: the same in every run and on every machine. It names files of
/// write_stock() and lies in the same folder. Manifests of neighbouring numbers have nothing in common.
std::string generated_manifest(std::uint64_t number);
/// How that manifest is used: at times with a diagnostic allowed or denied. The manifest's path is left to
/// the caller.
PlanRequest generated_request(std::uint64_t number);

}  // namespace rpixen::test
