#pragma once

#include <string>
#include <vector>

#include "card/card.hpp"

namespace rpixen {

/// A guest that a card starts by itself.
struct CardGuest {
    std::string name;     ///< the node's label or name, or what its configuration in /etc/xen/auto calls it
    unsigned number = 0;  ///< Xen's, from 1; 0: dom0's xl starts it
};

/// Those in the device trees and overlays of the boot partition (`label` of a node with compatible "xen,domain";
/// without one the node's name), and in /etc/xen/auto of the root file system. A damaged tree has none.
std::vector<CardGuest> guests_of(const Card& card);

/// CardGuest::number. Throws Error{artifact} where the card starts no guest of that name.
unsigned number_of_guest(const std::vector<CardGuest>& guests, const std::string& name, const std::string& image);

}  // namespace rpixen
