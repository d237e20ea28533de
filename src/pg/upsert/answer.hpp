// What a call answers and what its history says, read off the finished state.
#pragma once

#include "pg/upsert/upsert_call.hpp"

#include <map>
#include <set>
#include <string>

namespace eryxon::pg {

// What became of one record.
core::Action action_of(const Item& item);
// What became of a top-level record, for "results".
core::Outcome outcome_of(const UpsertCall& upsert, const Batch& batch, const RecordTree& tree);
// Counts of the batch's top-level records.
core::Counts counts_of(const Batch& batch);
// True if there is a warning of a record, or of a top-level one or its children.
bool has_warnings(const Item& item);
bool has_warnings(const RecordTree& tree);
// The faults of a top-level record and its children, in order.
std::vector<core::Fault> faults_of(const RecordTree& tree);

// Sources, of which only one alone is of interest.
class Sources {
public:
    void add(std::string_view source) {
        several_ |= any_ && source != first_;
        if (!any_) first_ = source;
        any_ = true;
    }
    bool none() const { return !any_; }
    bool is_one() const { return any_ && !several_; }
    std::string_view one() const { return first_; }

private:
    std::string_view first_;
    bool any_ = false, several_ = false;
};

// What the history keeps of one entity.
struct EntityTotals {
    core::Counts counts;
    std::int64_t warnings = 0;              // records that have some
    Sources sources;                        // of the records that were sent
    Sources removed_sources;                // of rows deleted because arrays left them out
    std::vector<core::Json> error_details;  // of the records that failed
};

using Totals = std::map<const core::Entity*, EntityTotals>;
Totals totals_of(const UpsertCall& upsert);

}  // namespace eryxon::pg
