#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "support/temporary_folder.hpp"

namespace rpixen::test {

/// A kind of ext file system as mke2fs makes it.
struct Ext4Kind {
    std::string name;                     ///< of the test
    std::vector<std::string> options;     ///< of mke2fs
    unsigned mebibytes = 32;              ///< size of the image
    std::vector<std::string> requests{};  ///< of debugfs -w, after it was made
    std::vector<std::string> tune2fs{};   ///< options of tune2fs, after that
    bool thorough = false;                ///< tried with every damage
};

inline void PrintTo(const Ext4Kind& kind, std::ostream* out) {
    *out << kind.name;
}

/// Kinds with each feature of today's ext4 and with combinations.
const std::vector<Ext4Kind>& ext4_kinds();

/// Damages as lists of requests of debugfs -w; the file system was made from sample_folder(). Not every one
/// damages every kind: e2fsck tells.
struct Ext4Damage {
    std::string name;
    std::vector<std::string> requests;
};
const std::vector<Ext4Damage>& ext4_damages();

/// Files, folders (one of them indexed), links, holes, devices' stand-ins and attributes for mke2fs -d.
void fill_sample_folder(const TemporaryFolder& folder, const std::string& name);

/// Makes it as `path`, whose file must not exist. Throws where mke2fs fails.
void make_ext4_kind(const Ext4Kind& kind, const std::string& folder, const std::string& path);

/// Runs requests of debugfs -w one after the other; those that fail count nothing.
void run_debugfs(const std::string& path, const std::vector<std::string>& requests);

/// Whether e2fsck -fn finds nothing: it ends with 0, wants to correct nothing (where it may be left so, as a
/// wrong free count, it ends with 0 all the same) and needs no backup of the superblock. `said`: what it
/// printed.
bool e2fsck_is_content(const std::string& path, std::string& said);

}  // namespace rpixen::test
