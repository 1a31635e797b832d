#include "verify/compare_cards.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "base/size.hpp"
#include "base/text.hpp"
#include "verify/compare_contents.hpp"
#include "verify/compare_trees.hpp"

namespace rpixen {
namespace {

using Values = std::vector<ValueDifference>;

void compare(Values& values, const char* what, const std::string& a, const std::string& b) {
    if (a != b) values.push_back({what, a, b});
}

std::string yes_or_no(bool value) {
    return value ? "yes" : "no";
}

/// A plan has no image.
bool is_read(const Card& card) {
    return card.image != nullptr;
}

bool is_cut(const Card& card) {
    return is_read(card) && std::any_of(card.partitions.begin(), card.partitions.end(),
                                        [&](const Partition& each) { return each.range.end > card.size; });
}

std::string disk_identifier(const Card& card) {
    if (card.table == PartitionTable::mbr) return "0x" + hex_number(card.disk_signature, 8);
    return card.disk_guid;
}

Values compare_disks(const Card& a, const Card& b) {
    Values values;
    compare(values, "size", format_size(a.size), format_size(b.size));
    compare(values, "partition table", name_of(a.table), name_of(b.table));
    compare(values, a.table == PartitionTable::gpt ? "disk GUID" : "disk signature", disk_identifier(a),
            disk_identifier(b));
    compare(values, "hybrid MBR", yes_or_no(a.hybrid_mbr), yes_or_no(b.hybrid_mbr));
    return values;
}

/// What a partition is but its files. A plan's partitions have names of their own, and in an MBR there are none; its
/// PARTUUIDs follow from the disk signature.
Values compare_partitions(const Card& card_a, const Partition& a, const Card& card_b, const Partition& b) {
    Values values;
    const auto size = [](std::uint64_t bytes) { return bytes == 0 ? std::string() : format_size(bytes); };
    compare(values, "first byte", format_size(a.range.begin), format_size(b.range.begin));
    compare(values, "size", format_size(a.range.size()), format_size(b.range.size()));
    compare(values, "type", a.type_text(), b.type_text());
    compare(values, "active", yes_or_no(a.active), yes_or_no(b.active));
    if (card_a.table == PartitionTable::gpt && card_b.table == PartitionTable::gpt) {
        if (is_read(card_a) && is_read(card_b)) compare(values, "name", a.name, b.name);
        compare(values, "PARTUUID", a.partuuid, b.partuuid);
    }
    compare(values, "file system", a.file_system_name(), b.file_system_name());
    // The size that a file system to be made will have is not known before it is there.
    if (is_read(card_a) && is_read(card_b))
        compare(values, "file system's size", size(a.file_system_size()), size(b.file_system_size()));
    compare(values, "label", a.label_on_disk(), b.label_on_disk());
    compare(values, "identifier", a.identifier(), b.identifier());
    return values;
}

/// Of a partition that only one card has.
Values describe(const Partition& partition, Change change) {
    Values values;
    const auto add = [&](const char* what, const std::string& text) {
        if (text.empty()) return;
        values.push_back(change == Change::removed ? ValueDifference{what, text, ""} : ValueDifference{what, "", text});
    };
    add("first byte", format_size(partition.range.begin));
    add("size", format_size(partition.range.size()));
    add("type", partition.type_text());
    add("file system", partition.file_system_name());
    add("label", partition.label_on_disk());
    return values;
}

/// One comparison of two cards while it is done.
class CardComparison {
  public:
    CardComparison(const Card& a, const Card& b, VerifyForm form, const Supervision& supervision,
                   std::uint64_t most_differences)
        : a_(a), b_(b), form_(form), supervision_(supervision), most_differences_(most_differences) {}

    CardDifferences run() {
        result_.card = compare_disks(a_, b_);
        std::set<int> numbers;
        for (const Card* card : {&a_, &b_})
            for (const Partition& partition : card->partitions) numbers.insert(partition.number);
        for (const int number : numbers) compare_number(number, a_.partition(number), b_.partition(number));
        compare_data();
        collect_files();
        return std::move(result_);
    }

  private:
    void compare_number(int number, const Partition* a, const Partition* b) {
        supervision_.check();
        if (!a || !b) {
            const Change change = a ? Change::removed : Change::added;
            result_.partitions.push_back({number, change, describe(a ? *a : *b, change)});
            return;
        }
        if (Values values = compare_partitions(a_, *a, b_, *b); !values.empty())
            result_.partitions.push_back({number, Change::changed, std::move(values)});
        const bool fat = a->fat() && b->fat();
        if (fat || (a->ext() && b->ext()))
            compare_files(number, *a, *b, fat);
        else if (!a->fat() && !b->fat() && !a->ext() && !b->ext())
            compare_bytes(number, *a, *b);
        else
            note(number, "its files are not compared, as its file systems are of two kinds");
    }

