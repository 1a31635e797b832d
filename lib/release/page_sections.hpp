#pragma once

#include <string>

#include "release/release_facts.hpp"

// The parts of the release page that are longer than a line, each as HTML.

namespace rpixen::page {

/// One sentence: what runs on the card.
std::string lead(const ReleaseFacts& facts);
/// Whether anything speaks against it that the card boots.
std::string verdict(const Report& card);
/// The terms and values of the list at the top.
std::string facts(const ReleaseFacts& facts);
/// What lies beside the image, as list items with links.
std::string files(const ReleaseFacts& facts);
/// The digest of the unpacked image; empty where it is the download itself.
std::string image_digest(const ReleaseFacts& facts);
/// What to do with Raspberry Pi Imager, and as which command where that is known.
std::string imager(const ReleaseFacts& facts);
std::string imager_command(const ReleaseFacts& facts);
/// The command that unpacks and writes with dd.
std::string dd_command(const ReleaseFacts& facts);

std::string layout(const Report& card);
std::string memory(const Report& card);
/// Which sizes of board start dom0; empty where that is not known.
std::string boards(const Report& card);
/// config.txt and the boot script, to be opened.
std::string scripts(const Report& card);
std::string findings(const Report& card);
std::string notes(const Report& card);
std::string artifacts(const Report& card);
std::string manifest(const ReleaseFacts& facts);
std::string packages(const ReleaseFacts& facts);

}  // namespace rpixen::page
