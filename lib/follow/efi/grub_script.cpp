#include "follow/efi/grub_script.hpp"

#include <initializer_list>
#include <iterator>
#include <utility>

namespace rpixen {
namespace {

constexpr int deepest = 16;

/// A flat list of tokens: words, and ";" for a line's end.
struct Token {
    GrubWord word;
    bool end = false;
    int line = 0;
};

bool name_letter(char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9') ||
           letter == '_' || letter == '?' || letter == '@' || letter == '#';
}

class Scanner {
  public:
    explicit Scanner(std::string_view text) : text_(text) {}

    std::vector<Token> tokens() {
        while (place_ < text_.size()) step();
        end_word();
        end_command();
        return std::move(tokens_);
    }

  private:
    char next() { return place_ < text_.size() ? text_[place_++] : '\0'; }

    void end_word() {
        if (open_) tokens_.push_back({std::move(word_), false, line_});
        word_ = {};
        open_ = false;
    }
    void end_command() {
        if (!tokens_.empty() && !tokens_.back().end) tokens_.push_back({{}, true, line_});
    }

    void variable(bool quoted) {
        std::string name;
        if (place_ < text_.size() && text_[place_] == '{') {
            ++place_;
            while (place_ < text_.size() && text_[place_] != '}' && text_[place_] != '\n') name += text_[place_++];
            if (place_ < text_.size() && text_[place_] == '}') ++place_;
        } else {
            while (place_ < text_.size() && name_letter(text_[place_])) name += text_[place_++];
        }
        const char around = quoted ? grub_quoted_mark : grub_mark;
        word_.text += name.empty() ? "$" : around + name + around;
        open_ = true;
    }

    void step() {
        const char letter = next();
        switch (letter) {
            case '\r':
                return;
            case ' ':
            case '\t':
                return end_word();
            case '\n':
                end_word();
                end_command();
                ++line_;
                return;
            case ';':
                end_word();
                return end_command();
            case '#':
                if (open_) break;
                while (place_ < text_.size() && text_[place_] != '\n') ++place_;
                return;
            case '{':
            case '}':
                if (open_ || (place_ < text_.size() && name_letter(text_[place_]))) break;
                if (letter == '}') end_command();
                open_ = true;
                word_.text = letter;
                end_word();
                return end_command();
            case '\\':
                if (place_ < text_.size() && text_[place_] == '\n') {
                    ++place_;
                    ++line_;
                    return;
                }
                open_ = true;
                word_.text += next();
                return;
            case '\'':
                open_ = word_.quoted = true;
                while (place_ < text_.size() && text_[place_] != '\'') add_letter(next());
                next();
                return;
            case '"':
                return double_quoted();
            case '$':
                return variable(false);
            default:
                break;
        }
        open_ = true;
        word_.text += letter;
    }

    void add_letter(char letter) {
        if (letter == '\n') ++line_;
        word_.text += letter;
    }

    void double_quoted() {
        open_ = word_.quoted = true;
        while (place_ < text_.size() && text_[place_] != '"') {
            const char letter = next();
            if (letter == '$')
                variable(true);
            else if (letter == '\\' && place_ < text_.size() &&
                     std::string_view("\\\"$").find(text_[place_]) != std::string_view::npos)
                word_.text += next();
            else
                add_letter(letter);
        }
        next();
    }

    std::string_view text_;
    std::size_t place_ = 0;
    int line_ = 1;
    GrubWord word_;
    bool open_ = false;
    std::vector<Token> tokens_;
};

class Parser {
  public:
    explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}
    GrubList parse() {
        GrubList all;
        while (place_ < tokens_.size()) {
            GrubList some = list({}, 0);
            all.insert(all.end(), std::make_move_iterator(some.begin()), std::make_move_iterator(some.end()));
            if (place_ < tokens_.size()) ++place_;  // a } or fi too many
        }
        return all;
    }

  private:
    bool at_word(std::string_view text) const {
        return place_ < tokens_.size() && !tokens_[place_].end && !tokens_[place_].word.quoted &&
               tokens_[place_].word.text == text;
    }
    void skip_ends() {
        while (place_ < tokens_.size() && tokens_[place_].end) ++place_;
    }

    /// Up to one of these reserved words, which stays.
    GrubList list(std::initializer_list<std::string_view> until, int depth) {
        GrubList commands;
        while (true) {
            skip_ends();
            if (place_ >= tokens_.size()) return commands;
            for (const std::string_view word : until)
                if (at_word(word)) return commands;
            if (at_word("}") || at_word("fi") || at_word("done") || at_word("then") || at_word("else")) return commands;
            if (depth > deepest) {
                place_ = tokens_.size();
                return commands;
            }
            commands.push_back(command(depth));
        }
    }

    GrubCommand command(int depth) {
        GrubCommand made;
        made.line = tokens_[place_].line;
        if (at_word("if")) {
            made.words.push_back({"if", false});
            do {
                ++place_;
                GrubList condition = list({"then"}, depth + 1);
                if (at_word("then")) ++place_;
                GrubList body = list({"elif", "else", "fi"}, depth + 1);
                made.branches.emplace_back(std::move(condition), std::move(body));
            } while (at_word("elif"));
            if (at_word("else")) {
                ++place_;
                made.otherwise = list({"fi"}, depth + 1);
            }
            if (at_word("fi")) ++place_;
            return made;
        }
        while (place_ < tokens_.size() && !tokens_[place_].end) {
            if (at_word("{")) {
                ++place_;
                made.body = list({"}"}, depth + 1);
                if (at_word("}")) ++place_;
                return made;
            }
            if (at_word("}")) break;
            made.words.push_back(std::move(tokens_[place_].word));
            ++place_;
        }
        return made;
    }

    std::vector<Token> tokens_;
    std::size_t place_ = 0;
};

}  // namespace

GrubList parse_grub_script(std::string_view text) {
    return Parser(Scanner(text).tokens()).parse();
}

}  // namespace rpixen
