#include "artifact/tar_maker.hpp"

#include <cstdio>

namespace rpixen::test {
namespace {

std::string octal(std::uint64_t value, std::size_t length) {
    char text[32];
    std::snprintf(text, sizeof text, "%0*llo", static_cast<int>(length - 1), static_cast<unsigned long long>(value));
    return text;
}

}  // namespace

std::string TarMaker::block(const Header& h) {
    std::string block(512, '\0');
    const auto put = [&](std::size_t offset, std::string_view text) { block.replace(offset, text.size(), text); };
    put(0, h.name);
    put(100, octal(h.mode, 8));
    put(108, octal(h.uid, 8));
    put(116, octal(h.gid, 8));
    put(124, octal(h.size, 12));
    put(136, octal(h.mtime, 12));
    put(148, "        ");
    block[156] = h.type;
    put(157, h.link);
    put(257, h.magic);
    put(329, octal(h.major, 8));
    put(337, octal(h.minor, 8));
    put(345, h.prefix);
    unsigned sum = 0;
    for (const char c : block) sum += static_cast<unsigned char>(c);
    put(148, octal(sum, 7));
    block[154] = '\0';
    block[155] = ' ';
    return block;
}

std::string TarMaker::records(Records records) {
    std::string all;
    for (const auto& [key, value] : records) {
        const std::string body = " " + std::string(key) + "=" + value + "\n";
        std::size_t length = body.size() + 1;
        while (std::to_string(length).size() + body.size() != length) ++length;
        all += std::to_string(length) + body;
    }
    return all;
}

TarMaker& TarMaker::raw(std::string_view bytes) {
    tar_ += bytes;
    return *this;
}

TarMaker& TarMaker::data(std::string_view bytes) {
    tar_ += bytes;
    tar_.append((512 - bytes.size() % 512) % 512, '\0');
    return *this;
}

TarMaker& TarMaker::pax(Records list, char type) {
    const std::string body = records(list);
    Header h;
    h.name = "PaxHeader";
    h.type = type;
    h.size = body.size();
    return header(h).data(body);
}

TarMaker& TarMaker::gnu_long(char type, std::string_view text) {
    Header h;
    h.name = "././@LongLink";
    h.type = type;
    h.size = text.size() + 1;
    h.magic = "ustar  ";
    return header(h).data(std::string(text) + '\0');
}

TarMaker& TarMaker::file(const std::string& name, std::string_view content) {
    Header h;
    h.name = name;
    h.size = content.size();
    return header(h).data(content);
}

TarMaker& TarMaker::directory(const std::string& name) {
    Header h;
    h.name = name;
    h.type = '5';
    h.mode = 0755;
    return header(h);
}

TarMaker& TarMaker::symlink(const std::string& name, const std::string& target) {
    Header h;
    h.name = name;
    h.type = '2';
    h.mode = 0777;
    h.link = target;
    return header(h);
}

TarMaker& TarMaker::hard_link(const std::string& name, const std::string& target) {
    Header h;
    h.name = name;
    h.type = '1';
    h.link = target;
    return header(h);
}

}  // namespace rpixen::test
