#include "card/xl_guests.hpp"

#include <rpixen/error.hpp>

#include "base/size.hpp"
#include "boot/guests.hpp"

namespace rpixen {
namespace {

constexpr const char* written_by = "# Written by rpixen-img from the manifest's guests.\n";

/// A text in xl's form. The manifest's texts have no single quotes, backslashes and control characters.
std::string quoted(const std::string& text) {
    return "'" + text + "'";
}

class RootFiles {
  public:
    RootFiles(FileTree& tree, std::int64_t time) : tree_(tree), time_(time) {}

    void add(const std::string& path, const Content& content, std::uint16_t mode = 0644) {
        tree_.add_file(tree_.locate(path), metadata(mode), content, {}, FileTree::Existing::replace);
    }
    void add(const std::string& path, const std::string& text, std::uint16_t mode = 0644) {
        add(path, memory_content(text, path), mode);
    }
    void add(const std::string& path, const GuestDisk& disk) {
        tree_.add_sparse_file(tree_.locate(path), metadata(0600), disk.size, disk.content, disk.runs, {},
                              FileTree::Existing::replace);
    }
    void link(const std::string& path, const std::string& target) {
        tree_.add_symlink(tree_.locate(path), metadata(0777), target, {}, FileTree::Existing::replace);
    }
    bool has(const std::string& path) const {
        try {
            const FileTree::Place place = tree_.locate(path, false);
            return tree_.child(place.directory, place.name).has_value();
        } catch (const Error&) {
            return false;  // a folder on the way is missing
        }
    }

  private:
    Metadata metadata(std::uint16_t mode) const { return {mode, 0, 0, {time_, 0}}; }

