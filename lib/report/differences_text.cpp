#include <rpixen/diff.hpp>

#include <string_view>

#include "base/printable.hpp"
#include "base/size.hpp"

namespace rpixen {
namespace {

/// "-", "+" and "~", as the lines of a list begin.
std::string mark(Change change) {
    return change == Change::removed ? "  - " : change == Change::added ? "  + " : "  ~ ";
}

std::string text_of(const ValueDifference& value) {
    // A digest is told apart by its beginning; --json has all of it.
    constexpr std::size_t short_digest = std::string_view("sha256 0123456789ab").size();
    const auto shown = [](const std::string& text) {
        if (text.starts_with("sha256 ")) return text.substr(0, short_digest) + "...";
        return text.empty() ? std::string("none") : text;
    };
    return value.what + " " + shown(value.a) + " -> " + shown(value.b);
}

/// "size 4MiB, type 0x83": of what only one card has.
std::string description(const std::vector<ValueDifference>& values) {
    std::string text;
    for (const ValueDifference& value : values)
        text += (text.empty() ? "" : ", ") + value.what + " " + (value.a.empty() ? value.b : value.a);
    return text;
}

std::string text_of(const ReportRegion& region) {
    return format_address(region.begin) + " - " + format_address(region.end);
}

std::string text_of(const RegionDifference& difference) {
    const bool added = difference.change == Change::added;
    const ReportRegion& region = added ? difference.b : difference.a;
    std::string text = mark(difference.change) + region.name;
    if (difference.change != Change::changed) return text + " at " + text_of(region) + "\n";
    if (difference.a.name != difference.b.name) text += " -> " + difference.b.name;
    return text + ": " + text_of(difference.a) + " -> " + text_of(difference.b) + "\n";
}

std::string partitions_text(const std::vector<PartitionDifference>& partitions) {
    std::string all;
    for (const PartitionDifference& each : partitions) {
        const std::string name = "partition " + std::to_string(each.number) + ": ";
        if (each.change != Change::changed) {
            all += mark(each.change) + name + description(each.values) + "\n";
            continue;
        }
        for (const ValueDifference& value : each.values) all += mark(each.change) + name + text_of(value) + "\n";
    }
    return all;
}

std::string files_text(const CardDifferences& differences) {
    std::string all;
    for (const FileDifference& file : differences.files) {
        const std::string name = std::to_string(file.partition) + ":" + printable(file.path);
        if (file.change != Change::changed) all += mark(file.change) + name + " (" + file.type + ")\n";
        for (const ValueDifference& value : file.values) all += mark(file.change) + name + ": " + text_of(value) + "\n";
    }
    if (differences.left_out > 0) all += "  and " + std::to_string(differences.left_out) + " more differences\n";
    return all;
}

std::string lines_text(const TextDifference& difference) {
    std::string all;
    for (const LineDifference& line : difference.lines)
        all += "  " + std::string(line.change == Change::removed ? "-" : "+") + line.text + "\n";
    return all;
}

}  // namespace

std::string CardDifferences::text() const {
    std::string all;
    const auto section = [&](const std::string& title, const std::string& lines) {
        if (!lines.empty()) all += (all.empty() ? "" : "\n") + title + "\n" + lines;
    };
    std::string values;
    for (const ValueDifference& value : card) values += mark(Change::changed) + text_of(value) + "\n";
    section("Card", values);
    section("Partitions", partitions_text(partitions));
    section("Files", files_text(*this));
    std::string regions;
    for (const RegionDifference& region : memory) regions += text_of(region);
    section("Memory when Xen is started", regions);
    for (const TextDifference& each : texts)
        section(each.name == "facts" ? "What is started" : each.name, lines_text(each));
    section("Findings that are gone", diagnostics_text(findings_gone));
    section("New findings", diagnostics_text(findings_added));
    if (equal()) all = "the cards are equal\n";
    for (const std::string& note : notes) all += "note: " + note + "\n";
    return printable_text(all);
}

}  // namespace rpixen
