#pragma once

#include "mutation/mutated_file.hpp"

// Changes of a disk's partition table, with checksums made right.

namespace rpixen::test {

/// A field of an entry of the master boot record, or of the first extended boot record.
void mutate_mbr(MutatedFile& disk, Chance& chance);

/// A field of the header or of an entry, in one copy or in both, with the CRCs of what was changed.
void mutate_gpt(MutatedFile& disk, Chance& chance);

}  // namespace rpixen::test
