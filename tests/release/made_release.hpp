#pragma once

#include "release/release_facts.hpp"

namespace rpixen::test {

/// What a release of the Debian example says of itself, with some of everything: findings, notes, boards, packages.
ReleaseFacts made_release();

/// The same with markup, quotes, control characters and bytes that are no UTF-8 wherever an input's text stands.
ReleaseFacts hostile_release();

/// The text that hostile_release() has everywhere.
extern const char* const hostile;

}  // namespace rpixen::test
