#include <algorithm>

#include <rpixen/compose.hpp>
#include <rpixen/report.hpp>

#include "base/printable.hpp"
#include "base/readable.hpp"
#include "base/size.hpp"

namespace rpixen {
namespace {

/// Columns of text, each as wide as its widest cell; a cell that begins with '>' in the head is aligned to
/// the right.
class Table {
  public:
    explicit Table(std::vector<std::string> head) : head_(head) { rows_.push_back(std::move(head)); }
    void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

    std::string text() const {
        std::vector<std::size_t> widths(head_.size());
        for (const auto& row : rows_)
            for (std::size_t column = 0; column < row.size(); ++column)
                widths[column] = std::max(widths[column], cell(row, column, &row == &rows_.front()).size());
        std::string all;
        for (const auto& row : rows_) {
            std::string line = "  ";
            for (std::size_t column = 0; column < row.size(); ++column) {
                const std::string value = cell(row, column, &row == &rows_.front());
                const std::string padding(widths[column] - value.size(), ' ');
                line += head_[column].starts_with('>') ? padding + value : value + padding;
                line += "  ";
            }
            line.erase(line.find_last_not_of(' ') + 1);
            all += line + "\n";
        }
        return all;
    }

  private:
    static std::string cell(const std::vector<std::string>& row, std::size_t column, bool head) {
        return head && row[column].starts_with('>') ? row[column].substr(1) : row[column];
    }
    std::vector<std::string> head_;
    std::vector<std::vector<std::string>> rows_;
};

std::string mode_text(std::uint32_t mode) {
    std::string text = "0000";
    for (std::size_t digit = 0; digit < 4; ++digit)
        text[3 - digit] = static_cast<char>('0' + ((mode >> (3 * digit)) & 7));
    return text;
}

std::string partition_table(const Report& report) {
    Table table({">#", "name", "type", "", ">offset", ">size", "file system", "label", "id", ">entries", ">data"});
    for (const ReportPartition& partition : report.partitions)
        table.add({std::to_string(partition.number), partition.name, partition.type, partition.active ? "boot" : "",
                   format_size(partition.offset), format_size(partition.size), partition.file_system, partition.label,
                   partition.uuid, std::to_string(partition.entries), rounded_size(partition.used)});
    return table.text();
}

/// With `deep` every file, otherwise those of the top folder.
std::string file_table(const ReportPartition& partition, bool deep) {
    Table table({"mode", ">owner", ">size", "time (UTC)", "path"});
    for (const ReportFile& file : partition.files) {
        if (!deep && file.path.find('/', 1) != std::string::npos) continue;
        std::string path = printable(file.path);
        if (file.type == "directory")
            path += path == "/" ? "" : "/";
        else if (file.type == "symlink")
            path += " -> " + printable(file.target);
        else if (file.type.ends_with("device"))
            path += " (" + file.type + " " + std::to_string(file.major) + ":" + std::to_string(file.minor) + ")";
        else if (file.type != "file")
            path += " (" + file.type + ")";
        table.add({mode_text(file.mode), std::to_string(file.uid) + ":" + std::to_string(file.gid),
                   std::to_string(file.size), utc_time(file.mtime), path});
    }
    return table.text();
}

std::string memory_table(const std::vector<ReportRegion>& memory) {
    Table table({">from", ">to", ">size", "what", "kind", "remark"});
    for (const ReportRegion& region : memory) {
        std::string remark;
        if (region.pinned) remark = "pinned by the manifest";
        if (!region.moved_by.empty()) remark = "moved from " + format_address(region.wanted) + " by " + region.moved_by;
        table.add({format_address(region.begin), format_address(region.end), rounded_size(region.end - region.begin),
                   region.name, region.kind, remark});
    }
    return table.text();
}

const char* fate_of(const ReportBoard& board) {
    if (board.starts) return board.xl_starts ? "starts" : "starts, but not all guests of xl: too little is left";
    return board.guests != 0 ? "does not start: Xen cannot give dom0 and the guests so much"
                             : "does not start: Xen cannot give dom0 so much";
}

std::string board_table(const std::vector<ReportBoard>& boards) {
    const bool guests = boards.front().guests != 0;
    const bool xl_guests = boards.front().xl_guests != 0;
    std::vector<std::string> head{">memory", ">dom0_mem", ">at most"};
    if (guests) head.emplace_back(">guests");
    if (xl_guests) head.emplace_back(">xl's guests");
    head.emplace_back("");
    Table table(head);
    for (const ReportBoard& board : boards) {
        std::vector<std::string> row{format_size(board.memory), format_size(board.dom0_mem),
                                     format_size(board.ceiling)};
        if (guests) row.push_back(format_size(board.guests));
        if (xl_guests) row.push_back(format_size(board.xl_guests));
        row.emplace_back(fate_of(board));
        table.add(std::move(row));
    }
    return table.text();
}

/// Their sum is what a board has to have beside Xen and dom0.
std::string domain_table(const std::vector<ReportDomain>& domains) {
    const auto size = [](std::uint64_t bytes) { return bytes == 0 ? std::string() : format_size(bytes); };
    Table table({"name", "started by", ">memory", ">page tables", ">processors", ""});
    std::uint64_t memory = 0;
    std::uint64_t page_tables = 0;
    for (const ReportDomain& domain : domains) {
        table.add({domain.name, domain.started_by == "xl" ? "xl" : "Xen", size(domain.memory), size(domain.page_tables),
                   domain.vcpus == 0 ? "" : std::to_string(domain.vcpus),
                   domain.static_memory ? "set aside by address" : ""});
        if (domain.name == "dom0") continue;
        memory += domain.memory;
        page_tables += domain.page_tables;
    }
    table.add({"guests", "", size(memory), size(page_tables), "", "to be left free by dom0"});
    return table.text();
}

std::string indented(const std::string& text) {
    std::string all;
    std::size_t begin = 0;
    while (begin < text.size()) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        all += "  " + text.substr(begin, end - begin) + "\n";
        begin = end + 1;
    }
    return all;
}

}  // namespace

