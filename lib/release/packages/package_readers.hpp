#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "release/packages/package_collector.hpp"

// A reader for each form that a package database has. Whatever the bytes are, the collector gets what could be read
// and hears what could not; they throw only Error{artifact}, at its limits.

namespace rpixen {

/// dpkg's status file (dpkg(1), deb822(5)): the packages whose state is installed or waits for triggers only.
void read_dpkg_status(std::string_view status, PackageCollector& found);

/// A file of /var/lib/dpkg/status.d, which images without dpkg have: the control file of one package.
void read_dpkg_control(std::string_view control, PackageCollector& found);

/// opkg's status file. It has no licence and no source: those stand in the package's control file, whose text
/// `control_of` gives by the package's name, or "".
void read_opkg_status(std::string_view status, const std::function<std::string(std::string_view)>& control_of,
                      PackageCollector& found);

/// apk's list of installed packages (apk-tools, src/database.c).
void read_apk_installed(std::string_view installed, PackageCollector& found);

/// rpm's database in SQLite (rpm 4.16 and later). Takes the file's bytes, as it changes its copy.
void read_rpm_database(Bytes database, PackageCollector& found);

/// A header as rpm keeps it in its database (rpm, docs/manual/format.md, without magic and lead).
void read_rpm_header(ByteView header, PackageCollector& found);

}  // namespace rpixen
