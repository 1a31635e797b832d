#include "verify/card_reading.hpp"

#include <unistd.h>

#include <cerrno>
#include <map>

#include <rpixen/error.hpp>

#include "artifact/tar_layer.hpp"
#include "card/identifier.hpp"
#include "storage/file_descriptor.hpp"
#include "verify/recorded_digests.hpp"

namespace rpixen {
namespace {

/// What comes out of a pipe.
class PipeStream final : public ByteStream {
  public:
    explicit PipeStream(int descriptor) : descriptor_(descriptor), buffer_(256 * 1024) {}

  protected:
    ByteView refill() override {
        ssize_t count = 0;
        do count = ::read(descriptor_, buffer_.data(), buffer_.size());
        while (count < 0 && errno == EINTR);
        if (count < 0) throw_io("read", "from the appliance");
        return ByteView(buffer_).first(static_cast<std::size_t>(count));
    }

  private:
    int descriptor_;
    Bytes buffer_;
};

FileTree read_tree(ApplianceCards& cards, std::size_t card, const AppliancePartition& partition,
                   const Supervision& supervision) {
    FileTree tree;
    const std::string name = "partition " + std::to_string(partition.number);
    cards.stream_files(card, partition, [&](int descriptor) {
        PipeStream stream(descriptor);
        DigestStore store(name);
        // The caller's thread shows progress.
        Layers layers(tree, Layers::Reading::exact);
        layers.begin(name);
        add_tar_stream(layers, stream, name, false, store, {nullptr, supervision.cancel}, [] {});
        if (layers.findings().end_is_proven) throw Error(ErrorCode::io, name + ": the appliance's tar ends early");
        while (!stream.some(1 << 20).empty()) supervision.check();
    });
    std::map<std::uint64_t, NodeId> by_inode;
    for (const ApplianceSpecial& special : cards.specials(card, partition, tree)) {
        const FileTree::Place place = tree.locate(special.path, false);
        const auto known = by_inode.find(special.inode);
        const auto present = tree.child(place.directory, place.name);
        if (known != by_inode.end()) {
            if (present) tree.remove(place.directory, place.name);
            tree.add_link(place, known->second);
        } else {
            by_inode[special.inode] = present
                                          ? *present
                                          : tree.add_special(place, special.metadata, NodeType::socket, special.xattrs);
        }
    }
    return tree;
}

void take_file_system(Partition& plan, const AppliancePartition& partition) {
    if (partition.file_system == "vfat") {
        Fat fat;
        fat.label = partition.label;
        fat.volume_id = parse_volume_id(partition.identifier).value_or(0);
        plan.file_system = std::move(fat);
    } else if (partition.file_system.starts_with("ext")) {
        Ext ext;
        ext.label = partition.label;
        ext.uuid = parse_uuid(partition.identifier).value_or(Uuid{});
        plan.file_system = std::move(ext);
    } else {
        plan.file_system = Foreign{partition.file_system};
    }
}

}  // namespace

CardReading read_through_appliance(ApplianceCards& cards, std::size_t card, const Supervision& supervision) {
    CardReading reading;
    reading.notes = cards.notes();
    reading.card.disk_signature = cards.disk_signature(card);
    for (const AppliancePartition& partition : cards.partitions(card)) {
        Partition plan;
        plan.name = "partition " + std::to_string(partition.number);
        plan.range = partition.range;
        plan.mbr_type = partition.mbr_type;
        plan.active = partition.active;
        take_file_system(plan, partition);
        if (partition.file_system.empty()) {
            reading.card.partitions.push_back(std::move(plan));
            continue;
        }
        supervision.begin(Phase::reading, 0, plan.name);
        const std::string verdict = cards.check_file_system(card, partition);
        if (!verdict.empty()) reading.faults.push_back({plan.name, "file system", "health", "healthy", verdict});
        try {
            plan.tree = read_tree(cards, card, partition, supervision);
        } catch (const Error& error) {
            if (error.code() != ErrorCode::io && error.code() != ErrorCode::artifact) throw;
            reading.faults.push_back(
                {plan.name, "file system", "unreadable", "a file system that can be read", error.what()});
        }
        reading.card.partitions.push_back(std::move(plan));
    }
    return reading;
}

}  // namespace rpixen
