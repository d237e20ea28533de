// The options object of upsert, bulk upsert, sync and diff.
#pragma once

#include "core/json/json.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace eryxon::core {

enum class OnError : std::uint8_t { keep_going, abort };
enum class Mode : std::uint8_t { upsert, create, update };
enum class UpdateStrategy : std::uint8_t { merge, replace };
enum class ChildrenStrategy : std::uint8_t { merge, replace };
enum class ChildrenResults : std::uint8_t { counts, all };
enum class UnknownFields : std::uint8_t { warn, ignore, error, metadata };
enum class Deleted : std::uint8_t { restore, refuse };
enum class Nulls : std::uint8_t { clear, absent };
enum class Results : std::uint8_t { all, errors, none };

struct Options {
    OnError on_error = OnError::keep_going;
    bool skip_unchanged = true;
    Mode mode = Mode::upsert;
    UpdateStrategy update_strategy = UpdateStrategy::merge;
    ChildrenStrategy children = ChildrenStrategy::merge;
    ChildrenResults children_results = ChildrenResults::counts;
    UnknownFields unknown_fields = UnknownFields::warn;
    Deleted deleted = Deleted::restore;
    bool adopt = false;
    bool force = false;
    Nulls nulls = Nulls::clear;
    Results results = Results::all;
    std::int64_t results_offset = 0;            // of a page of results
    std::optional<std::int64_t> results_limit;  // none: one page
    std::optional<std::int64_t> max_errors;
    bool dry_run = false;
    bool record_history = true;
    std::optional<std::string> client_ref;
};

// Throws CallError INVALID_OPTION for anything but an object, an unknown name (the hint lists the known ones) or a
// value that the option does not take. A null value means the option's default.
Options read_options(const Json& options);

}  // namespace eryxon::core
