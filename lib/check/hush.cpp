#include "check/hush.hpp"

#include <cctype>
#include <optional>

namespace rpixen::hush {
namespace {

constexpr int deepest_nesting = 64;

struct Token {
    enum class Kind : std::uint8_t { word, separator, and_then, or_else, end } kind = Kind::end;
    Word word;
    int line = 1;
};

/// Cuts the text into words and operators.
class Lexer {
  public:
    explicit Lexer(std::string_view text) : text_(text) {}

    Token next() {
        skip_blanks();
        Token token;
        token.line = line_;
        if (place_ >= text_.size()) return token;
        const char letter = text_[place_];
        if (letter == '\n' || letter == ';') {
            if (letter == '\n') ++line_;
            ++place_;
            token.kind = Token::Kind::separator;
            return token;
        }
        if (letter == '&' || letter == '|') {
            const bool twice = place_ + 1 < text_.size() && text_[place_ + 1] == letter;
            place_ += twice ? 2 : 1;
            if (twice) {
                token.kind = letter == '&' ? Token::Kind::and_then : Token::Kind::or_else;
            } else {
                errors.push_back(at(line_) + "a single " + letter + " is not known to U-Boot");
                token.kind = Token::Kind::separator;
            }
            return token;
        }
        token.kind = Token::Kind::word;
        token.word = word();
        return token;
    }

    std::string at(int line) const { return "line " + std::to_string(line) + ": "; }
    std::vector<std::string> errors;
    std::vector<int> comment_lines;  ///< where a # began a comment behind a word

  private:
    void skip_blanks() {
        bool behind_word = place_ > 0 && text_[place_ - 1] != '\n';
        while (place_ < text_.size()) {
            const char letter = text_[place_];
            if (letter == '\\' && place_ + 1 < text_.size() && text_[place_ + 1] == '\n') {
                place_ += 2;
                ++line_;
            } else if (letter == ' ' || letter == '\t' || letter == '\r') {
                ++place_;
            } else if (letter == '#') {
                if (behind_word && place_ > 0 && text_[place_ - 1] != ';') comment_lines.push_back(line_);
                while (place_ < text_.size() && text_[place_] != '\n') ++place_;
            } else {
                return;
            }
        }
    }

    Word word() {
        Word parts;
        std::string literal;
        bool any_quotes = false;
        const auto flush = [&](bool quoted) {
            if (!literal.empty()) parts.push_back({literal, false, quoted});
            literal.clear();
        };
        char quote = 0;
        const int first_line = line_;
        for (; place_ < text_.size(); ++place_) {
            const char letter = text_[place_];
            if (letter == '\n') {
                if (!quote) break;
                ++line_;
            }
            if (quote == '\'') {
                if (letter == '\'') {
                    flush(true);
                    quote = 0;
                } else {
                    literal += letter;
                }
                continue;
            }
            if (letter == '\\' && place_ + 1 < text_.size()) {
                ++place_;
                if (text_[place_] == '\n') {
                    ++line_;
                    continue;
                }
                if (quote && text_[place_] != '"' && text_[place_] != '$' && text_[place_] != '\\')
                    literal += '\\';
                literal += text_[place_];
                continue;
            }
            if (letter == '"' || (letter == '\'' && !quote)) {
                flush(quote != 0);
                quote = quote ? char{0} : letter;
                any_quotes = true;
                continue;
            }
            if (letter == '$') {
                flush(quote != 0);
                variable(parts, quote != 0);
                continue;
            }
            if (!quote && (letter == ' ' || letter == '\t' || letter == '\r' || letter == ';' ||
                           letter == '&' || letter == '|'))
                break;
            literal += letter;
        }
        if (quote) errors.push_back(at(first_line) + "a quote is never closed");
        flush(quote != 0);
        if (parts.empty() && any_quotes) parts.push_back({"", false, true});
        return parts;
    }

    /// At a dollar sign; leaves place_ on the last character of the variable.
    void variable(Word& parts, bool quoted) {
        std::size_t next = place_ + 1;
        if (next < text_.size() && text_[next] == '{') {
            const std::size_t end = text_.find_first_of("}\n", next);
            if (end == std::string_view::npos || text_[end] == '\n') {
                errors.push_back(at(line_) + "${ without }");
                place_ = end == std::string_view::npos ? text_.size() : end - 1;
                return;
            }
            parts.push_back({std::string(text_.substr(next + 1, end - next - 1)), true, quoted});
            place_ = end;
            return;
        }
        if (next < text_.size() && text_[next] == '?') {
            parts.push_back({"?", true, quoted});
            place_ = next;
            return;
        }
        std::size_t end = next;
        while (end < text_.size() &&
               (std::isalnum(static_cast<unsigned char>(text_[end])) || text_[end] == '_'))
            ++end;
        if (end == next) {
            parts.push_back({"$", false, quoted});
            return;
        }
        parts.push_back({std::string(text_.substr(next, end - next)), true, quoted});
        place_ = end - 1;
    }

