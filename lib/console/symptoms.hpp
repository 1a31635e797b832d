#pragma once

#include <array>
#include <span>
#include <string_view>

#include <rpixen/console.hpp>

namespace rpixen {

/// Ids of diagnostics, the likeliest first; the unused places are empty.
using Rules = std::array<std::string_view, 6>;

/// Words on a console that tell of a failure, and what they mean.
struct Symptom {
    std::string_view words;
    BootStage stage;           ///< that cannot come about; none: the one that would come next
    bool final;                ///< nothing can come after it
    std::string_view meaning;  ///< what happened; ends in ": " where the line itself is to follow
    Rules rules{};
    std::string_view change{};
};

/// Of the EEPROM's boot loader and the GPU's firmware, before U-Boot or Xen.
std::span<const Symptom> firmware_symptoms();
/// Of U-Boot and of what it starts before Xen (GRUB, xen.efi).
std::span<const Symptom> uboot_symptoms();
/// Of Xen: the reason of a panic, and lines that come before one.
std::span<const Symptom> xen_symptoms();
/// Of dom0's kernel and its first programs.
std::span<const Symptom> dom0_symptoms();

/// Nothing where none of them fits. The first that does is the one.
const Symptom* find_symptom(std::span<const Symptom> symptoms, std::string_view line);

/// What it means where nothing more was heard after a stage.
struct Silence {
    BootStage reached;
    Rules rules;
    std::string_view change;
};
const Silence& silence_after(BootStage reached);

}  // namespace rpixen
