// What a call answers and what its history says, read off the finished state.
#pragma once

#include "pg/bulk.hpp"

#include <map>
#include <set>
#include <string>

namespace eryxon::pg {

// What became of one record.
core::Action action_of(const Node& node);
// What became of a top-level record, for "results".
core::Outcome outcome_of(const Bulk& bulk, const Unit& unit);
// Counts of the batch's top-level records.
core::Counts counts_of(const Batch& batch);
// The faults of a top-level record and its children, in order.
std::vector<core::Fault> faults_of(const Unit& unit);

// What the history keeps of one entity.
struct EntityTotals {
    core::Counts counts;
    std::set<std::string_view> sources;          // of the records that were sent
    std::set<std::string_view> removed_sources;  // of rows deleted because arrays left them out
    std::vector<core::Json> error_details;       // of the records that failed
};

using Totals = std::map<const core::Entity*, EntityTotals>;
Totals totals_of(const Bulk& bulk);

}  // namespace eryxon::pg
