// An array is read up to its records, these by their brackets and quotes, and then what is left of the text.
#include "core/json/record_splitter.hpp"

#include "core/base/error.hpp"
#include "core/json/json.hpp"

#include <algorithm>
#include <utility>

namespace eryxon::core {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::string_view blanks = " \t\r\n";
constexpr std::size_t longest_head = 1000;  // before the array

bool is_blank(char c) {
    return blanks.find(c) != std::string_view::npos;
}

std::string_view trim(std::string_view text) {
    std::size_t const first = std::min(text.find_first_not_of(blanks), text.size());
    return text.substr(first, text.find_last_not_of(blanks) + 1 - first);
}

}  // namespace

RecordSplitter::RecordSplitter(RecordForm form, std::vector<std::string> names)
    : form_(form), names_(std::move(names)) {}

RecordSplitter::RecordSplitter(RecordForm form, std::int64_t place)
    : form_(form), place_(place - 1), state_(State::records), within_(true) {}

void RecordSplitter::add(std::string_view piece) {
    std::size_t const used = begin_ == none ? at_ : begin_;
    text_.erase(0, used);
    at_ -= used;
    if (begin_ != none) begin_ = 0;
    record_ = {};
    text_ += piece;
}

bool RecordSplitter::next() {
    if (state_ == State::start && !read_mark()) return false;
    if (state_ == State::head && !read_head()) return false;
    if (state_ == State::records && (form_ == RecordForm::lines ? next_line() : next_element())) return true;
    if (state_ == State::tail) read_tail();
    return false;
}

// Passes over a byte order mark; false if it may still be one.
bool RecordSplitter::read_mark() {
    if (text_.starts_with("\xFF\xFE") || text_.starts_with("\xFE\xFF"))
        throw CallError(Code::invalid_payload, "the text must be in UTF-8");
    if (!ended_ && text_.size() < byte_order_mark.size() && byte_order_mark.starts_with(text_)) return false;
    if (text_.starts_with(byte_order_mark)) at_ = byte_order_mark.size();
    state_ = form_ == RecordForm::lines ? State::records : State::head;
    return true;
}

// Reads up to the bracket that opens the array; false if it was not seen yet.
bool RecordSplitter::read_head() {
    std::size_t const bracket = std::min(text_.find('[', at_), text_.size());
    head_ += trim(std::string_view(text_).substr(at_, bracket - at_));
    at_ = bracket;
    bool const found = bracket < text_.size();
    if (found || ended_ || head_.size() > longest_head || !(head_.empty() || head_.starts_with('{'))) check_head();
    if (!found) return false;
    at_++;
    state_ = State::records;
    return true;
}

// Refuses what stands before the array, unless it is nothing, or an object's brace and the name of its member.
void RecordSplitter::check_head() const {
    if (at_ < text_.size() && head_.empty()) return;
    std::string const expected =
        "expected an array of records, or an object with one under " + json_string(names_.front());
    JsonArena arena;
    std::vector<JsonMember> members;
    try {
        Json const object = parse_json(head_ + "[]}", arena);
        members.assign(object.members().begin(), object.members().end());
    } catch (const CallError&) {
        throw CallError(Code::invalid_payload, expected, "Send a record on each line as application/x-ndjson.");
    }
    if (members.size() > 1)
        throw CallError(Code::invalid_payload, expected + " and no other member", "Send options as query parameters.");
    if (std::find(names_.begin(), names_.end(), members.front().name) == names_.end())
        throw CallError(Code::invalid_payload, expected + ", not " + json_string(members.front().name));
}

bool RecordSplitter::next_element() {
    for (; at_ < text_.size(); at_++) {
        char const c = text_[at_];
        if (begin_ == none ? begin_element(c) : ends_element(c)) return take_element(c == ']');
        if (state_ == State::tail) return false;
    }
    if (ended_ && !within_)
        throw CallError(Code::invalid_payload, "the array of records is not closed: the text is cut off");
    return false;
}

// Looks at a character between records; true if it is the end of one that is empty.
bool RecordSplitter::begin_element(char c) {
    if (is_blank(c)) return false;
    if (c == ',' || (c == ']' && after_comma_)) {
        begin_ = at_;
        return true;
    }
    if (c == ']') {
        at_++;
        state_ = State::tail;
        return false;
    }
    begin_ = at_;
    return ends_element(c);
}

// Looks at a character of a record; true if it is the first one behind it. A line break ends a string: there is none in
// one, so what follows it is not lost with a quote that is missing.
bool RecordSplitter::ends_element(char c) {
    if (in_string_) {
        if (!std::exchange(escaped_, c == '\\' && !escaped_) && c == '"') in_string_ = false;
        if (c == '\n') in_string_ = escaped_ = false;
        return false;
    }
    if (c == '"') in_string_ = true;
    if (c == '{' || c == '[') {
        if (open_.size() < static_cast<std::size_t>(max_json_depth))
            open_ += c;
        else
            too_deep_++;
    }
    if (c == '}') close_bracket('{');
    if (c == ']' && open_.find('[') == std::string::npos && too_deep_ == 0) return true;
    if (c == ']') close_bracket('[');
    return c == ',' && open_.empty();
}

// Closes the last bracket of that kind, and with it those that were forgotten within.
void RecordSplitter::close_bracket(char opening) {
    if (too_deep_ > 0) {
        too_deep_--;
        return;
    }
    std::size_t const last = open_.rfind(opening);
    if (last != std::string::npos) open_.resize(last);
}

// The record ends at this character, and the array too if that closes it.
bool RecordSplitter::take_element(bool closes) {
    record_ = trim(std::string_view(text_).substr(begin_, at_ - begin_));
    begin_ = none;
    open_.clear();
    place_++;
    at_++;
    after_comma_ = !closes;
    if (closes) state_ = State::tail;
    return true;
}

bool RecordSplitter::next_line() {
    while (at_ < text_.size() || begin_ != none) {
        if (begin_ == none) begin_ = at_;
        at_ = std::min(text_.find('\n', at_), text_.size());
        if (at_ == text_.size() && !ended_) return false;
        record_ = trim(std::string_view(text_).substr(begin_, at_ - begin_));
        begin_ = none;
        at_ = std::min(at_ + 1, text_.size());
        place_++;
        if (!record_.empty()) return true;
    }
    return false;
}

// Behind the array there may only be the end of its object.
void RecordSplitter::read_tail() {
    std::string_view const rest = trim(std::string_view(text_).substr(at_));
    at_ = text_.size();
    if (rest == "}" && head_.starts_with('{')) {
        head_ = "closed";
    } else if (!rest.empty()) {
        throw CallError(Code::invalid_payload, "the text goes on behind the array of records");
    }
    if (ended_ && head_.starts_with('{'))
        throw CallError(Code::invalid_payload, "the object of the records is not closed: the text is cut off");
}

}  // namespace eryxon::core
