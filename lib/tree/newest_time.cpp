#include "tree/newest_time.hpp"

#include <algorithm>

namespace rpixen {

std::int64_t newest_time(const FileTree& tree, std::int64_t floor) {
    std::int64_t newest = floor;
    for (NodeId node = 0; node < tree.node_count(); ++node)
        if (tree.links(node) != 0) newest = std::max(newest, tree.metadata(node).mtime.seconds);
    return newest;
}

}  // namespace rpixen
