// The calls of the engine, from payload to answer, both as JSON.
#pragma once

#include "core/json.hpp"
#include "core/result.hpp"

#include <string>
#include <string_view>

namespace eryxon::pg {

// What became of a single record: the answer's JSON text and its action.
struct Upserted {
    std::string json;
    core::Action action;
};

// Each returns the answer's JSON text and needs an SPI connection. Payload and options live in the arena. Throws
// CallError for what is wrong with the call, or with the record of a single one.
Upserted upsert_one(std::string_view entity, const core::Json& payload, const core::Json& options,
                    core::JsonArena& arena);
std::string upsert_many(std::string_view entity, const core::Json& payload, const core::Json& options,
                        core::JsonArena& arena);
std::string sync_all(const core::Json& payload, const core::Json& options, core::JsonArena& arena);
std::string diff_all(const core::Json& payload, const core::Json& options, core::JsonArena& arena);

// The sync_hash that the record would get.
std::string record_hash(std::string_view entity, const core::Json& payload, core::JsonArena& arena);

}  // namespace eryxon::pg
