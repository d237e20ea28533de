// Statements through SPI.
#include "pg/spi.hpp"

#include "pg/index_planning.hpp"

#include <unordered_map>

extern "C" {
#include "access/htup_details.h"
#include "access/relation.h"
#include "nodes/params.h"
#include "storage/bufmgr.h"
#include "tcop/dest.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/plancache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
}

namespace eryxon::pg {

namespace {

// More statements than this would be made only by very odd record shapes; then all are forgotten.
constexpr std::size_t max_kept_plans = 512;

struct KeptPlan {
    SPIPlanPtr plan = nullptr;
    std::uint64_t blocks = 0;  // size of its relations when it was made
};

struct Plans {
    std::unordered_map<std::string, KeptPlan> kept;
    std::vector<SPIPlanPtr> retired;  // forgotten while some plan was running; freed once none is
    int running = 0;
};

Plans& plans() {
    static Plans* instance = new Plans;
    return *instance;
}

// Marks that a plan runs: its triggers may call the extension again.
class Running {
public:
    Running() { plans().running++; }
    ~Running() { plans().running--; }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
};

void free_retired_plans() {
    if (plans().running > 0) return;
    for (SPIPlanPtr plan : plans().retired)
        call([plan] { SPI_freeplan(plan); });
    plans().retired.clear();
}

SPIPlanPtr prepare(const std::string& sql, std::span<const Param> params) {
    std::vector<Oid> types;
    for (const Param& param : params)
        types.push_back(param.type);
    return call([&] {
        SPIPlanPtr plan =
            SPI_prepare_cursor(sql.c_str(), static_cast<int>(types.size()), types.data(), CURSOR_OPT_GENERIC_PLAN);
        if (plan == nullptr) elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
        SPI_keepplan(plan);
        return plan;
    });
}

// Blocks of the relation that a plan names. It is locked, because the plan is.
std::uint64_t blocks_of(const RangeTblEntry& entry) {
    if (entry.rtekind != RTE_RELATION || !RELKIND_HAS_STORAGE(entry.relkind)) return 0;
    Relation relation = relation_open(entry.relid, NoLock);
    std::uint64_t const blocks = RelationGetNumberOfBlocks(relation);
    relation_close(relation, NoLock);
    return blocks;
}

// Blocks of all tables that the plan reads or writes.
std::uint64_t blocks_of(CachedPlan* cached) {
    std::uint64_t blocks = 0;
    ListCell *statement, *entry;
    foreach (statement, cached->stmt_list)
        foreach (entry, lfirst_node(PlannedStmt, statement)->rtable)
            blocks += blocks_of(*lfirst_node(RangeTblEntry, entry));
    return blocks;
}

// Makes or checks the plan now, before the statement runs: what its triggers plan is their own matter. Returns the
// present size of its relations.
std::uint64_t make_plan(SPIPlanPtr plan) {
    IndexPlanning planning;
    return call([plan] {
        CachedPlan* cached = SPI_plan_get_cached_plan(plan);
        if (cached == nullptr) return std::uint64_t{0};
        std::uint64_t const blocks = blocks_of(cached);
        ReleaseCachedPlan(cached, CurrentResourceOwner);
        return blocks;
    });
}

// A plan made for a small table may use any index; it is not kept when the table has grown.
bool outgrown(const KeptPlan& kept, std::uint64_t blocks) {
    return blocks > 2 * kept.blocks + 8;
}

SPIPlanPtr kept_plan(const std::string& sql, std::span<const Param> params) {
    auto& all = plans().kept;
    if (auto found = all.find(sql); found != all.end()) {
        if (!outgrown(found->second, make_plan(found->second.plan))) return found->second.plan;
        plans().retired.push_back(found->second.plan);
        all.erase(found);
        free_retired_plans();
    }
    if (all.size() >= max_kept_plans) forget_plans();
    KeptPlan made;
    made.plan = prepare(sql, params);
    made.blocks = make_plan(made.plan);
    all[sql] = made;
    return made.plan;
}

// Takes the rows while the statement runs.
struct WrittenRows {
    DestReceiver receiver;
    std::vector<WrittenRow>* rows;
};

bool take_row(TupleTableSlot* slot, DestReceiver* self) {
    auto& rows = *reinterpret_cast<WrittenRows*>(self)->rows;
    if (rows.size() == rows.capacity()) return true;
    WrittenRow& row = rows.emplace_back();
    bool null;
    memcpy(row.id.data(), DatumGetUUIDP(slot_getattr(slot, 1, &null))->data, row.id.size());
    Datum const synced_at = slot_getattr(slot, 2, &null);
    if (!null) row.synced_at = DatumGetTimestampTz(synced_at);
    return true;
}

WrittenRows receiver_of(std::vector<WrittenRow>& rows) {
    return {{take_row, [](DestReceiver*, int, TupleDesc) {}, [](DestReceiver*) {}, [](DestReceiver*) {}, DestNone},
            &rows};
}

ParamListInfo param_list(std::span<const Param> params) {
    ParamListInfo list = makeParamList(static_cast<int>(params.size()));
    for (std::size_t i = 0; i < params.size(); i++)
        list->params[i] = {params[i].value, params[i].null, PARAM_FLAG_CONST, params[i].type};
    return list;
}

}  // namespace

Param Param::uuid(const core::Uuid& value) {
    return {UUIDOID, PointerGetDatum(value.data())};
}

Param Param::text(std::string_view value) {
    Datum const text =
        call([&] { return PointerGetDatum(cstring_to_text_with_len(value.data(), static_cast<int>(value.size()))); });
    return {TEXTOID, text};
}

Param uuid_array(std::span<const core::Uuid> values) {
    std::vector<Datum> datums;
    datums.reserve(values.size());
    for (const core::Uuid& value : values)
        datums.push_back(PointerGetDatum(value.data()));
    return {UUIDARRAYOID, call([&] {
                return PointerGetDatum(construct_array(datums.data(), static_cast<int>(datums.size()), UUIDOID,
                                                       UUID_LEN, false, TYPALIGN_CHAR));
            })};
}

Param text_array(std::span<const std::string_view> values) {
    std::vector<Datum> datums;
    datums.reserve(values.size());
    return {TEXTARRAYOID, call([&] {
                for (std::string_view value : values)
                    datums.push_back(
                        PointerGetDatum(cstring_to_text_with_len(value.data(), static_cast<int>(value.size()))));
                return PointerGetDatum(
                    construct_array(datums.data(), static_cast<int>(datums.size()), TEXTOID, -1, false, TYPALIGN_INT));
            })};
}

core::Uuid Row::uuid(int column) const {
    core::Uuid uuid;
    memcpy(uuid.data(), DatumGetUUIDP(values_[column])->data, uuid.size());
    return uuid;
}

std::string_view Row::text(int column) const {
    if (nulls_[column]) return {};
    auto* raw = reinterpret_cast<varlena*>(DatumGetPointer(values_[column]));
    if (VARATT_IS_COMPRESSED(raw) || VARATT_IS_EXTERNAL(raw))
        raw = call([raw] { return pg_detoast_datum_packed(raw); });
    return {VARDATA_ANY(raw), VARSIZE_ANY_EXHDR(raw)};
}

namespace detail {

SPITupleTable* execute(const std::string& sql, std::span<const Param> params, bool active_snapshot) {
    SPIPlanPtr plan = kept_plan(sql, params);
    std::vector<Datum> values;
    std::string nulls;
    for (const Param& param : params) {
        values.push_back(param.value);
        nulls.push_back(param.null ? 'n' : ' ');
    }
    Running running;
    return call([&] {
        int const result = SPI_execute_plan(plan, values.data(), nulls.c_str(), active_snapshot, 0);
        if (result < 0) elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(result));
        return SPI_tuptable;
    });
}

void free_rows(SPITupleTable* rows) {
    call([rows] { SPI_freetuptable(rows); });
}

void deform(const SPITupleTable* rows, std::uint64_t row, Datum* values, bool* nulls) {
    heap_deform_tuple(rows->vals[row], rows->tupdesc, values, nulls);
}

}  // namespace detail

