// JSON text to a tree, by simdjson's on-demand parser; what that takes leniently is checked here.
// The document is read as the one item of an array that is put around it, so that no root is special.
#include "core/base/bytes8.hpp"
#include "core/base/utf8.hpp"
#include "core/json/decimal.hpp"
#include "core/json/json.hpp"
#include "core/json/number_token.hpp"

#include <simdjson.h>
#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

namespace eryxon::core {

namespace {

namespace ondemand = simdjson::ondemand;

// Ends the call with the SQLSTATE that jsonb's input gives.
[[noreturn]] void refuse(const char* sqlstate, std::string message, std::string hint = {}) {
    throw CallError(Fault{.code = Code::invalid_payload,
                          .path = {},
                          .message = std::move(message),
                          .value = {},
                          .sqlstate = sqlstate,
                          .hint = std::move(hint)});
}

// The four hexadecimal digits of a \u escape, or -1.
int read_hex4(const char* text) {
    int value = 0;
    for (int i = 0; i < 4; ++i) {
        const char c = text[i];
        const int digit = c >= '0' && c <= '9'   ? c - '0'
                          : c >= 'a' && c <= 'f' ? c - 'a' + 10
                          : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                 : -1;
        if (digit < 0) return -1;
        value = value * 16 + digit;
    }
    return value;
}

// The token without the white space behind it.
std::string_view trim(std::string_view token) {
    while (!token.empty() &&
           (token.back() == ' ' || token.back() == '\t' || token.back() == '\n' || token.back() == '\r'))
        token.remove_suffix(1);
    return token;
}

// True for what most numbers are: a few digits, perhaps with a point among them.
bool is_short_number(std::string_view token) {
    constexpr std::size_t longest = 18;
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    const auto point = std::find_if_not(token.begin(), token.end(), is_digit);
    const auto digits = point - token.begin();
    if (digits == 0 || token.size() > longest || (token.front() == '0' && digits > 1)) return false;
    if (point == token.end()) return true;
    return *point == '.' && token.back() != '.' && std::all_of(point + 1, token.end(), is_digit);
}

bool is_high_surrogate(int unit) {
    return unit >= 0xd800 && unit < 0xdc00;
}
bool is_low_surrogate(int unit) {
    return unit >= 0xdc00 && unit < 0xe000;
}

// One run of the parser over one text.
class Reader {
public:
    using TakeItem = std::function<void(const Json&)>;

    Reader(std::string_view text, JsonArena& arena) : arena_(arena) { wrap(text); }

    // The tree of the whole document, or nothing if it is an array whose items went to `take`.
    std::optional<Json> read(const TakeItem* take = nullptr);

private:
    void wrap(std::string_view text);
    simdjson::simdjson_result<ondemand::document> find_tokens();
    Json read_value(ondemand::value& value, int depth);
    void hand_over(ondemand::value& value, const TakeItem& take);
    Json read_array(ondemand::value& value, int depth);
    Json read_object(ondemand::value& value, int depth);
    Json read_scalar(ondemand::value& value);
    Json read_number(std::string_view token) const;
    std::string_view read_string(const ondemand::raw_json_string& string);
    std::string_view unescape(char* start);
    std::size_t check_escapes(const char* start) const;
    const char* check_unicode_escape(const char* at) const;
    [[noreturn]] void refuse_syntax(const char* near) const;

    // The value inside a result, or the end of the call.
    template <class T>
    T& get(simdjson::simdjson_result<T>& result) const {
        if (result.error() != simdjson::SUCCESS) refuse_syntax(last_);
        T&& value = std::move(result).value_unsafe();
        return value;
    }

    // The value of a passing result, or the end of the call.
    template <class T>
    T get(simdjson::simdjson_result<T>&& result) const {
        return std::move(get(result));
    }