    FileTree& tree_;
    std::int64_t time_;
};

bool has_systemd(const RootFiles& files) {
    return files.has("/lib/systemd/systemd") || files.has("/usr/lib/systemd/systemd");
}

/// udev loads them by itself; that they are there before the first guest is sure only so.
void add_drivers(const Manifest& manifest, RootFiles& files) {
    std::string drivers = written_by;
    bool disks = false;
    for (const Guest& guest : manifest.guests) disks = disks || guest.disk;
    if (disks) drivers += "xen-blkback\nloop\n";
    if (manifest.network) drivers += "xen-netback\nbridge\n";
    if ((disks || manifest.network) && has_systemd(files)) files.add("/etc/modules-load.d/xen-guests.conf", drivers);
}

void add_interfaces(const Network& network, RootFiles& files) {
    const std::string& bridge = network.bridge;
    std::string text = std::string(written_by) + "auto " + bridge + "\niface " + bridge + " inet " +
                       (network.uplink ? "dhcp" : "manual") + "\n    pre-up ip link show dev " + bridge +
                       " >/dev/null 2>&1 || ip link add name " + bridge + " type bridge\n";
    if (network.uplink) text += "    pre-up ip link set dev " + *network.uplink + " master " + bridge + " up || true\n";
    text += "    pre-up ip link set dev " + bridge + " up\n";
    files.add("/etc/network/interfaces.d/" + bridge, text);
}

void add_networkd(const Network& network, RootFiles& files) {
    const std::string folder = "/etc/systemd/network/";
    const std::string& bridge = network.bridge;
    files.add(folder + "10-" + bridge + ".netdev",
              std::string(written_by) + "[NetDev]\nName=" + bridge + "\nKind=bridge\n");
    files.add(folder + "10-" + bridge + ".network",
              std::string(written_by) + "[Match]\nName=" + bridge + "\n\n[Network]\n" +
                  (network.uplink ? "DHCP=yes\n" : "ConfigureWithoutCarrier=yes\nLinkLocalAddressing=no\n"));
    if (network.uplink)
        files.add(
            folder + "10-" + bridge + "-" + *network.uplink + ".network",
            std::string(written_by) + "[Match]\nName=" + *network.uplink + "\n\n[Network]\nBridge=" + bridge + "\n");
    const std::string unit = "systemd-networkd.service";
    const std::string units = files.has("/lib/systemd/system/" + unit) ? "/lib/systemd/system/"
                                                                       : "/usr/lib/systemd/system/";
    files.link("/etc/systemd/system/multi-user.target.wants/" + unit, units + unit);
}

void add_start_script(const Network& network, RootFiles& files) {
    const std::string& bridge = network.bridge;
    std::string text = std::string("#!/bin/sh\n") + written_by +
                       "case ${1:-start} in\n  start)\n    ip link show dev " + bridge +
                       " >/dev/null 2>&1 || ip link add name " + bridge + " type bridge\n";
    if (network.uplink) text += "    ip link set dev " + *network.uplink + " master " + bridge + " up\n";
    text += "    ip link set dev " + bridge + " up\n";
    if (network.uplink)
        text += "    ! command -v udhcpc >/dev/null || udhcpc -b -i " + bridge + " >/dev/null 2>&1 </dev/null &\n";
    text += "    ;;\n  stop) ip link del dev " + bridge + " ;;\nesac\n";
    files.add("/etc/init.d/S40" + bridge, text, 0755);
}

}  // namespace

std::string xl_configuration(const Guest& guest, const std::optional<Network>& network) {
    const auto file = [&](GuestModuleKind kind) { return quoted("/" + guest_file(guest, kind)); };
    std::string text = written_by;
    text += "name = " + quoted(guest.name) + "\n";
    text += "kernel = " + file(GuestModuleKind::kernel) + "\n";
    if (guest.initrd) text += "ramdisk = " + file(GuestModuleKind::initrd) + "\n";
    text += "memory = " + std::to_string(guest.memory / MiB) + "\n";
    text += "vcpus = " + std::to_string(guest.vcpus) + "\n";
    if (const std::string line = guest.command_line(); !line.empty()) text += "extra = " + quoted(line) + "\n";
    if (guest.console == GuestConsole::vpl011) text += "vuart = 'sbsa_uart'\n";
    if (guest.disk) text += "disk = [ " + quoted("/" + guest_disk_file(guest) + ",raw,xvda,rw") + " ]\n";
    if (network) text += "vif = [ " + quoted("bridge=" + network->bridge) + " ]\n";
    return text;
}

void add_xl_guests(const Manifest& manifest, const ArtifactSet& artifacts, FileTree& root, std::int64_t time) {
    RootFiles files(root, time);
    bool any = false;
    for (std::size_t index = 0; index < manifest.guests.size(); ++index) {
        const Guest& guest = manifest.guests[index];
        if (guest.start != GuestStart::xl) continue;
        any = true;
        const GuestArtifacts& parts = artifacts.guests.at(index);
        files.add("/" + guest_file(guest, GuestModuleKind::kernel), parts.kernel.content);
        for (const auto& [kind, module] : parts.modules) files.add("/" + guest_file(guest, kind), module.content);
        if (parts.disk) files.add("/" + guest_disk_file(guest), *parts.disk);
        files.add("/etc/xen/" + guest.name + ".cfg", xl_configuration(guest, manifest.network));
        if (guest.autostart) files.link("/etc/xen/auto/" + guest.name + ".cfg", "../" + guest.name + ".cfg");
    }
    if (any) add_drivers(manifest, files);
}

void add_bridge(const Network& network, FileTree& root, std::int64_t time) {
    RootFiles files(root, time);
    const bool ifupdown = files.has("/etc/network/interfaces") &&
                          (files.has("/sbin/ifup") || files.has("/usr/sbin/ifup"));
    const bool networkd = files.has("/lib/systemd/systemd-networkd") || files.has("/usr/lib/systemd/systemd-networkd");
    if (ifupdown)
        add_interfaces(network, files);
    else if (networkd)
        add_networkd(network, files);
    else if (files.has("/etc/init.d"))
        add_start_script(network, files);
    else
        throw Error(ErrorCode::unfit,
                    Problem{"nothing in the root file system is known to configure a bridge", network.bridge,
                            "ifupdown with /etc/network/interfaces, systemd-networkd, or start scripts in /etc/init.d",
                            "install one of them, or leave \"network\" out and bring the bridge with \"files\"",
                            network.location});
}

}  // namespace rpixen
