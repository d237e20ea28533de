// What the calls answer, as JSON.
#pragma once

#include "core/base/error.hpp"
#include "core/json/json_build.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eryxon::core {

enum class Action : std::uint8_t { created, updated, restored, skipped, deleted, error };

std::string_view action_name(Action action);

struct Counts {
    std::int64_t total = 0, created = 0, updated = 0, restored = 0, skipped = 0, deleted = 0, errors = 0;

    void add(Action action);
    // True if nothing was written, deleted or refused.
    bool only_skipped() const { return created + updated + restored + deleted + errors == 0; }
    Counts& operator+=(const Counts& other);
};

// A field that eryxon_diff() found different; old and new live as long as the answer.
struct Change {
    std::string field;
    Json old_value;
    Json new_value;
};

// What became of a record that stands in another one, or of a row that an array left out: then `path` is the array's.
struct ChildOutcome {
    std::string path;
    std::string_view entity;
    std::string_view external_id;
    std::optional<Uuid> id;
    Action action = Action::skipped;
    bool has_changes = false;
    std::vector<Change> changes;
};

// What became of one top-level record.
struct Outcome {
    std::int64_t index = 0;
    std::int64_t line = 0;         // of a CSV file; 0 = none
    std::string_view external_id;  // empty = not readable; lives as long as the answer, as does the source
    std::string_view source;
    std::optional<Uuid> id;
    Action action = Action::error;
    std::vector<Fault> faults;  // of an error, the first one speaks for it
    std::vector<Warning> warnings;
    bool has_children = false;
    std::vector<std::pair<std::string_view, Counts>> children;  // by child entity, in dependency order
    bool has_child_results = false;
    std::vector<ChildOutcome> child_results;
    bool has_changes = false;  // of a diff: then `changes` is written even if empty
    std::vector<Change> changes;
};

// One element of "results".
Json outcome_json(const Outcome& outcome, JsonArena& arena);
// The faults as the array `details`.
Json details_json(const std::vector<Fault>& faults, JsonArena& arena);
std::string details_text(const std::vector<Fault>& faults);
Json warnings_json(const std::vector<Warning>& warnings, JsonArena& arena);
Json child_results_json(const std::vector<ChildOutcome>& children, JsonArena& arena);
// The counts of child entities as an object.
Json children_json(const std::vector<std::pair<std::string_view, Counts>>& children, JsonArena& arena);
// {"total","created" ...}, alone or among other members.
Json counts_json(const Counts& counts, JsonArena& arena);
void add_counts(const Counts& counts, JsonObject& object);

}  // namespace eryxon::core
