// The calls of the engine, from payload to answer, both as JSON trees.
#pragma once

#include "core/json/json.hpp"
#include "core/result/result.hpp"
#include "pg/server/arguments.hpp"
#include "pg/upsert/upsert_call.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace eryxon::pg {

// What became of a single record: the answer and its action.
struct Upserted {
    core::Json answer{};
    core::Action action = core::Action::error;
    std::optional<core::CallError> refusal{};  // of a record that only the history tells of
};

// Each returns the answer, for writing, and needs an SPI connection. Payload, options and answer live in the arena.
// Throws CallError for what is wrong with the call, or with the record of a single one unless that is recorded.
Upserted upsert_one(std::string_view entity, const core::Json& payload, const core::Json& options,
                    core::JsonArena& arena, SingleFaults refusal = SingleFaults::raised);
core::Json upsert_many(std::string_view entity, const core::Json& payload, const core::Json& options,
                       core::JsonArena& arena);
// upsert_many() of JSON text, which is freed once it is read.
core::Json upsert_text(std::string_view entity, PlainText& payload, const core::Json& options, core::JsonArena& arena);
core::Json sync_all(const core::Json& payload, const core::Json& options, core::JsonArena& arena);
core::Json diff_all(const core::Json& payload, const core::Json& options, core::JsonArena& arena);

// The sync_hash that the record would get.
std::string record_hash(std::string_view entity, const core::Json& payload, core::JsonArena& arena);

}  // namespace eryxon::pg
