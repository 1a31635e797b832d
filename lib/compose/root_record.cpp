#include "compose/root_record.hpp"

#include <algorithm>

#include <rpixen/compose.hpp>
#include <rpixen/error.hpp>

#include "base/byte_record.hpp"
#include "base/digest.hpp"

namespace rpixen {
namespace {

/// To be counted on whenever a root file system of the same layers would get another tree or other places, in a
/// version that is not released.
constexpr std::string_view form = "rpixen root record 1\n";

void put(RecordWriter& record, const FileIdentity& identity) {
    record.number(identity.inode);
    record.number(identity.size);
    record.number(identity.mtime_seconds);
    record.number(identity.mtime_nanoseconds);
    record.number(identity.ctime_seconds);
    record.number(identity.ctime_nanoseconds);
}

FileIdentity read_identity(RecordReader& record) {
    FileIdentity identity;
    identity.inode = record.number<std::uint64_t>();
    identity.size = record.number<std::uint64_t>();
    identity.mtime_seconds = record.number<std::int64_t>();
    identity.mtime_nanoseconds = record.number<std::int64_t>();
    identity.ctime_seconds = record.number<std::int64_t>();
    identity.ctime_nanoseconds = record.number<std::int64_t>();
    return identity;
}

}  // namespace

Bytes make_root_record(const RootRecord& record) {
    RecordWriter writer;
    writer.text(form);
    writer.text(version());
    put(writer, record.image);
    writer.text(record.boot_id);
    writer.number(record.root_offset);
    writer.number(std::uint64_t{record.inputs.size()});
    for (const RootRecord::Input& input : record.inputs) {
        writer.text(input.path);
        put(writer, input.identity);
        writer.text(input.sha256);
    }
    writer.number(std::uint64_t{record.notes.size()});
    for (const std::string& note : record.notes) writer.text(note);
    writer.number(std::uint64_t{record.prebuilt ? 1U : 0U});
    writer.number(record.prebuilt.value_or(0));
    writer.number(std::uint64_t{record.lost.size()});
    for (const NodeId node : record.lost) writer.number(node);
    writer.number(std::uint64_t{record.digests.size()});
    for (const auto& [node, sha256] : record.digests) {
        writer.number(node);
        writer.bytes(sha256);
    }
    writer.text(as_text(record.tree));
    writer.bytes(sha256(writer.written()));
    return writer.written();
}

RootRecord parse_root_record(ByteView bytes) {
    constexpr std::size_t digest = 32;
    RecordReader::check(bytes.size() >= digest);
    RecordReader reader(bytes.first(bytes.size() - digest));
    if (reader.text() != form || reader.text() != version())
        throw Error(ErrorCode::artifact, "a record is of another version");
    RecordReader::check(std::ranges::equal(sha256(bytes.first(bytes.size() - digest)), bytes.last(digest)));
    RootRecord record;
    record.image = read_identity(reader);
    record.boot_id = reader.text();
    record.root_offset = reader.number<std::uint64_t>();
    record.inputs.resize(reader.count(64));
    for (RootRecord::Input& input : record.inputs) {
        input.path = reader.text();
        input.identity = read_identity(reader);
        input.sha256 = reader.text();
    }
    record.notes.resize(reader.count(8));
    for (std::string& note : record.notes) note = reader.text();
    const bool prebuilt = reader.number<std::uint64_t>() != 0;
    const auto size = reader.number<std::uint64_t>();
    if (prebuilt) record.prebuilt = size;
    record.lost.resize(reader.count(sizeof(NodeId)));
    for (NodeId& node : record.lost) node = reader.number<NodeId>();
    for (std::uint64_t left = reader.count(sizeof(NodeId) + digest); left > 0; --left) {
        const auto node = reader.number<NodeId>();
        std::ranges::copy(reader.bytes(digest), record.digests[node].begin());
    }
    const ByteView tree = reader.bytes(reader.number<std::uint64_t>());
    record.tree = {tree.begin(), tree.end()};
    RecordReader::check(reader.at_end());
    return record;
}

}  // namespace rpixen