std::uint64_t execute(const std::string& sql, std::span<const Param> params) {
    SPITupleTable* rows = detail::execute(sql, params);
    std::uint64_t const touched = SPI_processed;
    if (rows != nullptr) detail::free_rows(rows);
    return touched;
}

void execute_writing(const std::string& sql, std::span<const Param> params, std::vector<WrittenRow>& rows) {
    SPIPlanPtr plan = kept_plan(sql, params);
    WrittenRows receiver = receiver_of(rows);
    Running running;
    call([&] {
        SPIExecuteOptions options{};
        options.params = param_list(params);
        options.dest = &receiver.receiver;
        int const result = SPI_execute_plan_extended(plan, &options);
        if (result < 0) elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(result));
    });
}

bool exists_now(const std::string& sql, std::span<const Param> params) {
    call([] { PushActiveSnapshot(GetLatestSnapshot()); });
    SPITupleTable* rows = detail::execute(sql, params, true);
    bool const found = rows->numvals > 0;
    detail::free_rows(rows);
    call([] { PopActiveSnapshot(); });
    return found;
}

void forget_plans() {
    for (auto& entry : plans().kept)
        plans().retired.push_back(entry.second.plan);
    plans().kept.clear();
    free_retired_plans();
}

}  // namespace eryxon::pg
