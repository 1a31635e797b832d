#pragma once

#include <string>

#include <rpixen/compose.hpp>
#include <rpixen/progress.hpp>

#include "card/card.hpp"
#include "storage/input_file.hpp"
#include "storage/output_file.hpp"
#include "verify/verification_report.hpp"

namespace rpixen {

/// Proves that the image at `path` holds exactly what `plan` says; `name` is the image's name for messages.
/// `reader`: "direct" or "guestfs" (the appliance's kernel), which is another reader than the one that wrote
/// it. Throws Error{io, artifact, unavailable, cancelled}, Error{usage} for an unknown reader.
Verification verify_image(const Card& plan, const std::string& path, const std::string& reader, VerifyForm form,
                          const Supervision& supervision);

/// The same with the direct reader for an image that is open.
Verification verify_open_image(const Card& plan, const std::shared_ptr<const InputFile>& image, VerifyForm form,
                               const Supervision& supervision);

/// The same with the direct reader for an image that was just written and has no name yet.
/// Throws Error{verification} that lists the differences.
void verify_written(const Card& plan, const OutputFile& output, VerifyForm form, const Supervision& supervision);

/// Writes the report that `verify --report` reads into a file that the caller commits. `last` as for
/// make_verification_report(). Throws Error{io, cancelled}.
void write_verification_report(const Card& plan, OutputFile& file, const Supervision& supervision = {},
                               FileDigests* last = nullptr);

}  // namespace rpixen
