#include "devicetree/device_tree.hpp"
#include "devicetree/overlay.hpp"
#include "devicetree/reserved_memory.hpp"
#include "devicetree/slack.hpp"
#include "fuzz/target.hpp"

namespace rpixen::fuzz {

void device_tree(ByteView input) {
    DeviceTree tree = DeviceTree::parse(input, "input");
    for (const std::string& path : tree.paths()) {
        for (const std::string& name : tree.properties(path)) {
            tree.property(path, name);
            tree.strings(path, name);
            tree.cells(path, name);
        }
        tree.children(path);
    }
    reserved_memory(tree);
    tree.memory_reservations();
    tree.path_of_phandle(1);
    fragments(tree);
    resized_total(tree, 0x2600000, 0x1000);
    tree.add_node("/", "chosen");
    tree.set_string("/chosen", "bootargs", "console=hvc0");
    tree.set_cells("/chosen", "reg", std::vector<std::uint32_t>{1, 2});
    if (tree.has("/soc")) tree.remove_node("/soc");
    tree.pack();
    DeviceTree::parse(tree.bytes(), "what was made of it");
}

}  // namespace rpixen::fuzz
