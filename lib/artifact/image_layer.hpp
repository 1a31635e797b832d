#pragma once

#include <functional>
#include <string>

#include <rpixen/progress.hpp>

#include "artifact/image_files.hpp"
#include "artifact/layers.hpp"
#include "storage/content_store.hpp"

namespace rpixen {

/// Lays the layers of a container image into the tree, whose layer `layers` has begun, and proves the digest
/// of each. Plain layers of a plain archive or folder stay where they are unless the store is in_place(); the
/// files of others go to `store`. Throws Error{artifact}: what read_image_manifest() and add_tar() throw, and
/// a layer that is not what its digest says, with the blob named.
void add_image(Layers& layers, ImageFiles& files, const std::string& name, ContentStore& store,
               const Supervision& supervision);

}  // namespace rpixen
