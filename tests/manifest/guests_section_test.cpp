#include <gmock/gmock.h>

#include <rpixen/manifest.hpp>

namespace rpixen {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string with(const std::string& more, const std::string& artifact = "") {
    return R"({ "manifest_version": 1, "artifacts": { "xen": "xen", "kernel": "Image", )" + artifact +
           R"("dtb": "b.dtb", "uboot": "u.bin", "rootfs": "root.tar" },)" + more + "}";
}

Manifest parsed(const std::string& more, const std::string& artifact = "") {
    return parse_manifest(with(more, artifact), "dir/m.json");
}

/// "pointer: text" of each complaint.
std::vector<std::string> complaints(const std::string& more) {
    std::vector<std::string> all;
    try {
        parse_manifest(with(more), "m.json");
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::manifest);
        for (const Problem& problem : error.problems())
            all.push_back(problem.location.pointer + ": " + problem.message);
    }
    return all;
}

std::string guests(const std::string& list) {
    return "\"guests\": [" + list + "]";
}

TEST(GuestsSection, TheShortestGuestHasTheContractsDefaults) {
    const Manifest manifest = parsed(guests(R"({"name": "web", "start": "xen", "kernel": "dom0", "memory": "128MiB"},
                  {"name": "db", "start": "xl", "kernel": "Image-db", "memory": "1GiB"})"));
    ASSERT_EQ(manifest.guests.size(), 2U);
    const Guest& web = manifest.guests[0];
    EXPECT_EQ(web.name, "web");
    EXPECT_EQ(web.start, GuestStart::xen);
    EXPECT_TRUE(web.kernel.of_dom0);
    EXPECT_EQ(web.initrd.has_value(), false);
    EXPECT_EQ(web.memory, std::uint64_t{128} << 20);
    EXPECT_EQ(web.vcpus, 1U);
    EXPECT_EQ(web.console, GuestConsole::vpl011);
    EXPECT_EQ(web.command_line(), "console=ttyAMA0");
    EXPECT_FALSE(web.pv);
    EXPECT_EQ(web.location.pointer, "/guests/0/name");
    const Guest& db = manifest.guests[1];
    EXPECT_EQ(db.start, GuestStart::xl);
    EXPECT_FALSE(db.kernel.of_dom0);
    EXPECT_EQ(db.kernel.artifact.resolved, "dir/Image-db");
    EXPECT_EQ(db.console, GuestConsole::pv);
    EXPECT_EQ(db.command_line(), "console=hvc0");
    EXPECT_TRUE(db.autostart);
    EXPECT_FALSE(manifest.network.has_value());
}

TEST(GuestsSection, TakesEveryKey) {
    const Manifest manifest = parsed(
        guests(R"({"name": "a", "start": "xen", "kernel": "k", "initrd": "dom0", "device_tree": "p.dtb",
                   "memory": 16777216, "vcpus": 4, "bootargs": "quiet", "console": "pv", "pv": "on"},
                  {"name": "b", "start": "xl", "kernel": "dom0", "initrd": {"path": "i"}, "memory": "64MiB",
                   "console": "none", "disk": "folder", "autostart": false})") +
            R"(, "network": {"bridge": "xenbr0", "uplink": "eth0"})",
        R"("initrd": "i.img", )");
    const Guest& a = manifest.guests[0];
    EXPECT_TRUE(a.initrd->of_dom0);
    EXPECT_EQ(a.device_tree->resolved, "dir/p.dtb");
    EXPECT_EQ(a.vcpus, 4U);
    EXPECT_EQ(a.command_line(), "quiet");
    EXPECT_TRUE(a.pv);
    const Guest& b = manifest.guests[1];
    EXPECT_EQ(b.initrd->artifact.path, "i");
    EXPECT_EQ(b.disk->path, "folder");
    EXPECT_FALSE(b.autostart);
    EXPECT_EQ(b.command_line(), "");
    EXPECT_EQ(manifest.network->bridge, "xenbr0");
    EXPECT_EQ(manifest.network->uplink, "eth0");

    // And the way back.
    const Manifest again = parse_manifest(manifest_json(manifest), "dir/m.json");
    EXPECT_EQ(manifest_json(again), manifest_json(manifest));
    ASSERT_EQ(again.guests.size(), 2U);
    EXPECT_EQ(again.guests[0].console, GuestConsole::pv);
    EXPECT_EQ(again.guests[1].disk->path, "folder");
    EXPECT_EQ(again.guests[1].autostart, false);
    EXPECT_EQ(again.network->uplink, "eth0");
}

