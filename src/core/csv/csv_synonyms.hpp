// What people and ERPs call the fields, in English, Dutch and German.
#pragma once

#include <span>
#include <string_view>

namespace eryxon::core {

// Headings of one member of a record.
struct CsvSynonyms {
    std::string_view entity;  // empty: any that has such a member
    std::string_view member;
    std::string_view words;  // as plain_heading() makes them, with a blank between two
};

// Where a heading stands in several rows the first one counts.
extern const std::span<const CsvSynonyms> csv_synonyms;

// True if the word is one of those.
bool has_word(std::string_view words, std::string_view word);

}  // namespace eryxon::core
