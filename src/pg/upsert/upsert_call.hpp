// The state of one call of the engine: its records with what is known of their rows.
#pragma once

#include "core/base/huge_page_allocator.hpp"
#include "core/json/fault_reason.hpp"
#include "core/record/record.hpp"
#include "core/result/result.hpp"
#include "pg/registry/registry.hpp"
#include "pg/registry/tenant_lock.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace eryxon::pg {

struct Item;
struct RecordTree;

// What a record's reference turned out to be.
struct Target {
    const core::Field* field;
    bool null = true;
    bool kept = false;        // not sent: the parent that a restored row already has
    core::Uuid found{};       // the row in the database
    Item* in_call = nullptr;  // or the record of this call that writes it

    const core::Uuid& id() const;
};

// What will be done for a record.
enum class Plan : std::uint8_t { undecided, skip, create, update, restore, remove };

// A record of the call and its row.
struct Item {
    core::Record* record = nullptr;
    Item* parent = nullptr;
    RecordTree* tree = nullptr;
    std::uint32_t position = 0;  // in input order
    std::uint32_t rank = 0;      // in order of external keys, among the records of its entity in the batch
    std::uint32_t turn = 0;      // in the order in which records act: input order, but for forward references
    bool repeated = false;       // another record of the batch has the same key
    bool revived = false;        // it was soft-deleted, and another record of its tree brought it back

    Plan plan = Plan::undecided;
    bool found = false;         // a row with the external key exists
    bool soft_deleted = false;  // it is soft-deleted
    bool same_hash = false;
    bool adopted = false;             // the row had no external key
    bool deleted_by_cascade = false;  // to be deleted, but went with a row deleted just before
    bool unresolved = false;          // refers to something that is not there
    core::Uuid id{};                  // of the row that is or will be
    std::vector<Target> targets;
    core::LazyVector<const core::Field*> kept;   // forward fields that the shop floor owns now
    core::LazyVector<std::uint64_t> old_hashes;  // of the row's values, by Table::unique_columns; 0 for null
    core::LazyVector<std::pair<const core::Field*, core::Uuid>> old_parents;  // that the row has now
    core::LazyVector<std::pair<const core::Field*, std::int64_t>> numbered;   // defaults `next`
    std::optional<std::int64_t> synced_at;                                    // of the row: TimestampTz
    core::LazyVector<core::Fault> faults;
    core::LazyVector<core::Warning> warnings;

    const core::Entity& entity() const { return *record->entity; }
    bool writes() const { return plan != Plan::skip && plan != Plan::undecided; }
    bool stands_in(const Item& other) const;
    const Target* target(const core::Field& field) const;
    void fail(core::Code code, std::string path, core::Reason reason, core::FaultParams params = {},
              std::string hint = {});
    void warn(std::string_view code, core::Reason reason, core::FaultParams params = {});
    // Notes the row that has its external key.
    void note_row(const core::Uuid& row, std::string_view hash, bool deleted);
    // Forgets what an earlier look at the database said.
    void reset();
};

// A row that went because an array left it out.
struct RemovedChild {
    std::string path;  // of the array
    core::Uuid id;
    std::string external_id;
};

// Rows of one entity that a record deleted without naming them.
struct Removed {
    std::vector<RemovedChild> rows{};  // only if the answer lists them
    core::Counts counts;
    std::set<std::string_view> sources;
};

// A field of a record's row that a diff found different.
struct ItemChange {
    const Item* item;
    core::Change change;
};

// A top-level record with its children: written wholly or not at all.
struct RecordTree {
    enum class State : std::uint8_t { open, done, failed };

    std::uint32_t index = 0;  // in the input
    State state = State::open;
    int attempt = 0;               // to write, that it is part of
    bool looked_up = true;         // its rows were read and nothing was made of that yet
    bool refused = false;          // by what was sent, whatever the database says
    bool removes_first = false;    // children that arrays leave out make room before others are written
    std::span<Item* const> items;  // the top-level record first, parents before children
    std::map<const core::Entity*, Removed> removed;  // children deleted because an array left them out
    core::LazyVector<ItemChange> changes;            // for a diff
    std::string known_source;                        // a known source that differs from its own only in case

    Item& root() const { return *items.front(); }
    bool faulty() const;
    bool pending() const;       // something is to be written
    bool has_repeated() const;  // another record of the batch has the key of one of its own
};

// Of many records.
template <class T>
using Block = std::vector<T, core::HugePageAllocator<T>>;

// Where a record stands in a file.
struct FilePlace {
    std::int64_t line;  // on which it begins; in an array its number
    std::string_view text;
};

