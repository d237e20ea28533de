// Which encoding the bytes of a CSV file are in.
#include "core/csv/csv_encoding.hpp"

#include "core/base/utf8.hpp"
#include "core/json/fault_reason.hpp"

#include <algorithm>

namespace eryxon::core {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF", replacement = "\xEF\xBF\xBD";
constexpr std::string_view save_as = "Save it as \"CSV UTF-8\" in the spreadsheet, and import that file.";

[[noreturn]] void refuse_file(Reason reason) {
    throw CallError(make_fault(Code::invalid_option, "", reason, {}, std::string(save_as)));
}

// The size that the first byte of a character promises; 0 for a byte that begins none, and for those that are letters
// of German, Dutch and French in Windows-1252: before a quotation mark or dash they look like rare scripts.
std::size_t promised_size(unsigned char lead) {
    return lead < 0xC2 ? 0 : lead < 0xDC ? 2 : lead < 0xE0 ? 0 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
}

// True if the bytes, of a character that promises more, look as if the file was cut within it. No word in
// Windows-1252 ends with 0xC2 or 0xC3.
bool is_cut(std::string_view bytes) {
    bool const follows = std::all_of(bytes.begin() + 1, bytes.end(),
                                     [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; });
    return follows && (bytes.size() > 1 || static_cast<unsigned char>(bytes.front()) <= 0xC3);
}

// True if the bytes have a character beyond ASCII, or end within one: such a file was UTF-8 once.
bool has_wide_character(std::string_view bytes) {
    for (std::size_t at = 0; at < bytes.size(); at++) {
        std::size_t const size = promised_size(static_cast<unsigned char>(bytes[at]));
        if (size == 0) continue;
        if (character_size(bytes, at) == size) return true;
        if (size > bytes.size() - at && is_cut(bytes.substr(at))) return true;
    }
    return false;
}

}  // namespace

void refuse_other_formats(std::string_view bytes) {
    if (bytes.starts_with("PK\x03\x04") || bytes.starts_with("\xD0\xCF\x11\xE0")) refuse_file(Reason::workbook);
    if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF")) refuse_file(Reason::utf_16);
}

std::string_view find_encoding(std::string_view bytes) {
    bool const utf8 = bytes.starts_with(byte_order_mark) || is_utf8(bytes) || has_wide_character(bytes);
    return utf8 ? "UTF8" : "WIN1252";
}

std::string with_replacements(std::string_view bytes) {
    std::string text;
    text.reserve(bytes.size());
    for (std::size_t at = 0; at < bytes.size();) {
        std::size_t const size = character_size(bytes, at);
        text += size == 0 ? replacement : bytes.substr(at, size);
        at += std::max<std::size_t>(size, 1);
    }
    return text;
}

std::size_t undefined_in_windows_1252(std::string_view bytes) {
    std::size_t const at = bytes.find_first_of("\x81\x8D\x8F\x90\x9D");
    if (at == std::string_view::npos) return 0;
    return 1 +
           static_cast<std::size_t>(std::count(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
}

std::string_view unreadable_character(std::string_view cell) {
    if (std::size_t const at = cell.find(replacement); at != std::string_view::npos)
        return cell.substr(at, replacement.size());
    for (std::size_t at = cell.find('\xC2'); at < cell.size(); at = cell.find('\xC2', at + 1))
        if (at + 1 < cell.size() && static_cast<unsigned char>(cell[at + 1]) < 0xA0) return cell.substr(at, 2);
    return {};
}

}  // namespace eryxon::core
