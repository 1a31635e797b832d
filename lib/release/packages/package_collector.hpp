#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/budget.hpp"
#include "release/packages/installed_packages.hpp"

namespace rpixen {

/// Takes what the readers of package databases find, within the limits of a root file system.
class PackageCollector {
  public:
    explicit PackageCollector(const Budget& budget) : spending_(budget) {}

    /// A package of the database that is being read. One whose name, version or architecture is no word of ASCII
    /// counts as damaged; texts for people are made one line of UTF-8, and left out where they are beyond all use.
    /// Throws Error{artifact} at a limit.
    void add(InstalledPackage package);
    /// A record that makes no package. Throws Error{artifact} at a limit.
    void damaged(std::uint64_t records = 1);
    /// Something else about the database that is being read: "it is encrypted".
    void note(std::string_view what);

    /// The readers' next database, by its path in the tree.
    void begin(std::string path);
    /// After the last one: what was found, in order.
    PackageList finish();

  private:
    void end();

    Spending spending_;
    PackageList list_;
    std::string path_;
    std::uint64_t damaged_ = 0;
};

}  // namespace rpixen
