#pragma once

#include <string>
#include <vector>

#include <rpixen/progress.hpp>

#include "image/image_plan.hpp"

namespace rpixen {

/// Looks at the health of prebuilt file systems before they are written, as they come from outside. `notes`
/// gets what a feature forbids to prove. Throws Error{artifact} that lists what is damaged, Error{io,
/// cancelled}.
void check_prebuilt(const ImagePlan& image, std::vector<std::string>& notes, const Supervision& supervision);

}  // namespace rpixen