    JsonArena& arena_;
    JsonArena* trees_ = &arena_;  // holds arrays and objects
    char* text_ = nullptr;        // "[", the document, "]"
    std::size_t size_ = 0;
    const char* last_ = nullptr;  // the last token that was read
    ondemand::parser parser_;
    std::vector<Json> items_;          // of the arrays that are open
    std::vector<JsonMember> members_;  // of the objects that are open
    std::vector<std::uint8_t> scratch_;
};

// Copies the text between brackets to where simdjson may read past its end.
void Reader::wrap(std::string_view text) {
    if (text.size() >= std::numeric_limits<std::uint32_t>::max() - 2) refuse("54000", "JSON text is too large");
    size_ = text.size() + 2;
    text_ = static_cast<char*>(arena_.allocate(size_ + simdjson::SIMDJSON_PADDING, 1));
    text_[0] = '[';
    if (!text.empty()) std::memcpy(text_ + 1, text.data(), text.size());
    text_[size_ - 1] = ']';
    std::memset(text_ + size_, ' ', simdjson::SIMDJSON_PADDING);
    last_ = text_ + 1;
}

// Ends the call, naming the place.
void Reader::refuse_syntax(const char* near) const {
    const auto offset = near > text_ ? static_cast<std::size_t>(near - text_) : std::size_t{1};
    refuse("22P02", "invalid input syntax for type json",
           "The fault is at or after byte " + std::to_string(offset) + ".");
}

// Checks the encoding and finds the tokens.
simdjson::simdjson_result<ondemand::document> Reader::find_tokens() {
    auto document = parser_.iterate(text_, size_, size_ + simdjson::SIMDJSON_PADDING);
    if (document.error() != simdjson::SUCCESS && !is_utf8({text_, size_})) {
        refuse("22021", "invalid byte sequence for encoding \"UTF8\"");
    }
    return document;
}

// Finds the tokens, then walks along them.
std::optional<Json> Reader::read(const TakeItem* take) {
    simdjson::get_active_implementation();  // allocate() is noexcept
    if (parser_.allocate(size_, max_json_depth + 24) != simdjson::SUCCESS) throw std::bad_alloc();
    ondemand::document document = get(find_tokens());
    ondemand::array root = get(document.get_array());
    std::optional<Json> result;
    int count = 0;
    for (auto item : root) {
        ondemand::value& value = get(item);
        if (take != nullptr && value.raw_json_token().starts_with('['))
            hand_over(value, *take);
        else
            result = read_value(value, 0);
        ++count;
    }
    const bool at_end = document.current_location().error() == simdjson::OUT_OF_BOUNDS;
    if (count != 1 || !at_end) refuse_syntax(last_);
    return result;
}

// Reads the items into the same memory, one after the other.
void Reader::hand_over(ondemand::value& value, const TakeItem& take) {
    JsonArena trees;
    trees_ = &trees;
    last_ = value.raw_json_token().data();
    ondemand::array array = get(value.get_array());
    for (auto item : array) {
        trees.clear();
        take(read_value(get(item), 1));
    }
    trees_ = &arena_;
}

// Tells the kinds of values apart by their first character; depth is the number of arrays and objects around.
Json Reader::read_value(ondemand::value& value, int depth) {
    last_ = value.raw_json_token().data();
    if (*last_ != '[' && *last_ != '{') return read_scalar(value);
    if (depth >= max_json_depth) {
        refuse("54001", "JSON is nested too deeply",
               "At most " + std::to_string(max_json_depth) + " levels are allowed.");
    }
    return *last_ == '[' ? read_array(value, depth + 1) : read_object(value, depth + 1);
}

// Gathers the items behind those of the arrays around, then moves them to the arena.
Json Reader::read_array(ondemand::value& value, int depth) {
    const std::size_t first = items_.size();
    ondemand::array array = get(value.get_array());
    for (auto item : array)
        items_.push_back(read_value(get(item), depth));
    const Json result = trees_->array(std::span(items_).subspan(first));
    items_.resize(first);
    return result;
}

// Gathers the members likewise; the arena sorts them.
Json Reader::read_object(ondemand::value& value, int depth) {
    const std::size_t first = members_.size();
    ondemand::object object = get(value.get_object());
    for (auto result : object) {
        ondemand::field& field = get(result);
        const std::string_view name = read_string(field.key());
        const Json item = read_value(field.value(), depth);
        members_.push_back({name, item});
    }
    const Json result = trees_->object(std::span(members_).subspan(first));
    members_.resize(first);
    return result;
}

// A string, a number or one of the three words, which must be spelled out.
Json Reader::read_scalar(ondemand::value& value) {
    if (*last_ == '"') return Json::string(read_string(get(value.get_raw_json_string())));
    const std::string_view token = trim(value.raw_json_token());
    if (is_short_number(token)) return Json::number(token);
    if (token == "null") return Json::null();
    if (token == "true") return Json::boolean(true);
    if (token == "false") return Json::boolean(false);
    return read_number(token);
}

// A number of JSON's grammar that numeric can hold.
Json Reader::read_number(std::string_view token) const {
    constexpr std::size_t surely_fits = 1000;
    const std::optional<NumberToken> number = scan_number(token);
    if (!number) refuse_syntax(last_);
    if ((number->has_exponent || token.size() > surely_fits) && !fits_numeric(token)) {
        refuse("22003", "value overflows numeric format");
    }
    return Json::number(token);
}

// The characters of a string; nearly always they stand in the text as they are. The brackets and the padding
// allow to look eight characters ahead.
std::string_view Reader::read_string(const ondemand::raw_json_string& string) {
    char* const start = text_ + (string.raw() - text_);
    last_ = start;
    for (char* at = start; at < text_ + size_; at += 8) {
        const std::uint64_t word = load8(at);
        const std::uint64_t marks = find8(word, '"') | find8(word, '\\');
        if (marks == 0) continue;
        at += first8(marks);
        if (*at == '\\') return unescape(start);
        return {start, static_cast<std::size_t>(at - start)};
    }
    refuse_syntax(start);
}

// Resolves the escapes and puts the result in the string's own place, which is never too short.
std::string_view Reader::unescape(char* start) {
    const std::size_t length = check_escapes(start);
    scratch_.resize(length + simdjson::SIMDJSON_PADDING);
    std::uint8_t* end = scratch_.data();
    const auto raw = ondemand::raw_json_string(reinterpret_cast<const std::uint8_t*>(start));
    const std::string_view result = get(parser_.unescape(raw, end));
    std::memcpy(start, result.data(), result.size());
    return {start, result.size()};
}

// Refuses NUL and half surrogate pairs, which simdjson takes; returns the length up to the closing quote.
std::size_t Reader::check_escapes(const char* start) const {
    const char* const end = text_ + size_;
    const char* at = start;
    while (at < end && *at != '"') {
        if (*at != '\\') {
            ++at;
        } else if (at[1] == 'u') {
            at = check_unicode_escape(at);
        } else {
            at += 2;
        }
    }
    if (at >= end) refuse_syntax(start);
    return static_cast<std::size_t>(at - start);
}

// Checks the escape, or the pair of escapes, and returns what follows. The padding ends every look ahead.
const char* Reader::check_unicode_escape(const char* at) const {
    const int unit = read_hex4(at + 2);
    if (unit < 0) refuse_syntax(at);
    if (unit == 0) refuse("22P05", "unsupported Unicode escape sequence", "\\u0000 cannot be converted to text.");
    const bool paired = is_high_surrogate(unit) && at[6] == '\\' && at[7] == 'u' && is_low_surrogate(read_hex4(at + 8));
    if (paired) return at + 12;
    if (is_high_surrogate(unit) || is_low_surrogate(unit)) {
        refuse("22P02", "invalid input syntax for type json", "A surrogate in an escape must be part of a pair.");
    }
    return at + 6;
}

}  // namespace

// Reads the text as one value.
Json parse_json(std::string_view text, JsonArena& arena) {
    return *Reader(text, arena).read();
}

std::optional<Json> parse_items(std::string_view text, JsonArena& arena, const std::function<void(const Json&)>& take) {
    return Reader(text, arena).read(&take);
}

}  // namespace eryxon::core