std::string diagnostics_text(const std::vector<Diagnostic>& diagnostics) {
    std::string all;
    for (const Diagnostic& diagnostic : diagnostics) {
        all += std::string(name_of(diagnostic.severity)) + " [" + diagnostic.id + "]: " + diagnostic.message + "\n";
        if (!diagnostic.found.empty()) all += "    found:   " + diagnostic.found + "\n";
        if (!diagnostic.allowed.empty()) all += "    allowed: " + diagnostic.allowed + "\n";
        if (!diagnostic.why.empty()) all += "    why:     " + diagnostic.why + "\n";
        if (!diagnostic.change.empty()) all += "    change:  " + diagnostic.change + "\n";
    }
    return printable_text(all);
}

std::string Report::text(bool all_files) const {
    std::string all = (output.empty() ? name : output) + ": " + format_size(size);
    if (!table.empty()) all += ", partition table " + table;
    if (!disk_signature.empty()) all += ", disk signature " + disk_signature;
    if (time != 0) all += ", time stamp " + utc_time(time) + " UTC";
    all += "\n";
    if (!partitions.empty()) all += "\nPartitions\n" + partition_table(*this);
    for (const ReportPartition& partition : partitions) {
        const bool is_boot = partition.file_system.starts_with("fat") || partition.file_system.starts_with("FAT");
        if (partition.files.empty()) continue;
        const bool deep = all_files || is_boot;
        all += "\nFiles of partition " + std::to_string(partition.number) +
               (deep ? "" : ", its top folder (--verbose lists all)") + "\n" + file_table(partition, deep);
    }
    if (!memory.empty()) all += "\nMemory at boot\n" + memory_table(memory);
    if (!domains.empty()) all += "\nDomains\n" + domain_table(domains);
    if (!boards.empty()) all += "\nBoards\n" + board_table(boards);
    if (!facts.empty()) {
        all += "\nFacts\n";
        for (const std::string& fact : facts) all += "  " + fact + "\n";
    }
    if (!script.empty()) all += "\nboot.scr\n" + indented(script);
    if (!config_txt.empty()) all += "\nconfig.txt\n" + indented(config_txt);
    if (!diagnostics.empty()) all += "\n" + diagnostics_text(diagnostics);
    if (!notes.empty()) {
        all += "\n";
        for (const std::string& note : notes) all += "note: " + note + "\n";
    }
    return printable_text(all);
}

std::string Verification::text() const {
    std::string all;
    for (const Difference& difference : differences) {
        all += difference.partition.empty() ? "disk" : difference.partition;
        if (!difference.path.empty()) all += ":" + difference.path;
        all += ": " + difference.what;
        if (!difference.expected.empty() || !difference.found.empty())
            all += "; expected " + (difference.expected.empty() ? "nothing" : difference.expected) + ", found " +
                   (difference.found.empty() ? "nothing" : difference.found);
        all += "\n";
    }
    if (differences.empty())
        all += "verified " + std::to_string(files) + " files, " + rounded_size(bytes) + " of data\n";
    return printable_text(all);
}

std::string Diagnosis::text() const {
    std::string all;
    if (reading.boots > 1)
        all += "boot " + std::to_string(reading.boot) + " of the " + std::to_string(reading.boots) + " in this log\n";
    for (const StageLine& stage : reading.stages)
        all += "  line " + std::to_string(stage.line) + "  " + name_of(stage.stage) + "\n";
    if (reading.failed) {
        all += std::string("stopped before ") + name_of(*reading.failed) + ": " + reading.cause;
        if (reading.line > 0) all += " (line " + std::to_string(reading.line) + ")";
        all += "\n" + reading.BootVerdict::text();
    } else {
        all += std::string("reached ") + name_of(reading.reached) + "\n";
    }
    if (image.empty()) return printable_text(all);
    all += "\nthe card " + image + " itself:\n";
    if (findings.empty()) all += "nothing was found that keeps it from booting\n";
    for (const std::string& rule : confirmed) all += rule + " is what the log shows\n";
    if (!not_followed.empty()) all += "not followed: " + not_followed + "\n";
    return printable_text(all) + diagnostics_text(findings);
}

}  // namespace rpixen
