// Fields that are proposed for the columns of a CSV file: those that an import takes, and guesses that a person
// confirms.
#pragma once

#include "core/csv/csv_options.hpp"
#include "core/schema/schema.hpp"

#include <span>
#include <string_view>
#include <vector>

namespace eryxon::core {

struct CsvProposal {
    std::string_view field{};  // empty: none
    bool certain = true;       // no other column and no other field could be meant
};

// A proposal for each column: what its heading means; else, as a guess, what is known of headings of this kind from
// earlier files, or the field whose name or word the heading is but for one or two letters. A field is proposed once.
std::vector<CsvProposal> propose_fields(const Entity& entity, std::span<const std::string_view> headings,
                                        const std::vector<CsvMapped>& known);

// How many letters have to be put in, taken out, replaced or swapped with the next one to make one text of the other.
std::size_t letters_apart(std::string_view one, std::string_view other);

}  // namespace eryxon::core
