#include "follow/uboot/hush.hpp"

#include <array>
#include <memory>
#include <utility>

namespace rpixen::hush {
namespace {

constexpr unsigned deepest_nesting = 64;

bool is_letter(char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z');
}
bool is_name(char letter) {
    return is_letter(letter) || (letter >= '0' && letter <= '9') || letter == '_';
}

constexpr unsigned bit(Mode mode) {
    return 1U << static_cast<unsigned>(mode);
}
constexpr unsigned ends = bit(Mode::none);
constexpr unsigned starts = 1U << 31;

struct Reserved {
    std::string_view word;
    Mode mode;
    unsigned next;  ///< what may follow
};
constexpr std::array reserved_words{
    Reserved{"if", Mode::if_, bit(Mode::then) | starts},
    Reserved{"then", Mode::then, bit(Mode::elif) | bit(Mode::else_) | bit(Mode::fi)},
    Reserved{"elif", Mode::elif, bit(Mode::then)},
    Reserved{"else", Mode::else_, bit(Mode::fi)},
    Reserved{"fi", Mode::fi, ends},
    Reserved{"for", Mode::for_, bit(Mode::in) | starts},
    Reserved{"while", Mode::while_, bit(Mode::do_) | starts},
    Reserved{"until", Mode::until, bit(Mode::do_) | starts},
    Reserved{"in", Mode::in, bit(Mode::do_)},
    Reserved{"do", Mode::do_, bit(Mode::done)},
    Reserved{"done", Mode::done, ends},
};

std::string_view word_of(Mode mode) {
    for (const Reserved& reserved : reserved_words)
        if (reserved.mode == mode) return reserved.word;
    return "?";
}

/// What closes a construct.
std::string_view closer(Mode mode) {
    switch (mode) {
        case Mode::if_:
        case Mode::elif:
            return "then";
        case Mode::then:
        case Mode::else_:
            return "fi";
        case Mode::for_:
            return "in";
        case Mode::while_:
        case Mode::until:
        case Mode::in:
            return "do";
        default:
            return "done";
    }
}

/// A list that is being read, the one around it below (p_context).
struct Context {
    Mode mode = Mode::none;
    unsigned next = 0;  ///< reserved words that may follow; 0: no construct is open
    int line = 0;       ///< where its construct began
    List list;
    Step step;
};

class Parser {
  public:
    Parser(std::string_view text, Reading reading) : text_(text), reading_(reading) {}

    Parsed parse() {
        while (true) {
            stack_.assign(1, Context{});
            complaints_ = 0;
            const End end = read_line();
            Line line;
            if (end != End::broken && context().next != 0) {
                complain(context().line,
                         std::string(word_of(context().mode)) + " without " + std::string(closer(context().mode)));
                line.runs = false;
            } else if (end == End::broken) {
                line.runs = false;
            } else {
                finish_word();
                finish_step(Joint::sequence);
                line.list = std::move(context().list);
                line.list.push_back(std::move(context().step));
            }
            line.complaints = complaints_;
            parsed_.lines.push_back(std::move(line));
            if (end == End::broken && reading_ == Reading::lines) parsed_.broken = true;
            if (end != End::line || reading_ != Reading::lines) break;
            word_.clear();
            quoted_ = false;
        }
        return std::move(parsed_);
    }

  private:
    enum class End : std::uint8_t { line, text, broken };

    Context& context() { return stack_.back(); }
    bool more() const { return place_ < text_.size(); }
    char peek() const { return more() ? text_[place_] : '\0'; }
    char take() {
        const char letter = text_[place_++];
        if (letter == '\n') {
            if (place_ >= 2 && text_[place_ - 2] == '\r') parsed_.carriage_returns.push_back(line_);
            ++line_;
        }
        return letter;
    }

    /// "syntax error" of U-Boot, with what we know better.
    void complain(int line, const std::string& what) {
        ++complaints_;
        remark(line, what);
    }
    void remark(int line, const std::string& what) {
        constexpr std::size_t most = 64;
        if (parsed_.errors.size() < most) parsed_.errors.push_back("line " + std::to_string(line) + ": " + what);
    }

    /// parse_stream()
    End read_line() {
        bool quote = false;
        int quote_line = line_;
        while (more()) {
            const int line = line_;
            const char letter = take();
            const bool again = reading_ == Reading::again;
            switch (letter) {
                case ' ':
                case '\t':
                case '\n':
                    if (quote) {
                        add(letter, true);
                        break;
                    }
                    if (!finish_word()) return End::broken;
                    if (letter == '\n') {
                        finish_step(Joint::sequence);
                        if (reading_ != Reading::whole && context().mode == Mode::none) return End::line;
                    }
                    break;
                case '#':
                    if (!word_.empty() || quote) {
                        add(letter, quote);
                        break;
                    }
                    while (more() && peek() != '\n') take();
                    break;
                case '\\':
                    if (!more()) {
                        complain(line, "a \\ at the very end");
                        return End::broken;
                    }
                    add('\\', quote);
                    add(take(), quote);
                    break;
                case '$':
                    if (again) {
                        add(letter, quote);
                        break;
                    }
                    if (!variable(quote)) return End::broken;
                    break;
                case '\'':  // also inside double quotes
                case value_mark:
                    if (letter == value_mark && !again) {
                        add(letter, quote);
                        break;
                    }
                    if (word_.empty()) word_line_ = line;
                    quoted_ = true;
                    while (more() && peek() != letter) word_ += take();
                    if (!more()) {
                        complain(line, "a quote is never closed");
                        return End::broken;
                    }
                    take();
                    break;
                case '"':
                    if (word_.empty()) word_line_ = line;
                    quoted_ = true;
                    quote = !quote;
                    quote_line = line;
                    break;
                case ';':
                case '&':
                case '|':
                    if (quote || again) {
                        add(letter, quote);
                        break;
                    }
                    finish_word();
                    if (letter == ';') {
                        finish_step(Joint::sequence);
                    } else if (peek() == letter) {
                        take();
                        finish_step(letter == '&' ? Joint::and_then : Joint::or_else);
                    } else {
                        complain(line, std::string("a single ") + letter + " is not known to U-Boot");
                        return End::broken;
                    }
                    break;
                default:
                    add(letter, quote);
            }
            if (stack_.size() > deepest_nesting) {
                complain(line, "nested too deeply");
                return End::broken;
            }
        }
        // U-Boot takes what it has for the word and says nothing.
        if (quote && reading_ != Reading::again) remark(quote_line, "a quote is never closed");
        return End::text;
    }

