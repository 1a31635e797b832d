#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "release/imager_entry.hpp"
#include "release/sample_release.hpp"

namespace rpixen::test {
namespace {

using Json = nlohmann::json;

TEST(ImagerEntry, HasEverythingThatTheImagerAsksFor) {
    EXPECT_EQ(Json::parse(imager_entry_json(sample_release())), Json::parse(R"json({"os_list": [{
        "name": "dom0 image",
        "description": "Xen 4.17.5, Linux 6.1.0-37-arm64, Debian GNU/Linux 12 (bookworm)",
        "icon": "icons/use_custom.png",
        "url": "https://example.org/cards/dom0%20image.img.zst",
        "extract_size": 536870912,
        "extract_sha256": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "image_download_size": 123456789,
        "image_download_sha256": "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
        "release_date": "2023-11-14",
        "devices": ["pi4-64bit"],
        "architecture": "armv8",
        "init_format": "none",
        "bmap_url": "https://example.org/cards/dom0%20image.img.bmap"}]})json"));
}

TEST(ImagerEntry, WithoutAUrlFilesAreNamed) {
    ReleaseFacts facts = sample_release();
    facts.url.clear();
    facts.card.artifacts.clear();
    facts.distribution = {};
    const Json entry = Json::parse(imager_entry_json(facts))["os_list"][0];
    EXPECT_EQ(entry["url"], "dom0 image.img.zst");
    EXPECT_EQ(entry["bmap_url"], "dom0 image.img.bmap");
    EXPECT_EQ(entry["description"], "Xen and its dom0");
}

}  // namespace
}  // namespace rpixen::test