    void compare_files(int number, const Partition& a, const Partition& b, bool fat) {
        const std::string name = name_partition(number);
        TreeComparison trees = compare_trees(name, {fat, true, room()}, a.tree, b.tree);
        result_.left_out += trees.left_out;
        // mke2fs makes a lost+found, of which a plan does not speak.
        const bool planned = !is_read(a_) || !is_read(b_);
        std::erase_if(trees.differences, [&](const Difference& one) {
            return planned && !fat && one.path == "/lost+found" &&
                   (one.what == "missing" || one.what == "unexpected") &&
                   one.expected + one.found == name_of(NodeType::directory);
        });
        std::move(trees.differences.begin(), trees.differences.end(), std::back_inserter(kept_));
        std::erase_if(trees.files,
                      [&](const FilePair& pair) { return !reads_content(form_, fat, a.tree.size(pair.expected)); });
        contents_.trees.push_back({name, &a.tree, &b.tree, std::move(trees.files)});
    }

    /// What no reader knows is compared as it is.
    void compare_bytes(int number, const Partition& a, const Partition& b) {
        if (a.extended || b.extended) return;  // the logical partitions are compared themselves
        if (form_ != VerifyForm::full) return note(number, "its bytes are not compared");
        if (!is_read(a_) || !is_read(b_) || a.readable.size() != b.readable.size() || a.readable.empty()) return;
        const auto content = [](const Card& card, const Partition& partition) {
            return Content{card.image, partition.readable.begin, partition.readable.size()};
        };
        contents_.partitions.push_back({name_partition(number), content(a_, a), content(b_, b)});
    }

    /// What its differences are told apart by until they are collected.
    std::string name_partition(int number) {
        std::string name = std::to_string(number);
        numbers_[name] = number;
        return name;
    }

    /// For so many more differences of files.
    std::uint64_t room() const { return most_differences_ - std::min<std::uint64_t>(most_differences_, kept_.size()); }

    void compare_data() {
        contents_.expected_is_cut = is_cut(a_);
        contents_.found_is_cut = is_cut(b_);
        contents_.expected_is_read = is_read(a_);
        contents_.most_differences = room();
        ContentComparison compared = compare_contents(contents_, supervision_);
        result_.left_out += compared.left_out;
        std::move(compared.differences.begin(), compared.differences.end(), std::back_inserter(kept_));
    }

    /// All that is different about one path becomes one entry.
    void collect_files() {
        std::stable_sort(kept_.begin(), kept_.end(), [&](const Difference& one, const Difference& other) {
            const int a = numbers_.at(one.partition);
            const int b = numbers_.at(other.partition);
            return std::tie(a, one.path) < std::tie(b, other.path);
        });
        for (Difference& one : kept_) {
            const int number = numbers_.at(one.partition);
            if (one.path == "partition") {
                add_to_partition(number, {one.what, one.expected, one.found});
            } else if (one.what == "missing") {
                result_.files.push_back({number, one.path, Change::removed, one.expected, {}});
            } else if (one.what == "unexpected") {
                result_.files.push_back({number, one.path, Change::added, one.found, {}});
            } else {
                if (result_.files.empty() || result_.files.back().partition != number ||
                    result_.files.back().path != one.path)
                    result_.files.push_back({number, one.path, Change::changed, {}, {}});
                result_.files.back().values.push_back({one.what, one.expected, one.found});
            }
        }
    }

    void add_to_partition(int number, ValueDifference value) {
        auto& partitions = result_.partitions;
        auto place = std::find_if(partitions.begin(), partitions.end(),
                                  [&](const PartitionDifference& one) { return one.number >= number; });
        if (place == partitions.end() || place->number != number)
            place = partitions.insert(place, {number, Change::changed, {}});
        place->values.push_back(std::move(value));
    }

    void note(int number, const std::string& text) {
        result_.notes.push_back("partition " + std::to_string(number) + ": " + text);
    }

    const Card& a_;
    const Card& b_;
    VerifyForm form_;
    const Supervision& supervision_;
    std::uint64_t most_differences_;
    ContentsToCompare contents_;
    std::vector<Difference> kept_;
    std::map<std::string, int> numbers_;
    CardDifferences result_;
};

}  // namespace

CardDifferences compare_cards(const Card& a, const Card& b, VerifyForm form, const Supervision& supervision,
                              std::uint64_t most_differences) {
    return CardComparison(a, b, form, supervision, most_differences).run();
}

}  // namespace rpixen
