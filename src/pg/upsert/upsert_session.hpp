// A call of the engine from its beginning to its answer.
#pragma once

#include "core/json/json_build.hpp"
#include "core/record/options.hpp"
#include "pg/upsert/upsert_call.hpp"

#include <chrono>
#include <map>
#include <memory>

namespace eryxon::pg {

class UpsertSession {
public:
    // Throws CallError for options that are wrong. Needs an SPI connection.
    UpsertSession(Purpose purpose, std::span<const std::string_view> entities, const core::Json& options,
                  core::JsonArena& arena);

    const core::Entity& entity(std::string_view name) const { return registry_->entity(name); }
    const Registry& state() const { return *registry_; }
    UpsertCall& upsert() { return upsert_; }
    // For records whose trees last only until the next one is read; those of a file have cells.
    const core::ReadContext& streaming_context(core::CellReader read_cell = {});

    void add(const core::Entity& entity, std::span<const core::Json> items);
    // The records of a bulk payload that is still text. Those of an array are read while it is parsed.
    void add(const core::Entity& entity, std::string_view payload);

    // Runs what was added and writes the history; raises if the options want no errors.
    void run();
    // Runs the one batch that was added; returns its answer.
    core::Json run_batch();
    // Runs a single record: its faults are the call's, or the history tells of them.
    const RecordTree& run_single(SingleFaults refusal);
    // The answer for one batch.
    core::Json bulk_result(const Batch& batch) const;
    // The history row of an entity; none if nothing was written down.
    std::optional<core::Uuid> run_of(const core::Entity& entity) const;

private:
    void write_runs();
    std::string duration() const;
    bool is_shown(const RecordTree& tree) const;
    std::vector<const RecordTree*> shown_trees(const Batch& batch) const;
    std::vector<const RecordTree*> page_of(std::vector<const RecordTree*> trees) const;
    core::Json results(const Batch& batch, std::int64_t& omitted) const;
    void refuse_errors() const;

    std::shared_ptr<const Registry> registry_;
    core::Options options_;
    UpsertCall upsert_;
    core::ReadContext context_;
    std::int64_t started_at_;
    std::chrono::steady_clock::time_point started_;
    std::map<const core::Entity*, core::Uuid> runs_;
};

}  // namespace eryxon::pg
