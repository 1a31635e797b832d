#pragma once

#include <string>
#include <vector>

#include "storage/file_descriptor.hpp"

namespace rpixen {

/// The names that a file has beside its target while it is not (or no longer) the target: ".NAME.TAG.tmp" the
/// new one, ".NAME.TAG.old" the older one while two files are replaced together, ".NAME.TAG.new" a second
/// name of the new one where there was no older. The tag is "PROCESS-NUMBER".
///
/// Whoever makes such a file holds a lock on it (fcntl(2), F_OFD_SETLK) for as long as it lives, so that a later
/// run can tell what a killed one left behind from what is still being written: the kernel drops the lock with
/// the process.

/// Distinguishes the outputs of one process, and processes. Processes of two containers may share an id, and
/// a killed one leaves its file: whoever finds a name taken takes the next tag.
std::string next_tag();

std::string temporary_name(const std::string& target, const std::string& tag, const std::string& kind);
/// The tags of all files and folders of that kind which lie beside the target.
std::vector<std::string> tags_beside(const std::string& target, const std::string& kind);

/// Makes the file tell, by its descriptor, that its maker lives.
void hold(int descriptor);
/// The same for a file that has a name from the first moment on: false where another run found it before it
/// was held, and removes it.
bool hold_named(int descriptor);

/// Removes what killed runs of this user left of this target. Never anything of a run that lives, and nothing
/// where the file system has no locks.
void remove_leftovers(const std::string& target);

/// Ends what a run that was killed between its two last steps left half done: a companion whose main file was
/// not replaced any more becomes the older one again.
void mend_pair(const std::string& main, const std::string& companion);

}  // namespace rpixen
