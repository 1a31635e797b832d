#pragma once

#include <memory>
#include <string>

#include "storage/content_store.hpp"

namespace rpixen {

/// Keeps streamed data in a file without a name in `folder`, made with the first byte: for back ends that
/// cannot place it yet, and for a plan that wants to look into it. Its append() throws Error{io}.
std::unique_ptr<ContentStore> spooled_store(const std::string& folder);

}  // namespace rpixen