TEST(GuestsSection, TakesStaticMemory) {
    const std::string rest = R"(, "start": "xen", "kernel": "k", "memory": "128MiB")";
    const Manifest manifest = parsed(guests(R"({"name": "a")" + rest +
                                            R"(, "static_memory": "auto", "direct_map": true},
                  {"name": "b")" + rest + R"(, "direct_map": true, "pv": "on", "static_memory": [
                    {"address": "0x30000000", "size": "64MiB"}, {"address": 1073741824, "size": 67108864}]},
                  {"name": "c")" + rest + "}"));
    const Guest& a = manifest.guests[0];
    ASSERT_TRUE(a.static_memory.has_value());
    EXPECT_TRUE(a.static_memory->empty()) << "the planner finds the place";
    EXPECT_TRUE(a.direct_map);
    EXPECT_EQ(a.console, GuestConsole::none) << "no UART of the board has room for a vpl011";
    const Guest& b = manifest.guests[1];
    ASSERT_EQ(b.static_memory->size(), 2U);
    EXPECT_EQ(b.static_memory->at(1).address, 0x40000000U);
    EXPECT_EQ(b.static_memory->at(1).size, std::uint64_t{64} << 20);
    EXPECT_EQ(b.console, GuestConsole::pv);
    EXPECT_FALSE(manifest.guests[2].static_memory.has_value());
    EXPECT_FALSE(manifest.guests[2].direct_map);

    const Manifest again = parse_manifest(manifest_json(manifest), "dir/m.json");
    EXPECT_EQ(manifest_json(again), manifest_json(manifest));
    EXPECT_TRUE(again.guests[0].static_memory->empty());
    EXPECT_EQ(again.guests[1].static_memory->at(0).address, 0x30000000U);
    EXPECT_EQ(again.guests[1].console, GuestConsole::pv);
}

TEST(GuestsSection, RefusesStaticMemoryThatXenWouldNotTake) {
    const auto with_memory = [](const std::string& more) {
        return complaints(guests(R"({"name": "a", "start": "xen", "kernel": "k", "memory": "64MiB", )" + more + "}"));
    };
    const auto place = [](const char* address, const char* size) {
        return std::string(R"("static_memory": [{"address": )") + address + R"(, "size": )" + size + "}]";
    };
    EXPECT_THAT(with_memory(place("\"0x30000000\"", "\"64MiB\"")), IsEmpty());
    EXPECT_THAT(with_memory(place("\"0x30000000\"", "\"32MiB\"")), ElementsAre(HasSubstr("in sum")));
    EXPECT_THAT(with_memory(place("\"0x30000100\"", "\"64MiB\"")),
                ElementsAre(HasSubstr("/guests/0/static_memory/0/address: ")));
    EXPECT_THAT(with_memory(place("\"0xfe000000\"", "\"64MiB\"")), ElementsAre(HasSubstr("beyond 4 GiB")));
    EXPECT_THAT(with_memory(place("\"0x30000000\"", "100")),
                ElementsAre(HasSubstr("/guests/0/static_memory/0/size: ")));
    EXPECT_THAT(with_memory(R"("static_memory": [])"), ElementsAre(HasSubstr("/guests/0/static_memory: ")));
    EXPECT_THAT(with_memory(R"("static_memory": "some")"), ElementsAre(HasSubstr("/guests/0/static_memory: ")));
    EXPECT_THAT(with_memory(R"("direct_map": true)"), ElementsAre(HasSubstr("/guests/0/direct_map: ")));
    const std::string xl = R"({"name": "a", "start": "xl", "kernel": "k", "memory": "64MiB", )";
    EXPECT_THAT(complaints(guests(xl + R"("static_memory": "auto"})")),
                ElementsAre(HasSubstr("/guests/0/static_memory: ")));
    EXPECT_THAT(complaints(guests(xl + R"("direct_map": true})")), ElementsAre(HasSubstr("/guests/0/direct_map: ")));
}

TEST(GuestsSection, NamesWhatIsMissing) {
    EXPECT_THAT(complaints(guests("{}")),
                testing::UnorderedElementsAre(HasSubstr("/guests/0"), HasSubstr("/guests/0"), HasSubstr("/guests/0"),
                                              HasSubstr("/guests/0")));
    EXPECT_THAT(complaints(R"("network": {})"), ElementsAre(HasSubstr("/network")));
}

TEST(GuestsSection, RefusesTwoOfOneName) {
    EXPECT_THAT(complaints(guests(R"({"name": "web", "start": "xen", "kernel": "dom0", "memory": "128MiB"},
                                     {"name": "Web", "start": "xl", "kernel": "dom0", "memory": "128MiB"})")),
                ElementsAre("/guests/1/name: two guests have this name"));
}

TEST(GuestsSection, RefusesKeysOfTheOtherKind) {
    const std::string xl = R"({"name": "a", "start": "xl", "kernel": "k", "memory": "1MiB", )";
    const std::string xen = R"({"name": "a", "start": "xen", "kernel": "k", "memory": "1MiB", )";
    EXPECT_THAT(complaints(guests(xl + R"("device_tree": "t"})")), ElementsAre(HasSubstr("/guests/0/device_tree: ")));
    EXPECT_THAT(complaints(guests(xl + R"("pv": "on"})")), ElementsAre(HasSubstr("/guests/0/pv: ")));
    EXPECT_THAT(complaints(guests(xen + R"("disk": "t"})")), ElementsAre(HasSubstr("/guests/0/disk: ")));
    EXPECT_THAT(complaints(guests(xen + R"("autostart": true})")), ElementsAre(HasSubstr("/guests/0/autostart: ")));
    EXPECT_THAT(complaints(guests(xen + R"("console": "pv"})")), ElementsAre(HasSubstr("/guests/0/console: ")));
    EXPECT_THAT(complaints(guests(xl + R"("console": "vpl011"})")), IsEmpty());
}

TEST(GuestsSection, RefusesAnInitrdThatDom0HasNot) {
    EXPECT_THAT(
        complaints(guests(R"({"name": "a", "start": "xen", "kernel": "k", "memory": "1MiB", "initrd": "dom0"})")),
        ElementsAre("/guests/0/initrd: dom0 has no initrd that a guest could have too"));
}

TEST(GuestsSection, RefusesValuesThatNoFileCouldHold) {
    const std::string rest = R"(, "start": "xl", "kernel": "k", "memory": "1MiB")";
    for (const char* name : {"", "a b", "a/b", "-a", "a_b", "Domain-0", "\xC3\xA9"})
        EXPECT_THAT(complaints(guests("{\"name\": \"" + std::string(name) + '"' + rest + "}")),
                    ElementsAre(HasSubstr("/guests/0/name: ")))
            << name;
    EXPECT_THAT(complaints(guests("{\"name\": \"a\"" + rest + R"(, "bootargs": "it's"})")),
                ElementsAre(HasSubstr("/guests/0/bootargs: ")));
    EXPECT_THAT(complaints(guests("{\"name\": \"a\"" + rest + R"(, "vcpus": 9})")),
                ElementsAre(HasSubstr("/guests/0/vcpus: ")));
    EXPECT_THAT(complaints(R"("network": {"bridge": "a b", "uplink": "sixteen-letters-"})"),
                ElementsAre(HasSubstr("/network/bridge: "), HasSubstr("/network/uplink: ")));
    EXPECT_THAT(complaints(R"("network": {"bridge": "br", "uplink": "br"})"),
                ElementsAre(HasSubstr("/network/uplink: ")));
}

}  // namespace
}  // namespace rpixen