// The top-level records that were sent for one entity.
struct Batch {
    const core::Entity* entity = nullptr;
    // None of these grows once the next one points to its elements.
    Block<core::Record> records;
    Block<Item> items;
    std::vector<Item*> item_list;  // which RecordTree::items are parts of
    Block<RecordTree> trees;
    // All items with a key, by entity (in dependency order) and then sorted by key and input order.
    std::map<int, std::vector<Item*>> by_entity;

    // Of records that were read from a file, by index: where each begins in the file, and its text.
    std::vector<FilePlace> places;
    std::vector<core::Warning> warnings;  // of the file as a whole
    std::int64_t first_index = 0;         // in "results", if earlier calls have taken the beginning of the input

    std::int64_t line_of(const RecordTree& tree) const;
    std::int64_t index_of(const RecordTree& tree) const { return first_index + tree.index; }

    // The items of that key, in input order.
    std::span<Item* const> twins(const core::Entity& entity, std::string_view source,
                                 std::string_view external_id) const;
};

enum class Purpose : std::uint8_t { upsert, sync, diff, csv, records };

// What becomes of a single record's faults: the call raises them, or the history keeps them and the caller tells them.
enum class SingleFaults : std::uint8_t { raised, recorded };

// Where a statement that writes many rows was raised out of.
struct FailedStatement {
    std::vector<Item*> items;  // that it was to write, in its order
    std::size_t written;       // so many rows were written; fewer than all
};

// A row whose value in a unique index gives way for a moment.
struct ParkedValue {
    const core::Entity* entity;
    core::Uuid row;
    const UniqueIndex* index;

    bool operator==(const ParkedValue&) const = default;
};

struct UpsertCall {
    const Registry& registry;
    const core::Options& options;
    core::JsonArena& arena;
    core::Uuid tenant;
    Purpose purpose;
    core::UuidV7Maker ids{};
    TenantLock lock = TenantLock::shared;
    bool locked = false;  // the tenant's lock is held
    int retries = 0;
    int attempts = 0;
    std::uint32_t turns = 0;      // that were given
    std::deque<Batch> batches{};  // in dependency order
    Item* writing = nullptr;      // set while records are written one by one, to know which one raised
    std::set<std::pair<const core::Entity*, core::Uuid>> revived{};  // rows that those records brought back
    // Of records that unique values kept out: those whose rows hold the values, and that are to act first.
    std::multimap<const Item*, Item*> waits{};
    std::vector<ParkedValue> parked{};                  // while the tree at hand is written
    std::optional<FailedStatement> failed_statement{};  // of the last attempt at a chunk
    std::optional<core::Uuid> run{};           // the history row that the call adds to, if it is a part of an import
    std::map<std::string, core::Uuid> runs{};  // of others: the history rows that it will write, by entity

    bool is_of_file() const { return purpose == Purpose::csv || purpose == Purpose::records; }
    bool dry() const { return options.dry_run || purpose == Purpose::diff; }
    // True if the outcomes tell of each child, not of their numbers only.
    bool lists_children() const {
        return purpose == Purpose::diff || options.children_results == core::ChildrenResults::all;
    }
    // True if the outcomes tell what differs, field by field.
    bool shows_changes() const { return purpose == Purpose::diff || (purpose == Purpose::csv && options.dry_run); }
};

// Thrown where the call has to begin again, under another lock or with a fresh look.
struct RetryCall {
    TenantLock lock;
};

// Thrown out of a wave after records in it were given faults.
struct TreesFailed {};

// Adds records to the call as one batch, one after the other.
class BatchReader {
public:
    BatchReader(UpsertCall& upsert, const core::Entity& entity, const core::ReadContext& context);

    void expect(std::size_t records) { batch_.records.reserve(records); }
    void add(const core::Json& item);
    // A record of a file, with what is to be said of its line, or what is wrong with it.
    void add(const core::Json& item, const FilePlace& place, std::optional<core::Warning> warning);
    void add(core::Fault fault, const FilePlace& place);
    // Makes items and trees of them.
    void finish();

private:
    Batch& batch_;
    const core::ReadContext& context_;
};

// Runs the whole call, all batches, in one subtransaction; rolled back if the call is a dry one.
void run_call(UpsertCall& upsert);
// A time-ordered uuid for a new row.
core::Uuid new_id(UpsertCall& upsert);
// The history row of what an import did to another entity's rows, children of its records: all its parts find it.
core::Uuid child_run(const core::Uuid& run, const std::string& entity);
// The history row in which what the call does to the entity is counted.
core::Uuid run_id(UpsertCall& upsert, const std::string& entity);

}  // namespace eryxon::pg
