#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "tree/file_tree.hpp"

namespace rpixen {

/// What pax extended headers say of a member beyond its ustar header. Text is bytes, never recoded or
/// normalised: a name on a Linux file system is bytes.
struct PaxAttributes {
    std::optional<std::string> path;
    std::optional<std::string> link;
    std::optional<std::uint64_t> size;  ///< bytes of data in the tar
    std::optional<std::uint64_t> uid;
    std::optional<std::uint64_t> gid;
    std::optional<Timestamp> mtime;
    std::map<std::string, std::string> xattrs;  ///< SCHILY.xattr, LIBARCHIVE.xattr, RHT.security.selinux
    std::optional<std::string> access_acl;      ///< SCHILY.acl.access, in text form
    std::optional<std::string> default_acl;

    /// GNU's sparse files (GNU tar manual, "Storing Sparse Files"): versions 0.0 and 0.1 hold the map
    /// here, 1.0 at the start of the data.
    std::optional<std::string> sparse_name;
    std::optional<std::uint64_t> sparse_size;  ///< bytes, holes included
    bool sparse_map_in_data = false;
    bool sparse = false;
    std::vector<DataRun> sparse_map;

    /// Adds the records of one header ('x' or 'g'); a later record wins, an empty value takes one back.
    /// Facts: POSIX.1-2017 pax, "pax Extended Header". Throws Error{artifact} (without a place).
    void add(ByteView records);

  private:
    void add_record(std::string_view key, std::string_view value);
    void add_sparse_record(std::string_view key, std::string_view value);
};

}  // namespace rpixen
