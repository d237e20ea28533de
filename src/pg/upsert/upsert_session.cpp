// A call of the engine from its beginning to its answer.
#include "pg/upsert/upsert_session.hpp"

#include "pg/registry/datum.hpp"
#include "pg/registry/patterns.hpp"
#include "pg/registry/tenant.hpp"
#include "pg/server/clock.hpp"
#include "pg/upsert/answer.hpp"
#include "pg/upsert/history.hpp"

#include <algorithm>
#include <tuple>

namespace eryxon::pg {

namespace {

// Bytes of results that an answer has at most: what a browser shows at once for a file; for other calls, which have a
// result for each record, what jsonb has room for.
constexpr std::size_t file_result_bytes = 4'000'000, most_result_bytes = 128'000'000;

// About how many bytes the result takes. Most have nothing that is long.
std::size_t result_bytes(const core::Outcome& outcome, const core::Json& json) {
    bool const is_short = outcome.faults.empty() && outcome.warnings.empty() && outcome.changes.empty();
    return is_short ? 140 + outcome.external_id.size() + outcome.source.size() : core::json_text(json).size() * 9 / 8;
}

}  // namespace

UpsertSession::UpsertSession(Purpose purpose, std::span<const std::string_view> entities, const core::Json& options,
                             core::JsonArena& arena)
    : registry_(locked_registry(entities)),
      options_(core::read_options(options)),
      upsert_{*registry_, options_, arena, tenant_id(), purpose},
      context_{registry_->schema, options_, arena, matches_pattern, true, {}, moment_text, keeps_text},
      started_at_(clock_now()),
      started_(std::chrono::steady_clock::now()) {}

const core::ReadContext& UpsertSession::streaming_context(core::CellReader read_cell) {
    context_.retain_trees = false;
    context_.read_cell = std::move(read_cell);
    return context_;
}

void UpsertSession::add(const core::Entity& entity, std::span<const core::Json> items) {
    BatchReader batch(upsert_, entity, context_);
    batch.expect(items.size());
    for (const core::Json& item : items)
        batch.add(item);
    batch.finish();
}

void UpsertSession::add(const core::Entity& entity, std::string_view payload) {
    BatchReader batch(upsert_, entity, streaming_context());
    auto const whole = core::parse_items(payload, upsert_.arena, [&batch](const core::Json& item) { batch.add(item); });
    if (whole)
        for (const core::Json& item : core::bulk_items(*whole, entity.name))
            batch.add(item);
    batch.finish();
}

void UpsertSession::run() {
    run_call(upsert_);
    refuse_errors();
    write_runs();
}

core::Json UpsertSession::run_batch() {
    run();
    return bulk_result(upsert_.batches.front());
}

const RecordTree& UpsertSession::run_single(SingleFaults refusal) {
    run_call(upsert_);
    const RecordTree& tree = upsert_.batches.front().trees.front();
    bool const failed = tree.state == RecordTree::State::failed;
    if (failed && refusal == SingleFaults::raised) throw core::CallError(faults_of(tree));
    write_runs();
    return tree;
}

core::Json UpsertSession::bulk_result(const Batch& batch) const {
    core::JsonObject answer(upsert_.arena, 12);
    core::add_counts(counts_of(batch), answer);
    std::optional<core::Uuid> const run = run_of(*batch.entity);
    answer.add("run_id", run ? core::make_uuid(*run, upsert_.arena) : core::Json::null());
    answer.add("duration_ms", core::Json::number(upsert_.arena.copy(duration())));
    if (!batch.warnings.empty()) answer.add("warnings", core::warnings_json(batch.warnings, upsert_.arena));
    std::int64_t omitted = 0;
    answer.add("results", results(batch, omitted));
    if (omitted > 0) answer.add("results_omitted", core::make_number(omitted, upsert_.arena));
    return answer.json();
}

std::optional<core::Uuid> UpsertSession::run_of(const core::Entity& entity) const {
    auto const run = runs_.find(&entity);
    return run == runs_.end() ? std::nullopt : std::optional(run->second);
}

void UpsertSession::write_runs() {
    if (options_.record_history && !options_.dry_run) runs_ = write_history(upsert_, started_at_);
}

std::string UpsertSession::duration() const {
    auto const elapsed = std::chrono::steady_clock::now() - started_;
    auto const us = std::chrono::duration_cast<std::chrono::microseconds>(elapsed).count();
    return std::to_string(us / 1000) + "." + std::to_string(us % 1000 / 100);
}

bool UpsertSession::is_shown(const RecordTree& tree) const {
    if (options_.results == core::Results::none) return false;
    return options_.results == core::Results::all || action_of(tree.root()) == core::Action::error ||
           has_warnings(tree);
}

// The trees whose results the options ask for.
std::vector<const RecordTree*> UpsertSession::shown_trees(const Batch& batch) const {
    std::vector<const RecordTree*> trees;
    for (const RecordTree& tree : batch.trees)
        if (is_shown(tree)) trees.push_back(&tree);
    return trees;
}

// Those of the page that the options ask for: with pages, failures come before all others.
std::vector<const RecordTree*> UpsertSession::page_of(std::vector<const RecordTree*> trees) const {
    if (!options_.results_limit && options_.results_offset == 0) return trees;
    std::stable_partition(trees.begin(), trees.end(),
                          [](const RecordTree* tree) { return tree->state == RecordTree::State::failed; });
    auto const size = static_cast<std::int64_t>(trees.size());
    std::int64_t const first = std::min(options_.results_offset, size);
    std::int64_t const count = std::min(options_.results_limit.value_or(size), size - first);
    return {trees.begin() + first, trees.begin() + first + count};
}

// The results as far as there is room for them, failures first.
core::Json UpsertSession::results(const Batch& batch, std::int64_t& omitted) const {
    std::vector<const RecordTree*> const shown = shown_trees(batch), trees = page_of(shown);
    std::vector<std::optional<core::Json>> made(trees.size());
    std::size_t room = upsert_.is_of_file() ? file_result_bytes : most_result_bytes;
    for (bool const failed : {true, false})
        for (std::size_t i = 0; i < trees.size() && room > 0; i++) {
            if ((trees[i]->state == RecordTree::State::failed) != failed) continue;
            core::Outcome const outcome = outcome_of(upsert_, batch, *trees[i]);
            made[i] = core::outcome_json(outcome, upsert_.arena);
            room -= std::min(room, result_bytes(outcome, *made[i]));
        }
    std::vector<core::Json> results;
    for (const std::optional<core::Json>& result : made)
        if (result) results.push_back(*result);
    omitted = static_cast<std::int64_t>(shown.size() - results.size());
    return upsert_.arena.array(results);
}

// on_error = abort and max_errors: nothing is kept, the first error speaks.
void UpsertSession::refuse_errors() const {
    std::int64_t errors = 0;
    const Batch* first_batch = nullptr;
    const RecordTree* first = nullptr;
    for (const Batch& batch : upsert_.batches)
        for (const RecordTree& tree : batch.trees)
            if (tree.state == RecordTree::State::failed && errors++ == 0)
                std::tie(first_batch, first) = std::pair(&batch, &tree);
    bool const aborts = options_.on_error == core::OnError::abort && errors > 0;
    bool const exceeds = options_.max_errors && errors > *options_.max_errors;
    if (first == nullptr || (!aborts && !exceeds)) return;
    std::vector<core::Fault> faults = faults_of(*first);
    std::string const record = "[" + std::to_string(first_batch->index_of(*first)) + "]";
    for (core::Fault& fault : faults)
        fault.path = record + (fault.path.empty() ? "" : "." + fault.path);
    if (std::int64_t const line = first_batch->line_of(*first); line > 0) core::add_line(faults.front(), line);
    if (!aborts)
        faults.front().hint = std::to_string(errors) + " records are wrong, max_errors allows " +
                              std::to_string(*options_.max_errors) + ". " + faults.front().hint;
    throw core::CallError(std::move(faults));
}

}  // namespace eryxon::pg
