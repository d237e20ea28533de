// What the headings of a CSV file mean.
#include "core/csv/csv_heading.hpp"

#include "core/base/utf8.hpp"
#include "core/csv/csv_synonyms.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace eryxon::core {

namespace {

using Replacement = std::pair<std::string_view, std::string_view>;

// Letters with marks, and blanks and invisible characters beyond ASCII.
constexpr std::array folded = std::to_array<Replacement>({
    {"ä", "ae"},    {"ö", "oe"},    {"ü", "ue"},    {"Ä", "ae"},    {"Ö", "oe"},    {"Ü", "ue"},    {"ß", "ss"},
    {"é", "e"},     {"è", "e"},     {"ê", "e"},     {"ë", "e"},     {"É", "e"},     {"È", "e"},     {"Ë", "e"},
    {"á", "a"},     {"à", "a"},     {"â", "a"},     {"ï", "i"},     {"í", "i"},     {"î", "i"},     {"ó", "o"},
    {"ô", "o"},     {"ç", "c"},     {"ñ", "n"},     {"º", ""},      {"°", ""},      {"\u00A0", ""}, {"\u00AD", ""},
    {"\u200B", ""}, {"\u200C", ""}, {"\u200D", ""}, {"\u200E", ""}, {"\u200F", ""}, {"\u2007", ""}, {"\u2009", ""},
    {"\u202F", ""}, {"\u2028", ""}, {"\u2060", ""}, {"\u3000", ""}, {"\uFEFF", ""}, {"\u2010", ""}, {"\u2011", ""},
    {"\u2013", ""}, {"\u2019", ""},
});

// What the character counts as; punctuation that may make a difference stays.
std::string plain_character(std::string_view character) {
    char const c = character.front();
    if (character.size() > 1) {
        auto const found = std::find_if(folded.begin(), folded.end(),
                                        [&](const Replacement& entry) { return entry.first == character; });
        return std::string(found == folded.end() ? character : found->second);
    }
    if (c >= 'A' && c <= 'Z') return std::string(1, static_cast<char>(c - 'A' + 'a'));
    bool const left_out =
        (c >= 0 && c <= ' ') || c == '\x7F' || std::string_view("_-.*:/()'\",").find(c) != std::string_view::npos;
    return left_out ? std::string() : std::string(1, c);
}

// True for a member that a column can hold.
bool is_column(const MemberName& name) {
    return name.role != Role::read_only && name.role != Role::children && name.role != Role::operation;
}

// The field of that name or alias; null if it is none.
const Field* find_field(const Entity& entity, std::string_view name) {
    int const number = entity.names.find(name);
    if (number < 0 || entity.names[number].role != Role::field) return nullptr;
    return &entity.fields[static_cast<std::size_t>(entity.names[number].index)];
}

// True for the names of a field that the table has a column for, and of the external key.
bool is_mapped(const Entity& entity, const MemberName& name) {
    bool const of_field = name.role == Role::field || name.role == Role::reference_form;
    return !of_field || entity.fields[static_cast<std::size_t>(name.index)].mapped();
}

// The member that the words of a row mean in an entity; null if it has none.
const MemberName* synonym_of(const Entity& entity, const CsvSynonyms& row) {
    if (!row.entity.empty() && row.entity != entity.name) return nullptr;
    int const number = entity.names.find(row.member);
    if (number < 0 || !is_column(entity.names[number]) || !is_mapped(entity, entity.names[number])) return nullptr;
    return &entity.names[number];
}

}  // namespace

std::string plain_heading(std::string_view heading) {
    std::string plain;
    for (std::size_t at = 0; at < heading.size();) {
        std::size_t const size = std::max<std::size_t>(character_size(heading, at), 1);
        plain += plain_character(heading.substr(at, size));
        at += size;
    }
    return plain;
}

std::string_view match_heading(const Entity& entity, std::string_view heading) {
    std::string const wanted = plain_heading(heading);
    if (wanted.empty() || heading.starts_with('_')) return {};
    for (int number = 0; number < entity.names.size(); number++) {
        const MemberName& name = entity.names[number];
        if (is_column(name) && plain_heading(name.text) == wanted) return name.text;
    }
    return {};
}

void each_word(const Entity& entity,
               const std::function<void(std::string_view word, std::string_view member)>& on_word) {
    for (int number = 0; number < entity.names.size(); number++)
        if (is_column(entity.names[number]) && is_mapped(entity, entity.names[number]))
            on_word(plain_heading(entity.names[number].text), entity.names[number].text);
    for (const CsvSynonyms& row : csv_synonyms)
        if (const MemberName* name = synonym_of(entity, row))
            for (std::size_t at = 0; at < row.words.size();
                 at = std::min(row.words.find(' ', at), row.words.size()) + 1)
                on_word(row.words.substr(at, row.words.find(' ', at) - at), name->text);
}

std::string_view match_synonym(const Entity& entity, std::string_view heading) {
    std::string const wanted = plain_heading(heading);
    if (wanted.empty() || heading.starts_with('_')) return {};
    for (const CsvSynonyms& row : csv_synonyms)
        if (const MemberName* name = synonym_of(entity, row); name != nullptr && has_word(row.words, wanted))
            return name->text;
    return {};
}

bool is_known_heading(const Entity& entity, std::string_view heading) {
    return !match_heading(entity, heading).empty() || !match_synonym(entity, heading).empty();
}

std::string_view own_name(const Entity& entity, std::string_view name) {
    const Field* field = find_field(entity, name);
    return field != nullptr ? field->name : name;
}

const Field* field_of(const Entity& entity, std::string_view name) {
    int const number = entity.names.find(name);
    if (number < 0) return nullptr;
    Role const role = entity.names[number].role;
    bool const of_field = role == Role::field || role == Role::reference_form;
    return of_field ? &entity.fields[static_cast<std::size_t>(entity.names[number].index)] : nullptr;
}

ValueKind kind_of(const Entity& entity, std::string_view name) {
    const Field* field = find_field(entity, name);
    return field != nullptr && field->mapped() ? entity.columns[static_cast<std::size_t>(field->column)].kind
                                               : ValueKind::text;
}

}  // namespace eryxon::core