    std::string_view text_;
    std::size_t place_ = 0;
    int line_ = 1;
};

/// A word without quotes and variables, which may be one of the grammar's own.
std::string_view plain(const Token& token) {
    if (token.kind != Token::Kind::word || token.word.size() != 1 || token.word[0].variable ||
        token.word[0].quoted)
        return {};
    return token.word[0].text;
}

class Parser {
  public:
    explicit Parser(std::string_view text) : lexer_(text) { take(); }

    Parsed parse() {
        Parsed parsed;
        while (token_.kind != Token::Kind::end) {
            List part = list(0);
            for (Command& command : part) parsed.list.push_back(std::move(command));
            if (token_.kind == Token::Kind::end) break;
            error("\"" + std::string(plain(token_)) + "\" without its beginning");
            take();
        }
        parsed.errors = std::move(lexer_.errors);
        return parsed;
    }

  private:
    void take() { token_ = lexer_.next(); }
    void error(const std::string& text) { lexer_.errors.push_back(lexer_.at(token_.line) + text); }

    static bool ends_list(std::string_view word) {
        return word == "then" || word == "elif" || word == "else" || word == "fi" || word == "do" ||
               word == "done";
    }

    /// Commands up to one of the grammar's closing words or the end.
    List list(int depth) {
        List commands;
        if (depth > deepest_nesting) {
            error("nested too deeply");
            while (token_.kind != Token::Kind::end) take();
            return commands;
        }
        while (true) {
            while (token_.kind == Token::Kind::separator) take();
            if (token_.kind == Token::Kind::end || ends_list(plain(token_))) return commands;
            if (token_.kind != Token::Kind::word) {
                error(std::string(token_.kind == Token::Kind::and_then ? "&&" : "||") +
                      " without a command before it");
                take();
                continue;
            }
            commands.push_back(command(depth));
            if (token_.kind == Token::Kind::and_then || token_.kind == Token::Kind::or_else) {
                commands.back().joint =
                    token_.kind == Token::Kind::and_then ? Joint::and_then : Joint::or_else;
                take();
                while (token_.kind == Token::Kind::separator) take();
                if (token_.kind == Token::Kind::end) error("a command is missing at the end");
            }
        }
    }

    bool expect(std::string_view word, std::string_view opener, int line) {
        if (plain(token_) == word) {
            take();
            return true;
        }
        lexer_.errors.push_back(lexer_.at(line) + std::string(opener) + " without " + std::string(word));
        return false;
    }

    Command command(int depth) {
        const std::string_view word = plain(token_);
        if (word == "if") return conditional(depth);
        if (word == "while" || word == "until") return loop(depth);
        if (word == "for") return for_loop(depth);
        Command simple;
        simple.line = token_.line;
        const bool sets = word == "setenv";
        while (token_.kind == Token::Kind::word) {
            simple.words.push_back(std::move(token_.word));
            take();
        }
        if (sets && !lexer_.comment_lines.empty() && lexer_.comment_lines.back() == simple.line)
            lexer_.errors.push_back(lexer_.at(simple.line) +
                                    "a # inside setenv makes the rest of the line a comment");
        return simple;
    }

    Command conditional(int depth) {
        Command result;
        result.kind = Command::Kind::conditional;
        result.line = token_.line;
        take();
        result.condition = list(depth + 1);
        if (!expect("then", "if", result.line)) return result;
        result.body = list(depth + 1);
        if (plain(token_) == "elif") {
            if (depth >= deepest_nesting) {
                error("nested too deeply");
                return result;
            }
            result.otherwise.push_back(conditional(depth + 1));  // takes the fi too
            return result;
        }
        if (plain(token_) == "else") {
            take();
            result.otherwise = list(depth + 1);
        }
        expect("fi", "if", result.line);
        return result;
    }

    Command loop(int depth) {
        Command result;
        result.kind = plain(token_) == "while" ? Command::Kind::while_loop : Command::Kind::until_loop;
        result.line = token_.line;
        const std::string opener(plain(token_));
        take();
        result.condition = list(depth + 1);
        if (expect("do", opener, result.line)) {
            result.body = list(depth + 1);
            expect("done", opener, result.line);
        }
        return result;
    }

    Command for_loop(int depth) {
        Command result;
        result.kind = Command::Kind::for_loop;
        result.line = token_.line;
        take();
        result.variable = std::string(plain(token_));
        if (!result.variable.empty()) take();
        if (plain(token_) == "in") take();
        while (token_.kind == Token::Kind::word && plain(token_) != "do") {
            result.words.push_back(std::move(token_.word));
            take();
        }
        while (token_.kind == Token::Kind::separator) take();
        if (expect("do", "for", result.line)) {
            result.body = list(depth + 1);
            expect("done", "for", result.line);
        }
        return result;
    }

    Lexer lexer_;
    Token token_;
};

}  // namespace

Parsed parse(std::string_view text) {
    // A NUL ends the text for U-Boot.
    return Parser(text.substr(0, text.find('\0'))).parse();
}

std::string show(const Word& word) {
    std::string text;
    for (const WordPart& part : word) text += part.variable ? "${" + part.text + "}" : part.text;
    return text;
}

std::string show(const Command& command) {
    std::string text;
    for (const Word& word : command.words) text += (text.empty() ? "" : " ") + show(word);
    return text;
}

}  // namespace rpixen::hush
