#include "artifact/image_layer.hpp"

#include <algorithm>

#include <rpixen/error.hpp>

#include "artifact/hashing_stream.hpp"
#include "artifact/image_manifest.hpp"
#include "artifact/tar_layer.hpp"
#include "base/printable.hpp"
#include "base/size.hpp"
#include "unpack/decoder.hpp"
#include "unpack/packing.hpp"
#include "unpack/unpacker.hpp"

namespace rpixen {
namespace {

/// What another stream's bytes unpack to. `packed` outlives it.
class UnpackedStream final : public ByteStream {
  public:
    UnpackedStream(ByteStream& packed, Packing packing) {
        ReadPacked read = [&packed] { return packed.some(Decoder::largest_block); };
        unpacker_ = make_unpacker(packing, true, std::move(read));
    }

  protected:
    ByteView refill() override { return ByteView(buffer_).first(unpacker_->read(buffer_)); }

  private:
    std::unique_ptr<Unpacker> unpacker_;
    Bytes buffer_ = Bytes(Decoder::largest_block);
};

/// Lays one layer after another.
class ImageLayers {
  public:
    ImageLayers(Layers& layers, ImageFiles& files, std::string name, ContentStore& store,
                const Supervision& supervision)
        : layers_(layers), files_(files), name_(std::move(name)), store_(store), supervision_(supervision) {}

    void add(const ContainerImage::Layer& layer) {
        layer_ = &layer;
        label_ = name_ + ": " + printable(layer.file);
        try {
            ImageFiles::Bytes bytes = files_.open(layer.file);
            if (bytes.stream)
                add_stream(*bytes.stream);
            else
                add_part(bytes);
        } catch (const Error& error) {
            if (error.code() != ErrorCode::artifact) throw;
            std::vector<Problem> problems = error.problems();
            for (Problem& problem : problems)
                if (problem.location.pointer.empty())
                    problem.location = {name_, printable(layer.file), problem.location.line, 0};
            throw Error(error.code(), std::move(problems));
        }
    }

  private:
    void check(const std::optional<std::string>& expected, const std::string& found) const {
        if (expected) check_blob(*expected, found, name_, layer_->file);
    }

    void check_size(std::uint64_t found) const {
        if (!layer_->size || *layer_->size == found) return;
        Problem problem{"a blob of the container image has another size than its manifest says",
                        std::to_string(found) + " bytes",
                        std::to_string(*layer_->size),
                        "save or fetch the image again",
                        {}};
        problem.location = {name_, printable(layer_->file), 0, 0};
        throw Error(ErrorCode::artifact, std::move(problem));
    }

    void add_part(const ImageFiles::Bytes& bytes) {
        check_size(bytes.end - bytes.begin);
        Bytes start(static_cast<std::size_t>(std::min<std::uint64_t>(16, bytes.end - bytes.begin)));
        pread_exactly(bytes.file->descriptor(), bytes.begin, start, bytes.file->name());
        const bool plain = detect_packing(start) == Packing::plain;
        if (plain && !store_.in_place()) {
            FileStream stream(bytes.file, bytes.begin, bytes.end, Decoder::largest_block);
            HashingStream whole(stream);
            check_is_tar(whole, label_);
            const std::string found = hex(whole.finish());
            check(layer_->digest, found);
            check(layer_->diff_id, found);
            add_tar(layers_, TarFile(bytes.file, bytes.begin, bytes.end, label_), supervision_);
            return;
        }
        Decoder decoder(bytes.file, bytes.begin, bytes.end, true);
        supervision_.begin(Phase::reading, bytes.end - bytes.begin);
        pour(decoder, [&] { supervision_.advance(decoder.input_position()); });
        check(layer_->digest, hex(decoder.digest()));
        bytes.file->check_unchanged();
    }

    void add_stream(ByteStream& stream) {
        HashingStream raw(stream);
        const Packing packing = detect_packing(raw.peek());
        if (packing == Packing::plain) {
            pour(raw, [] {});
        } else {
            UnpackedStream unpacked(raw, packing);
            pour(unpacked, [] {});
        }
        check(layer_->digest, hex(raw.finish()));
        check_size(raw.position());
    }

    /// The tar that a layer unpacks to, to its end.
    void pour(ByteStream& stream, const std::function<void()>& advance) {
        HashingStream tar(stream);
        check_is_tar(tar, label_);
        add_tar_stream(layers_, tar, label_, true, store_, supervision_, advance);
        check(layer_->diff_id, hex(tar.finish()));
    }

    Layers& layers_;
    ImageFiles& files_;
    std::string name_;
    ContentStore& store_;
    const Supervision& supervision_;
    const ContainerImage::Layer* layer_ = nullptr;
    std::string label_;
};

}  // namespace

void add_image(Layers& layers, ImageFiles& files, const std::string& name, ContentStore& store,
               const Supervision& supervision) {
    const ContainerImage image = read_image_manifest(files, name);
    ImageLayers adding(layers, files, name, store, supervision);
    bool proven = true;
    for (std::size_t index = 0; index < image.layers.size(); ++index) {
        if (index != 0) layers.next();
        adding.add(image.layers[index]);
        proven = proven && (image.layers[index].digest || image.layers[index].diff_id);
    }
    layers.note("a container image" + (image.name.empty() ? "" : " (" + printable(image.name) + ")") + " of " +
                std::to_string(image.layers.size()) + (image.layers.size() == 1 ? " layer" : " layers") +
                (proven ? ", its digests proven" : ", without digests that could be proven"));
    if (!image.architecture.empty() && image.architecture != "arm64" && image.architecture != "arm")
        layers.note("the image says that it is for " + printable(image.architecture) + ", the board is arm64");
}

}  // namespace rpixen
