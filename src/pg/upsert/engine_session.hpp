// A call of the engine from its beginning to its answer.
#pragma once

#include "core/json/json_build.hpp"
#include "core/record/options.hpp"
#include "pg/upsert/bulk.hpp"

#include <chrono>
#include <map>
#include <memory>

namespace eryxon::pg {

class Session {
public:
    // Throws CallError for options that are wrong. Needs an SPI connection.
    Session(Purpose purpose, std::span<const std::string_view> entities, const core::Json& options,
            core::JsonArena& arena);

    const core::Entity& entity(std::string_view name) const { return registry_->entity(name); }
    const Registry& state() const { return *registry_; }
    Bulk& bulk() { return bulk_; }
    // For records whose trees last only until the next one is read.
    const core::ReadContext& passing_context();

    void add(const core::Entity& entity, std::span<const core::Json> items);
    // The records of a bulk payload that is still text. Those of an array are read while it is parsed.
    void add(const core::Entity& entity, std::string_view payload);

    // Runs what was added and writes the history; raises if the options want no errors.
    void run();
    // Runs the one batch that was added; returns its answer.
    core::Json run_batch();
    // Runs a single record: its faults are the call's.
    const Unit& run_single();
    // The answer for one batch.
    core::Json bulk_result(const Batch& batch) const;
    // The history row of an entity; none if nothing was written down.
    std::optional<core::Uuid> run_of(const core::Entity& entity) const;

private:
    void write_runs();
    std::string duration() const;
    bool is_shown(const Unit& unit) const;
    core::Json results(const Batch& batch) const;
    core::Json some_results(const Batch& batch, std::int64_t& omitted) const;
    void refuse_errors() const;

    std::shared_ptr<const Registry> registry_;
    core::Options options_;
    Bulk bulk_;
    core::ReadContext context_;
    std::int64_t started_at_;
    std::chrono::steady_clock::time_point started_;
    std::map<const core::Entity*, core::Uuid> runs_;
};

}  // namespace eryxon::pg
