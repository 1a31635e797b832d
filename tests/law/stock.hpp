#pragma once

#include <string>

#include "support/temporary_folder.hpp"

namespace rpixen::test {

/// UUIDs of the stock's prebuilt root file systems, for root=UUID=.
inline constexpr const char* prebuilt_uuid = "11111111-2222-4333-8444-555555555555";
inline constexpr const char* nameless_uuid = "99999999-2222-4333-8444-555555555555";

/// Fills a folder with the inputs that generated manifests name: sound ones, and others that are broken in
/// one way each. The same files in every run. Small, so that thousands of cards are composed in minutes.
void write_stock(const TemporaryFolder& folder);

}  // namespace rpixen::test
