#include "release/components.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "base/digest.hpp"
#include "release/package_url.hpp"

namespace rpixen {
namespace {

/// What is known of an artifact by its role alone. Sources: the CPE dictionary (nvd.nist.gov/products/cpe), and each
/// project's COPYING or Licenses/README. The licence of what users bring (a device tree, a root) is not known.
struct Role {
    std::string_view role;
    std::string_view type;  ///< of CycloneDX
    std::string_view name;  ///< empty: the file's own
    std::string_view supplier;
    std::string_view cpe;  ///< part, vendor and product
    std::string_view purl_type;
    std::string_view purl_scope;
    std::string_view licence;
};

constexpr std::array<Role, 4> roles{{
    {"xen", "operating-system", "xen", "Xen Project", "o:xen:xen", "generic", "", "GPL-2.0-only"},
    {"kernel", "operating-system", "linux", "The Linux Kernel Organization", "o:linux:linux_kernel", "generic", "",
     "GPL-2.0-only WITH Linux-syscall-note"},
    {"uboot", "firmware", "u-boot", "DENX Software Engineering", "a:denx:u-boot", "generic", "", "GPL-2.0-or-later"},
    {"firmware", "firmware", "raspberrypi-firmware", "Raspberry Pi Ltd", "", "github", "raspberrypi",
     "LICENCE.broadcom of the Raspberry Pi firmware"},
}};

/// Of any other: a file.
constexpr Role unknown_role{"", "file", "", "", "", "", "", ""};

const Role& role_of(const ReportArtifact& artifact) {
    // A guest's kernel that says which Linux it is.
    const bool linux = artifact.role == "guest_kernel" && !artifact.version.empty();
    const std::string_view name = linux ? "kernel" : std::string_view(artifact.role);
    const auto* row = std::find_if(roles.begin(), roles.end(), [&](const Role& role) { return role.role == name; });
    return row == roles.end() ? unknown_role : *row;
}

std::string_view last_part(std::string_view path) {
    while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
    return path.substr(path.rfind('/') + 1);
}

/// An identifier of "artifact", "xen" and what tells it from others of its kind.
std::string id_of(std::string_view kind, std::string_view name, std::initializer_list<std::string_view> key) {
    Sha256 digest;
    for (const std::string_view part : key) digest.update(part).update(std::string_view("\0", 1));
    std::string id(kind);
    id += '-';
    for (const char letter : name) {
        const bool allowed = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                             (letter >= '0' && letter <= '9') || letter == '.';
        id += allowed ? letter : '-';
    }
    return id + '-' + hex(ByteView(digest.finish()).first(8));
}

void add_property(Component& component, const char* name, const std::string& value) {
    if (!value.empty()) component.properties.emplace_back(name, value);
}

/// A distribution's kernel may call itself by its interface ("6.1.0-37-arm64"); its package has the real number.
std::string_view kernel_version(const ReportArtifact& kernel, const std::vector<InstalledPackage>& packages) {
    const auto package = std::find_if(packages.begin(), packages.end(), [&](const InstalledPackage& installed) {
        return installed.manager == "deb" && !kernel.version.empty() &&
               (installed.name == "linux-image-" + kernel.version ||
                installed.name == "linux-image-" + kernel.version + "-unsigned");
    });
    if (package == packages.end()) return kernel.version;
    const std::string_view version = package->version;
    return version.substr(version.find(':') + 1);  // without an epoch
}

std::string cpe_of(std::string_view product, const ProgramVersion& version) {
    return "cpe:2.3:" + std::string(product) + ":" + (version.number.empty() ? "*" : version.number) + ":" +
           (version.candidate.empty() ? "*" : version.candidate) + ":*:*:*:*:*:*";
}

std::string joined(const ProgramVersion& version) {
    return version.candidate.empty() ? version.number : version.number + "-" + version.candidate;
}

Component component_of(const ReportArtifact& artifact, const ReleaseFacts& facts) {
    const Role& role = role_of(artifact);
    const ProgramVersion version = program_version(role.role == "kernel" ? kernel_version(artifact, facts.packages)
                                                                         : artifact.version);
    Component component;
    component.id = id_of("artifact", artifact.role, {artifact.role, artifact.path, artifact.name});
    component.type = role.type;
    component.name = role.name.empty() ? last_part(artifact.path) : role.name;
    if (component.name.empty()) component.name = artifact.role;
    // The firmware has no number: its version is the day of its build, which is no tag of its repository.
    const bool dated = artifact.role == "firmware";
    component.version = dated ? artifact.version : joined(version);
    component.supplier = role.supplier;
    component.licence = role.licence;
    if (!role.cpe.empty()) component.cpe = cpe_of(role.cpe, version);
    if (!role.purl_type.empty()) {
        const std::string_view name = dated ? "firmware" : role.name;
        component.purl = PackageUrl{role.purl_type, role.purl_scope, name, dated ? "" : component.version, {}}.text();
    }
    if (!artifact.is_folder) component.sha256 = artifact.sha256;
    add_property(component, "role", artifact.role);
    add_property(component, "path", artifact.path);
    add_property(component, "name-on-card", artifact.name);
    add_property(component, "says", artifact.version);
    if (artifact.packing != "none") add_property(component, "packing", artifact.packing);
    if (artifact.is_folder) add_property(component, "tree-sha256", artifact.sha256);
    return component;
}

Component component_of(const Distribution& distribution) {
    Component component;
    component.id = id_of("root", distribution.id, {distribution.id, distribution.version, distribution.name});
    component.type = "operating-system";
    component.name = distribution.id.empty() ? "root file system" : distribution.id;
    component.version = distribution.version;
    add_property(component, "pretty-name", distribution.name);
    return component;
}

Component component_of(const InstalledPackage& package, const Distribution& distribution) {
    Component component;
    component.id = id_of("package", package.manager + "-" + package.name,
                         {package.manager, package.name, package.version, package.architecture});
    component.type = "library";
    component.name = package.name;
    component.version = package.version;
    component.supplier = distribution.name;
    component.publisher = package.maintainer;
    component.licence = package.licence;
    component.purl = package_url(package, distribution);
    add_property(component, "package-manager", package.manager);
    add_property(component, "architecture", package.architecture);
    add_property(component, "source-package", package.source);
    add_property(component, "source-version", package.source_version);
    return component;
}

/// Two inputs that are the same thing get identifiers of their own.
void make_unique(std::vector<Component>& components) {
    std::set<std::string> taken;
    for (Component& component : components) {
        const std::string first = component.id;
        for (unsigned number = 2; !taken.insert(component.id).second; ++number)
            component.id = first + "-" + std::to_string(number);
    }
}

}  // namespace

ProgramVersion program_version(std::string_view text) {
    constexpr std::string_view digits = "0123456789";
    // The first word that begins with a digit.
    std::size_t begin = text.find_first_of(digits);
    while (begin != std::string_view::npos && begin > 0 && text[begin - 1] != ' ')
        begin = text.find_first_of(digits, begin + 1);
    if (begin == std::string_view::npos) return {};
    const std::size_t end = std::min(text.find_first_not_of("0123456789.", begin), text.size());
    std::string_view number = text.substr(begin, end - begin);
    while (number.ends_with('.')) number.remove_suffix(1);
    ProgramVersion version{std::string(number), {}};
    // "-rc2", and "~rc2" in packages.
    const std::string_view rest = text.substr(end);
    if (rest.size() > 3 && (rest[0] == '-' || rest[0] == '~') && rest.substr(1, 2) == "rc") {
        const std::size_t last = std::min(rest.find_first_not_of(digits, 3), rest.size());
        if (last > 3) version.candidate = rest.substr(1, last - 1);
    }
    return version;
}

Components components_of(const ReleaseFacts& facts) {
    Components components;
    for (const ReportArtifact& artifact : facts.card.artifacts)
        components.artifacts.push_back(component_of(artifact, facts));
    make_unique(components.artifacts);
    components.distribution = component_of(facts.distribution);
    for (const InstalledPackage& package : facts.packages)
        components.packages.push_back(component_of(package, facts.distribution));
    make_unique(components.packages);
    return components;
}

}  // namespace rpixen
