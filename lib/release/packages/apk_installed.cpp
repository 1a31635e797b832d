#include <algorithm>
#include <utility>

#include "release/packages/package_readers.hpp"

namespace rpixen {
namespace {

/// A record while its lines are read: "P:musl", "V:1.2.4-r2"; those of its files (F, R, M, a, Z) do not matter here.
struct Record {
    InstalledPackage package;
    bool begun = false;
    bool damaged = false;

    void take(std::string_view line) {
        begun = true;
        if (line.size() < 2 || line[1] != ':') {
            damaged = true;
            return;
        }
        const std::string_view value = line.substr(2);
        switch (line[0]) {
            case 'P':
                package.name = value;
                break;
            case 'V':
                package.version = value;
                break;
            case 'A':
                package.architecture = value;
                break;
            case 'o':
                package.source = value;
                break;
            case 'L':
                package.licence = value;
                break;
            case 'm':
                package.maintainer = value;
                break;
            default:
                break;
        }
    }
};

void end(Record& record, PackageCollector& found) {
    if (record.damaged)
        found.damaged();
    else if (record.begun) {
        record.package.manager = "apk";
        found.add(std::move(record.package));
    }
    record = {};
}

}  // namespace

void read_apk_installed(std::string_view installed, PackageCollector& found) {
    Record record;
    while (!installed.empty()) {
        const std::size_t line_end = std::min(installed.find('\n'), installed.size());
        const std::string_view line = installed.substr(0, line_end);
        const bool last = line_end == installed.size();  // without a line end
        installed.remove_prefix(last ? line_end : line_end + 1);
        if (line.empty()) {
            end(record, found);
            continue;
        }
        record.take(line);
        record.damaged = record.damaged || last;
    }
    end(record, found);
}

}  // namespace rpixen
