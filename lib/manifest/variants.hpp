#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <rpixen/manifest.hpp>

#include "manifest/json_reader.hpp"
#include "manifest/matrix_file.hpp"

namespace rpixen {

/// One combination of a matrix's values.
struct Variant {
    std::size_t number = 0;           ///< from 1, without those that are left out
    std::vector<std::string> values;  ///< the names, an axis each
    Manifest manifest;                ///< its name is the variant's
};

/// Limits (docs/limits.md). What a variant weighs is the size of its manifest as a value.
struct VariantLimits {
    std::uint64_t combinations = 100'000;
    std::uint64_t variants = 9'999;  ///< four digits
    std::uint64_t weight = 128ULL << 20;
};

/// Gives every variant to `take`, the last axis changing fastest; later axes edit what earlier ones left. `base` is the
/// manifest that is edited, `folder` where its relative paths begin. Returns how many combinations were left out.
/// Throws one Error{manifest} with the mistakes of all variants: each names the first that has it, and points at the
/// value in the manifest or in the matrix; or for a limit that is met.
std::uint64_t each_variant(const MatrixFile& matrix, const JsonDocument& base, const std::string& file,
                           const std::string& folder, const std::function<void(Variant)>& take,
                           const VariantLimits& limits = {});

}  // namespace rpixen
