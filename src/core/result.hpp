// What the calls answer, as JSON text.
#pragma once

#include "core/error.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace eryxon::core {

enum class Action : std::uint8_t { created, updated, restored, skipped, deleted, error };

std::string_view action_name(Action action);

struct Counts {
    std::int64_t total = 0, created = 0, updated = 0, restored = 0, skipped = 0, deleted = 0, errors = 0;

    void add(Action action);
    Counts& operator+=(const Counts& other);
};

// A field that eryxon_diff() found different; old and new as JSON text.
struct Change {
    std::string field;
    std::string old_value;
    std::string new_value;
};

// What became of one top-level record.
struct Outcome {
    std::int64_t index = 0;
    std::string_view external_id;  // empty = not readable
    std::string_view source;
    std::string id;  // empty = none
    Action action = Action::error;
    std::vector<Fault> faults;  // of an error, the first one speaks for it
    std::vector<Warning> warnings;
    bool has_children = false;
    std::vector<std::pair<std::string, Counts>> children;  // by child entity, in dependency order
    bool has_changes = false;                              // of a diff: then `changes` is written even if empty
    std::vector<Change> changes;
};

// Appends one element of "results".
void write_outcome(const Outcome& outcome, std::string& out);
// Appends the faults as the JSON array `details`.
void write_details(const std::vector<Fault>& faults, std::string& out);
// Appends the warnings as a JSON array.
void write_warnings(const std::vector<Warning>& warnings, std::string& out);
// Appends the counts of child entities as a JSON object.
void write_children(const std::vector<std::pair<std::string, Counts>>& children, std::string& out);
// Appends "total":…,"created":… without braces.
void write_counts(const Counts& counts, std::string& out);

}  // namespace eryxon::core
