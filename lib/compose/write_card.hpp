#pragma once

#include <rpixen/compose.hpp>

#include "storage/output_file.hpp"

namespace rpixen {

class CardReuse;

/// All of compose() but the names: plans the card, refuses what cannot boot, writes it to `output`, reads it back as
/// asked for and writes the report for `verify` to `report`, which may be null. `reuse` may be null too. Throws as
/// compose().
Report write_card(const ComposeRequest& request, const Manifest& manifest, OutputFile& output, OutputFile* report,
                  const Supervision& supervision, CardReuse* reuse = nullptr);

}  // namespace rpixen
