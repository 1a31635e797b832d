#include "artifact/layers.hpp"
#include "artifact/tar_layer.hpp"
#include "fuzz/foreign_bytes.hpp"
#include "fuzz/target.hpp"
#include "verify/recorded_digests.hpp"

namespace rpixen::fuzz {

void tar(ByteView input) {
    for (const Layers::Reading reading : {Layers::Reading::layers, Layers::Reading::exact}) {
        FileTree tree;
        Layers layers(tree, reading);
        DigestStore store("input");
        const TarFile tar(file_of(input));
        layers.begin("input");
        add_tar(layers, tar, {});
        layers.next();
        pour_tar(layers, tar, store, std::nullopt, {});
        layers.end();
        layers.finish();
    }
}

}  // namespace rpixen::fuzz