    /// Backslashes are taken away by finish_word(); inside quotes they stay.
    void add(char letter, bool quote) {
        if (word_.empty()) word_line_ = line_;
        if (quote && letter == '\\') word_ += '\\';
        word_ += letter;
    }

    /// Behind a dollar sign (handle_dollar()).
    bool variable(bool quote) {
        const char first = peek();
        if (!more() || !(is_letter(first) || first == '?' || first == '{')) {
            add('$', quote);
            return true;
        }
        if (word_.empty()) word_line_ = line_;
        const int line = line_;
        ++context().step.variables;
        word_ += variable_mark;
        if (first == '?') {
            take();
            word_ += "$?";
        } else if (first == '{') {
            take();
            while (more() && peek() != '}') word_ += take();
            if (!more()) {
                complain(line, "${ without }");
                return false;
            }
            take();
        } else {
            while (more() && is_name(peek())) word_ += take();
        }
        word_ += variable_mark;
        return true;
    }

    /// done_word(); false where a reserved word, or any, stands in the wrong place.
    bool finish_word() {
        if (word_.empty() && !quoted_) return true;
        if (!context().step.group.empty()) {
            complain(word_line_, "\"" + word_ + "\" behind the end of a construct");
            return false;
        }
        if (context().step.words.empty() && reading_ != Reading::again)
            for (const Reserved& reserved : reserved_words)
                if (word_ == reserved.word) return take_reserved(reserved);
        if (context().step.words.empty()) context().step.line = word_line_;
        Word word;
        for (std::size_t index = 0; index < word_.size(); ++index) {
            if (word_[index] == '\\' && ++index == word_.size()) break;
            word.text += word_[index];
        }
        word.quoted = quoted_;
        context().step.words.push_back(std::move(word));
        clear_word();
        if (context().mode == Mode::for_) finish_step(Joint::sequence);
        return true;
    }

    bool take_reserved(const Reserved& reserved) {
        const int line = word_line_;
        clear_word();
        Context& here = context();
        if ((reserved.next & starts) != 0) {
            if (here.mode == Mode::in || here.mode == Mode::for_) {
                complain(line, std::string(reserved.word) + " inside the head of a for");
                here.mode = Mode::broken;
                return false;
            }
            here.step.line = line;
            stack_.emplace_back();
            context().line = line;
        } else if (here.mode == Mode::none || (here.next & bit(reserved.mode)) == 0) {
            complain(line, "\"" + std::string(reserved.word) + "\" without its beginning");
            here.mode = Mode::broken;
            return false;
        }
        context().mode = reserved.mode;
        context().next = reserved.next;
        if (reserved.next == ends) {
            finish_step(Joint::sequence);
            List group = std::move(context().list);
            group.push_back(std::move(context().step));
            stack_.pop_back();
            context().step.group = std::move(group);
        }
        return true;
    }

    /// done_pipe()
    void finish_step(Joint joint) {
        Context& here = context();
        here.step.joint = joint;
        here.step.mode = here.mode;
        if (here.step.line == 0) here.step.line = line_;
        here.list.push_back(std::exchange(here.step, Step{}));
    }

    void clear_word() {
        word_.clear();
        quoted_ = false;
    }

    std::string_view text_;
    Reading reading_;
    std::size_t place_ = 0;
    int line_ = 1;
    int word_line_ = 1;
    std::string word_;     ///< with its backslashes
    bool quoted_ = false;  ///< of the word
    unsigned complaints_ = 0;
    std::vector<Context> stack_;
    Parsed parsed_;
};

}  // namespace

Parsed parse(std::string_view text, Reading reading) {
    // A NUL ends the text for U-Boot, and it puts a line end behind it unless the only one is there already.
    std::string whole(text.substr(0, text.find('\0')));
    if (whole.empty()) return {};
    if (whole.find('\n') != whole.size() - 1) whole += '\n';
    return Parser(whole, reading).parse();
}

bool is_assignment(std::string_view word) {
    if (word.empty() || !is_letter(word[0])) return false;
    std::size_t end = 1;
    while (end < word.size() && is_name(word[end])) ++end;
    return end < word.size() && word[end] == '=';
}

std::vector<std::string> variables(const Word& word) {
    std::vector<std::string> names;
    for (std::size_t begin = word.text.find(variable_mark); begin != std::string::npos;) {
        const std::size_t end = word.text.find(variable_mark, begin + 1);
        if (end == std::string::npos) break;
        names.push_back(word.text.substr(begin + 1, end - begin - 1));
        begin = word.text.find(variable_mark, end + 1);
    }
    return names;
}

std::string show(const Step& step) {
    std::string text;
    for (const Word& word : step.words) {
        if (!text.empty()) text += ' ';
        bool opens = true;
        for (const char letter : word.text) {
            if (letter == variable_mark)
                text += std::exchange(opens, !opens) ? "${" : "}";
            else
                text += letter;
        }
    }
    return text;
}

}  // namespace rpixen::hush
