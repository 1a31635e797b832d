#pragma once

// The header of e2fsprogs 1.47.1 and later defines a macro `clamp`, over which <algorithm> stumbles.
#include <ext2fs/ext2fs.h>
#undef clamp
