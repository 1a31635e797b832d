#include "release/packages/package_collector.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/printable.hpp"
#include "base/text.hpp"

namespace rpixen {
namespace {

constexpr std::size_t longest_word = 255;
constexpr std::size_t longest_text = 4096;

/// What a package manager takes for a name, a version or an architecture: graphic ASCII.
bool is_word(std::string_view text) {
    return text.size() <= longest_word &&
           std::all_of(text.begin(), text.end(), [](char letter) { return letter > ' ' && letter < '\x7f'; });
}

std::string for_people(std::string_view text) {
    text = trimmed(text);
    return text.size() > longest_text ? std::string() : printable(text);
}

auto key_of(const InstalledPackage& package) {
    return std::tie(package.manager, package.name, package.version, package.architecture);
}

std::uint64_t bytes_of(const InstalledPackage& package) {
    return package.name.size() + package.version.size() + package.architecture.size() + package.source.size() +
           package.source_version.size() + package.licence.size() + package.maintainer.size();
}

}  // namespace

void PackageCollector::add(InstalledPackage package) {
    if (package.name.empty() || package.version.empty() || !is_word(package.name) || !is_word(package.version) ||
        !is_word(package.architecture)) {
        damaged();
        return;
    }
    if (package.source == package.name) package.source.clear();
    if (package.source_version == package.version) package.source_version.clear();
    package.source = for_people(package.source);
    package.source_version = for_people(package.source_version);
    package.licence = for_people(package.licence);
    package.maintainer = for_people(package.maintainer);
    spending_.steps();
    spending_.bytes(bytes_of(package));
    list_.packages.push_back(std::move(package));
}

void PackageCollector::damaged(std::uint64_t records) {
    damaged_ += records;
    spending_.steps(records);
}

void PackageCollector::note(std::string_view what) {
    list_.notes.push_back(printable(path_ + ": " + std::string(what)));
}

void PackageCollector::begin(std::string path) {
    end();
    path_ = std::move(path);
}

void PackageCollector::end() {
    if (const std::uint64_t records = std::exchange(damaged_, 0))
        note(std::to_string(records) + (records == 1 ? " record is" : " records are") + " damaged and left out");
}

PackageList PackageCollector::finish() {
    end();
    auto& packages = list_.packages;
    std::stable_sort(packages.begin(), packages.end(),
                     [](const auto& one, const auto& other) { return key_of(one) < key_of(other); });
    packages.erase(std::unique(packages.begin(), packages.end(),
                               [](const auto& one, const auto& other) { return key_of(one) == key_of(other); }),
                   packages.end());
    return std::move(list_);
}

}  // namespace rpixen
