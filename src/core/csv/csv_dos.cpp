// Words that were written in a code page of DOS and read in another encoding.
#include "core/csv/csv_dos.hpp"

#include "core/base/utf8.hpp"
#include "core/json/fault_reason.hpp"

#include <algorithm>
#include <array>

namespace eryxon::core {

namespace {

// Letters of code pages 437 and 850 (é ä å ç ê ë ï ô ö Ö), as Windows-1252 has their bytes.
constexpr std::array<std::string_view, 10> misread = {"‚", "„", "†", "‡", "ˆ", "‰", "‹", "“", "”", "™"};

bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}

// True for what words are made of here: letters of ASCII, and whatever is not of it.
bool is_word_part(char c) {
    return is_lower(c) || (c >= 'A' && c <= 'Z') || (static_cast<unsigned char>(c) & 0x80) != 0;
}

// True if the character at this place, of that size, stands within a word, where none of these signs does.
bool is_misread(std::string_view text, std::size_t at, std::size_t size) {
    if (at == 0 || at + size >= text.size() || !is_lower(text[at + size])) return false;
    char const before = text[at - 1];
    if (!is_lower(before) && (before < 'A' || before > 'Z')) return false;
    return std::find(misread.begin(), misread.end(), text.substr(at, size)) != misread.end();
}

std::string_view word_around(std::string_view text, std::size_t at) {
    std::size_t begin = at, end = at;
    while (begin > 0 && is_word_part(text[begin - 1]))
        begin--;
    while (end < text.size() && is_word_part(text[end]))
        end++;
    return text.substr(begin, end - begin);
}

}  // namespace

std::string_view dos_word(std::string_view text) {
    auto const is_wide = [](char c) { return (static_cast<unsigned char>(c) & 0x80) != 0; };
    for (auto at = std::find_if(text.begin(), text.end(), is_wide); at != text.end();) {
        auto const place = static_cast<std::size_t>(at - text.begin());
        std::size_t const size = std::max<std::size_t>(character_size(text, place), 1);
        if (is_misread(text, place, size)) return word_around(text, place);
        at = std::find_if(at + static_cast<std::ptrdiff_t>(size), text.end(), is_wide);
    }
    return {};
}

void DosWords::look(std::string_view line) {
    std::string_view const word = dos_word(line);
    if (word.empty()) return;
    if (lines_++ == 0) example_ = word;
}

std::optional<Warning> DosWords::warning() const {
    if (lines_ == 0) return std::nullopt;
    return make_warning("DOS_CODE_PAGE", "", Reason::dos_code_page, {{"value", example_}, {"lines", lines_}});
}

}  // namespace eryxon::core
