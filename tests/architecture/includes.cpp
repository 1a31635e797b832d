#include "architecture/includes.hpp"

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include "support/temporary_folder.hpp"

namespace rpixen::test {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> words_of(const std::string& text) {
    std::istringstream stream(text);
    std::vector<std::string> words;
    for (std::string word; stream >> word;) words.push_back(word);
    return words;
}

/// Whether `name` is `pattern`, or lies in it where it ends in '/'.
bool matches(const std::string& name, const std::string& pattern) {
    return pattern.ends_with('/') ? name.starts_with(pattern) : name == pattern;
}

bool is_cpp_header(const std::string& name) {
    return std::all_of(name.begin(), name.end(), [](char letter) {
        return (letter >= 'a' && letter <= 'z') || letter == '_' || (letter >= '0' && letter <= '9');
    });
}

struct Include {
    std::string file;  ///< relative to the root
    int line = 0;
    std::string header;
    bool quoted = false;
};

std::vector<Include> includes_of(const fs::path& root, const fs::path& path) {
    std::vector<Include> includes;
    std::istringstream stream(read_file(path));
    int number = 0;
    for (std::string line; std::getline(stream, line);) {
        ++number;
        const std::size_t hash = line.find_first_not_of(" \t");
        if (hash == std::string::npos || line[hash] != '#') continue;
        const std::size_t word = line.find_first_not_of(" \t", hash + 1);
        if (word == std::string::npos || line.compare(word, 7, "include") != 0) continue;
        const std::size_t begin = line.find_first_of("<\"", word);
        const std::size_t end = begin == std::string::npos ? begin : line.find_first_of(">\"", begin + 1);
        if (end == std::string::npos) continue;
        includes.push_back({fs::relative(path, root).generic_string(), number, line.substr(begin + 1, end - begin - 1),
                            line[begin] == '"'});
    }
    return includes;
}

class Inspection {
  public:
    Inspection(const fs::path& root, const HouseRules& rules) : root_(root), rules_(rules) {}

    std::vector<std::string> run() {
        for (const char* top : {"lib", "cli"})
            for (const auto& entry : fs::recursive_directory_iterator(root_ / top))
                if (entry.path().extension() == ".cpp" || entry.path().extension() == ".hpp")
                    for (const Include& include : includes_of(root_, entry.path())) judge(include);
        for (const auto& entry : fs::directory_iterator(root_ / "lib"))
            if (entry.is_directory() && entry.path().filename() != "include" && !is_room(entry.path().filename()))
                complain({"lib/" + entry.path().filename().string(), 0, {}, false}, "is no room of rooms.txt");
        for (const Include& include : quoted_)
            if (foreign_headers_.count(include.header) != 0 &&
                fs::path(include.file).parent_path() != fs::path("lib/" + include.header).parent_path())
                complain(include, "brings a foreign header into another folder");
        std::sort(violations_.begin(), violations_.end());
        return violations_;
    }

  private:
    bool is_room(const std::string& name) const { return rules_.may_include.count(name) != 0; }

    void complain(const Include& include, const std::string& words) {
        violations_.push_back(include.file + ":" + std::to_string(include.line) + ": " + include.header + ' ' + words);
    }

    void judge(const Include& include) {
        if (include.file.starts_with("lib/include/"))
            judge_public(include);
        else if (include.quoted)
            include.file.starts_with("cli/") ? judge_cli(include) : judge_room(include);
        else
            judge_angle(include);
    }

    void judge_public(const Include& include) {
        if (include.quoted || !(is_cpp_header(include.header) || include.header.starts_with("rpixen/")))
            complain(include, "is neither a C++ nor an rpixen/ header");
        require_public(include);
    }

    void judge_cli(const Include& include) {
        if (!fs::exists(root_ / "cli" / include.header))
            complain(include, "is no header of cli; lib/ is public headers only");
    }

    void judge_room(const Include& include) {
        const std::string from = *std::next(fs::path(include.file).begin());
        const std::string to = *fs::path(include.header).begin();
        if (!is_room(to) || !fs::exists(root_ / "lib" / include.header))
            complain(include, "is not written from lib/");
        else if (from != to && is_room(from) && rules_.may_include.at(from).count(to) == 0)
            complain(include, "is a room that " + from + " may not include");
        quoted_.push_back(include);
    }

    void judge_angle(const Include& include) {
        require_public(include);
        if (is_cpp_header(include.header) || include.header.starts_with("rpixen/")) return;
        for (const std::string& pattern : rules_.system_headers)
            if (matches(include.header, pattern)) return;
        for (const auto& [pattern, places] : rules_.foreign) {
            if (!matches(include.header, pattern)) continue;
            const bool at_home = std::any_of(places.begin(), places.end(),
                                             [&](const std::string& place) { return matches(include.file, place); });
            if (!at_home) complain(include, "is foreign and has another place");
            if (include.file.ends_with(".hpp") && include.file.starts_with("lib/"))
                foreign_headers_.insert(include.file.substr(4));
            return;
        }
        complain(include, "is a header of no known library");
    }

    void require_public(const Include& include) {
        if (include.header.starts_with("rpixen/") && !fs::exists(root_ / "lib/include" / include.header))
            complain(include, "does not exist");
    }

    fs::path root_;
    const HouseRules& rules_;
    std::vector<std::string> violations_;
    std::vector<Include> quoted_;
    std::set<std::string> foreign_headers_;  ///< of lib, that include a foreign header
};

}  // namespace

HouseRules read_house_rules(const std::string& text) {
    HouseRules rules;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) {
        line.erase(std::min(line.find('#'), line.size()));
        const std::size_t colon = std::min(line.find(':'), line.size());
        std::vector<std::string> subject = words_of(line.substr(0, colon));
        const std::vector<std::string> object = words_of(colon < line.size() ? line.substr(colon + 1) : "");
        if (subject.empty()) continue;
        const std::string kind = subject.front();
        subject.erase(subject.begin());
        if (kind == "room" && subject.size() == 1) {
            for (const std::string& room : object)
                if (rules.may_include.count(room) == 0)
                    throw std::runtime_error(subject[0] + " names " + room + ", which does not stand above it");
            rules.rooms.push_back(subject[0]);
            rules.may_include[subject[0]] = {object.begin(), object.end()};
        } else if (kind == "system") {
            rules.system_headers.insert(rules.system_headers.end(), subject.begin(), subject.end());
        } else if (kind == "foreign" && !object.empty()) {
            for (const std::string& header : subject) rules.foreign[header] = object;
        } else {
            throw std::runtime_error("no rule: " + line);
        }
    }
    return rules;
}

std::vector<std::string> find_violations(const fs::path& root, const HouseRules& rules) {
    return Inspection(root, rules).run();
}

}  // namespace rpixen::test
