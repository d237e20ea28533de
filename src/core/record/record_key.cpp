// Reads the external key of a record: external_id and external_source.
#include "core/json/fault_text.hpp"
#include "core/record/convert.hpp"
#include "core/record/draft.hpp"

#include <algorithm>
#include <array>

namespace eryxon::core {

namespace {

constexpr std::size_t greatest_key_length = 255;

// White space of Unicode beyond ASCII, as UTF-8.
constexpr std::array<std::string_view, 19> wide_spaces = {
    "\u0085", "\u00a0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006",
    "\u2007", "\u2008", "\u2009", "\u200a", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000"};

bool is_ascii_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

// True if the text, which is not empty, begins or ends with white space.
bool has_space_at_ends(std::string_view text) {
    if (is_ascii_space(text.front()) || is_ascii_space(text.back())) return true;
    const bool ascii_ends =
        static_cast<unsigned char>(text.front()) < 0x80 && static_cast<unsigned char>(text.back()) < 0x80;
    return !ascii_ends && std::any_of(wide_spaces.begin(), wide_spaces.end(), [&](std::string_view space) {
        return text.starts_with(space) || text.ends_with(space);
    });
}

// The fault of a key text, if it has one.
std::optional<Fault> check_key(std::string_view text, const Json& json) {
    if (text.empty()) return value_fault(Code::min_length, Reason::empty, json);
    if (text.size() > greatest_key_length && count_characters(text) > greatest_key_length)
        return length_fault(Code::max_length, Reason::too_long, count_characters(text), greatest_key_length, json);
    if (has_space_at_ends(text)) return value_fault(Code::pattern_mismatch, Reason::outer_space, json);
    return std::nullopt;
}

// Reads one half of the key; true if it is valid.
bool read_part(Draft& draft, int number, std::string_view& out) {
    const JsonMember* member = draft.sent_as(number);
    const std::string& name = draft.entity.names[number].text;
    if (!member || member->value.is_null()) {
        Fault fault = make_fault(Code::not_null, {}, member ? Reason::null_value : Reason::required);
        fault.value = member ? "null" : "";
        draft.add_fault(std::move(fault), name);
        return false;
    }
    std::string_view text;
    auto fault = read_identifier(member->value, draft.context.arena, text);
    if (!fault) fault = check_key(text, member->value);
    if (fault) {
        draft.add_fault(std::move(*fault), name);
        return false;
    }
    out = text;
    draft.add_hashed(name, Json::string(text));
    return true;
}

// Reads the source; a nested record that sends none takes the enclosing record's.
bool read_source(Draft& draft) {
    const JsonMember* member = draft.sent_as(MemberNames::external_source);
    if (member || !draft.enclosing || draft.enclosing->record.source.empty())
        return read_part(draft, MemberNames::external_source, draft.record.source);
    draft.record.source = draft.enclosing->record.source;
    draft.add_hashed("external_source", Json::string(draft.record.source));
    return true;
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

void read_key(Draft& draft) {
    const bool has_id = read_part(draft, MemberNames::external_id, draft.record.external_id);
    draft.record.has_key = read_source(draft) && has_id;
    if (draft.bad_operation)
        draft.add_fault(value_fault(Code::invalid_payload, Reason::invalid_operation, draft.bad_operation->value),
                        draft.bad_operation->name);
}

}  // namespace eryxon::core
