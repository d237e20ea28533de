// Reads the external key of a record: external_id and external_source.
#include "core/base/invisible.hpp"
#include "core/json/fault_text.hpp"
#include "core/record/convert.hpp"
#include "core/record/record_reader.hpp"

#include <algorithm>

namespace eryxon::core {

namespace {

constexpr std::size_t greatest_key_length = 255;

// The fault of a key text, if it has one.
std::optional<Fault> check_key(std::string_view text, const Json& json) {
    if (is_blank(text)) return value_fault(Code::min_length, Reason::empty, json);
    if (text.size() > greatest_key_length && count_characters(text) > greatest_key_length)
        return length_fault(Code::max_length, Reason::too_long, count_characters(text), greatest_key_length, json);
    if (without_outer_space(text).size() < text.size())
        return value_fault(Code::pattern_mismatch, Reason::outer_space, json);
    return check_visible(text, json);
}

// The fault of a half of the key that was not sent; a member that only looks as if it had its name is told of.
Fault missing_part(const RecordReader& reader, std::string_view name) {
    for (const JsonMember& member : reader.json.members()) {
        const auto invisible = find_invisible(member.name);
        const bool alike = member.name.size() < name.size() + 16 && member.name.find(name) != member.name.npos;
        if (alike && (invisible || without_outer_space(member.name) == name))
            return make_fault(Code::not_null, {}, Reason::misnamed,
                              {{"member", member.name}, {"character", invisible.value_or("white space")}});
    }
    return make_fault(Code::not_null, {}, Reason::required);
}

// Reads one half of the key; true if it is valid.
bool read_part(RecordReader& reader, int number, std::string_view& out) {
    const JsonMember* member = reader.sent_as(number);
    const std::string& name = reader.entity.names[number].text;
    if (!member || member->value.is_null()) {
        Fault fault = member ? make_fault(Code::not_null, {}, Reason::null_value) : missing_part(reader, name);
        fault.value = member ? "null" : "";
        reader.add_fault(std::move(fault), name);
        return false;
    }
    std::string_view text;
    auto fault = read_identifier(member->value, reader.context.arena, text);
    if (!fault) fault = check_key(text, member->value);
    if (fault) {
        reader.add_fault(std::move(*fault), name);
        return false;
    }
    out = text;
    reader.add_hashed(name, Json::string(text));
    return true;
}

// Reads the source; a nested record that sends none takes the enclosing record's.
bool read_source(RecordReader& reader) {
    const JsonMember* member = reader.sent_as(MemberNames::external_source);
    if (member || !reader.enclosing || reader.enclosing->record.source.empty())
        return read_part(reader, MemberNames::external_source, reader.record.source);
    reader.record.source = reader.enclosing->record.source;
    reader.add_hashed("external_source", Json::string(reader.record.source));
    return true;
}

bool all_digits(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

// True for "1001.0": digits, a decimal sign and zeros.
bool is_whole_decimal(std::string_view text) {
    const std::size_t sign = std::min(text.find_first_of(".,"), text.size());
    const std::string_view fraction = text.substr(std::min(sign + 1, text.size()));
    return all_digits(text.substr(0, sign)) && !fraction.empty() && fraction.find_first_not_of('0') == text.npos;
}

// True for "4.50001E+11": an exponent with its sign.
bool is_rounded(std::string_view text) {
    const std::size_t mark = text.find_first_of("eE");
    if (mark == text.npos || mark + 2 >= text.size() || (text[mark + 1] != '+' && text[mark + 1] != '-')) return false;
    const std::size_t sign = std::min(text.find_first_of(".,"), mark);
    const bool number = sign == mark || all_digits(text.substr(sign + 1, mark - sign - 1));
    return number && all_digits(text.substr(0, sign)) && all_digits(text.substr(mark + 2));
}

// Warns of an id that a spreadsheet may have made of another one. A number is what it says.
void warn_of_form(RecordReader& reader) {
    const std::string_view text = reader.record.external_id;
    const bool formula = text.starts_with("=\"") && text.ends_with('"');
    if (!formula && !text.starts_with('\'') && !is_whole_decimal(text) && !is_rounded(text)) return;
    const JsonMember& member = *reader.sent_as(MemberNames::external_id);
    if (member.value.is_string())
        reader.record.warnings.push_back(make_warning("KEY_FORM", reader.record.path + std::string(member.name),
                                                      Reason::key_form, {{"value", member.value}}));
}

}  // namespace

std::optional<Fault> read_identifier(const Json& json, JsonArena& arena, std::string_view& out) {
    const auto text = json.is_string()   ? std::optional(json.text())
                      : json.is_number() ? integer_text(json.text(), arena)
                                         : std::nullopt;
    if (!text) return type_fault("identifier", json);
    out = *text;
    return std::nullopt;
}

std::optional<Fault> check_visible(std::string_view text, const Json& json) {
    const auto invisible = find_invisible(text);
    if (!invisible) return std::nullopt;
    return value_fault(Code::pattern_mismatch, Reason::invisible_character, json, {"character", *invisible});
}

void read_key(RecordReader& reader) {
    const bool has_id = read_part(reader, MemberNames::external_id, reader.record.external_id);
    reader.record.has_key = read_source(reader) && has_id;
    if (has_id) warn_of_form(reader);
    if (reader.bad_operation)
        reader.add_fault(value_fault(Code::invalid_payload, Reason::invalid_operation, reader.bad_operation->value),
                         reader.bad_operation->name);
}

}  // namespace eryxon::core
