// Writes what the calls answer as JSON text.
#include "core/result.hpp"

#include "core/json.hpp"

#include <charconv>

namespace eryxon::core {

namespace {

void write_number(std::int64_t number, std::string& out) {
    std::array<char, 24> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out.append(digits.data(), end);
}

// Appends `,"name":"text"`.
void write_member(std::string_view name, std::string_view text, std::string& out) {
    out += ",\"";
    out += name;
    out += "\":";
    write_json_string(text, out);
}

// Appends `,"name":` for a value that follows.
void write_name(std::string_view name, std::string& out) {
    out += ",\"";
    out += name;
    out += "\":";
}

// Appends code, text, SQLSTATE and details; the first fault speaks for all.
void write_faults(const std::vector<Fault>& faults, std::string& out) {
    const Fault& first = faults.front();
    write_member("code", code_name(first.code), out);
    write_member("error", first.path.empty() ? first.message : first.path + ": " + first.message, out);
    write_member("sqlstate", first.sqlstate.empty() ? code_sqlstate(first.code) : std::string_view(first.sqlstate),
                 out);
    write_name("details", out);
    write_details(faults, out);
}

void write_changes(const std::vector<Change>& changes, std::string& out) {
    out += '[';
    for (const Change& change : changes) {
        if (&change != &changes.front()) out += ',';
        out += "{\"field\":";
        write_json_string(change.field, out);
        write_name("old", out);
        out += change.old_value.empty() ? "null" : change.old_value;
        write_name("new", out);
        out += change.new_value.empty() ? "null" : change.new_value;
        out += '}';
    }
    out += ']';
}

}  // namespace

void write_children(const std::vector<std::pair<std::string, Counts>>& children, std::string& out) {
    out += '{';
    bool first = true;
    for (const auto& [entity, counts] : children) {
        if (!first) out += ',';
        first = false;
        write_json_string(entity, out);
        out += ":{";
        write_counts(counts, out);
        out += '}';
    }
    out += '}';
}

std::string_view action_name(Action action) {
    switch (action) {
        case Action::created:
            return "created";
        case Action::updated:
            return "updated";
        case Action::restored:
            return "restored";
        case Action::skipped:
            return "skipped";
        case Action::deleted:
            return "deleted";
        case Action::error:
            return "error";
    }
    return "";
}

void Counts::add(Action action) {
    ++total;
    switch (action) {
        case Action::created:
            ++created;
            break;
        case Action::updated:
            ++updated;
            break;
        case Action::restored:
            ++restored;
            break;
        case Action::skipped:
            ++skipped;
            break;
        case Action::deleted:
            ++deleted;
            break;
        case Action::error:
            ++errors;
            break;
    }
}

Counts& Counts::operator+=(const Counts& other) {
    total += other.total;
    created += other.created;
    updated += other.updated;
    restored += other.restored;
    skipped += other.skipped;
    deleted += other.deleted;
    errors += other.errors;
    return *this;
}

void write_outcome(const Outcome& outcome, std::string& out) {
    out += "{\"index\":";
    write_number(outcome.index, out);
    if (!outcome.external_id.empty()) write_member("external_id", outcome.external_id, out);
    if (!outcome.source.empty()) write_member("external_source", outcome.source, out);
    if (!outcome.id.empty()) write_member("id", outcome.id, out);
    write_member("action", action_name(outcome.action), out);
    if (outcome.action == Action::error && !outcome.faults.empty()) write_faults(outcome.faults, out);
    if (!outcome.warnings.empty()) {
        write_name("warnings", out);
        write_warnings(outcome.warnings, out);
    }
    if (outcome.has_children) {
        write_name("children", out);
        write_children(outcome.children, out);
    }
    if (outcome.has_changes) {
        write_name("changes", out);
        write_changes(outcome.changes, out);
    }
    out += '}';
}

void write_details(const std::vector<Fault>& faults, std::string& out) {
    out += '[';
    for (const Fault& fault : faults) {
        if (&fault != &faults.front()) out += ',';
        out += "{\"path\":";
        write_json_string(fault.path, out);
        write_member("constraint", code_name(fault.code), out);
        write_member("message", fault.message, out);
        if (!fault.value.empty()) {
            write_name("value", out);
            out += fault.value;
        }
        out += '}';
    }
    out += ']';
}

void write_warnings(const std::vector<Warning>& warnings, std::string& out) {
    out += '[';
    for (const Warning& warning : warnings) {
        if (&warning != &warnings.front()) out += ',';
        out += "{\"code\":";
        write_json_string(warning.code, out);
        write_member("path", warning.path, out);
        write_member("message", warning.message, out);
        out += '}';
    }
    out += ']';
}

void write_counts(const Counts& counts, std::string& out) {
    const std::array<std::pair<std::string_view, std::int64_t>, 7> numbers = {{{"total", counts.total},
                                                                               {"created", counts.created},
                                                                               {"updated", counts.updated},
                                                                               {"restored", counts.restored},
                                                                               {"skipped", counts.skipped},
                                                                               {"deleted", counts.deleted},
                                                                               {"errors", counts.errors}}};
    for (const auto& [name, number] : numbers) {
        if (name != "total") out += ',';
        out += '"';
        out += name;
        out += "\":";
        write_number(number, out);
    }
}

}  // namespace eryxon::core
