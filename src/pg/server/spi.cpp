// Statements through SPI.
#include "pg/server/spi.hpp"

#include "pg/server/index_planning.hpp"
#include "pg/server/security_context.hpp"

#include <unordered_map>
#include <utility>

extern "C" {
#include "access/htup_details.h"
#include "access/relation.h"
#include "nodes/params.h"
#include "storage/bufmgr.h"
#include "tcop/dest.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
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

// Plans under the texts of their statements.
using KeptPlans = std::unordered_map<std::string, KeptPlan>;

struct Plans {
    KeptPlans of_caller;
    KeptPlans of_owner;               // see past row level security, as those of the caller must not
    std::vector<SPIPlanPtr> retired;  // forgotten while some plan was made or ran; freed once none is
    int running = 0;
};

Plans& plans() {
    static Plans* instance = new Plans;
    return *instance;
}

// The plans for the rights that the present user has.
KeptPlans& kept_plans() {
    bool const owner = (current_user_context().flags & SECURITY_NOFORCE_RLS) != 0;
    return owner ? plans().of_owner : plans().of_caller;
}

// Marks that a plan is made or runs: functions that the planner evaluates, and triggers, may call the extension again.
class Running {
public:
    Running() { plans().running++; }
    ~Running() { plans().running--; }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
};

// Before a plan is chosen: the statement that it is chosen for keeps all of them.
void free_retired_plans() {
    if (plans().running > 0) return;
    std::vector<SPIPlanPtr>& retired = plans().retired;
    while (!retired.empty()) {
        SPIPlanPtr const plan = retired.back();
        retired.pop_back();
        call([plan] { SPI_freeplan(plan); });
    }
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

// Forgets the plan, if that is still the one kept for the statement.
void retire(const std::string& sql, SPIPlanPtr plan) {
    KeptPlans& kept = kept_plans();
    auto const found = kept.find(sql);
    if (found == kept.end() || found->second.plan != plan) return;
    plans().retired.push_back(plan);
    kept.erase(found);
}

// The statement's plan. It is not freed while the caller is Running; what is kept may be another one by then, for
// planning runs functions of the user's, which may call the extension.
SPIPlanPtr kept_plan(const std::string& sql, std::span<const Param> params) {
    KeptPlans& all = kept_plans();
    if (auto found = all.find(sql); found != all.end()) {
        KeptPlan const kept = found->second;
        if (!outgrown(kept, make_plan(kept.plan))) return kept.plan;
        retire(sql, kept.plan);
    }
    if (all.size() >= max_kept_plans) forget_plans();
    SPIPlanPtr const plan = prepare(sql, params);
    auto const [at, added] = all.try_emplace(sql, KeptPlan{plan, 0});
    if (!added) plans().retired.push_back(std::exchange(at->second.plan, plan));
    std::uint64_t const blocks = make_plan(plan);
    if (auto found = all.find(sql); found != all.end() && found->second.plan == plan) found->second.blocks = blocks;
    return plan;
}

bool is_uuid(Oid type) {
    return type == UUIDOID || call([type] { return getBaseType(type); }) == UUIDOID;
}

// True for types whose values are the characters of a text.
bool is_text(Oid type) {
    if (type == TEXTOID) return true;
    Oid const base = call([type] { return getBaseType(type); });
    return base == TEXTOID || base == VARCHAROID || base == BPCHAROID || base == JSONOID;
}

// Ends the call: what the statement returned is not what it was written for.
[[noreturn]] void refuse_column(const FormData_pg_attribute& column, Oid wanted) {
    const char* const is = call([&] { return format_type_be(column.atttypid); });
    const char* const should_be = call([&] { return format_type_be(wanted); });
    throw core::CallError({.code = core::Code::database_error,
                           .path = {},
                           .message = "column \"" + std::string(NameStr(column.attname)) + "\" has a null or type " +
                                      is + " where the call needs a value of type " + should_be,
                           .value = {},
                           .sqlstate = "55000",
                           .hint = "If the table was altered while the call ran, repeat the call."});
}

// Takes the rows while the statement runs.
struct WrittenRows {
    DestReceiver receiver;
    std::vector<WrittenRow>* rows;
};

// The statement may be about a table that a trigger has altered since it was thought of.
void check_types(DestReceiver*, int, TupleDesc descriptor) {
    if (TupleDescAttr(descriptor, 0)->atttypid != UUIDOID || TupleDescAttr(descriptor, 1)->atttypid != TIMESTAMPTZOID)
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                        errmsg("columns of the table were altered while the call ran")));
}

bool take_row(TupleTableSlot* slot, DestReceiver* self) {
    auto& rows = *reinterpret_cast<WrittenRows*>(self)->rows;
    if (rows.size() == rows.capacity()) return true;
    WrittenRow& row = rows.emplace_back();
    bool null;
    Datum const id = slot_getattr(slot, 1, &null);
    if (!null) memcpy(row.id.data(), DatumGetUUIDP(id)->data, row.id.size());
    Datum const synced_at = slot_getattr(slot, 2, &null);
    if (!null) row.synced_at = DatumGetTimestampTz(synced_at);
    return true;
}

WrittenRows receiver_of(std::vector<WrittenRow>& rows) {
    return {{take_row, check_types, [](DestReceiver*) {}, [](DestReceiver*) {}, DestNone}, &rows};
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

Datum Row::datum(int column, Oid wanted) const {
    if (is_null(column)) return 0;
    if (type(column) != wanted) refuse_column(*TupleDescAttr(descriptor_, column), wanted);
    return values_[column];
}

core::Uuid Row::uuid(int column) const {
    if (is_null(column) || !is_uuid(type(column))) refuse_column(*TupleDescAttr(descriptor_, column), UUIDOID);
    core::Uuid uuid;
    memcpy(uuid.data(), DatumGetUUIDP(values_[column])->data, uuid.size());
    return uuid;
}

std::string_view Row::text(int column) const {
    if (is_null(column)) return {};
    if (!is_text(type(column))) refuse_column(*TupleDescAttr(descriptor_, column), TEXTOID);
    auto* raw = reinterpret_cast<varlena*>(DatumGetPointer(values_[column]));
    if (VARATT_IS_COMPRESSED(raw) || VARATT_IS_EXTERNAL(raw))
        raw = call([raw] { return pg_detoast_datum_packed(raw); });
    return {VARDATA_ANY(raw), VARSIZE_ANY_EXHDR(raw)};
}

namespace detail {

SPITupleTable* execute(const std::string& sql, std::span<const Param> params, bool active_snapshot) {
    free_retired_plans();
    Running running;
    SPIPlanPtr plan = kept_plan(sql, params);
    std::vector<Datum> values;
    std::string nulls;
    for (const Param& param : params) {
        values.push_back(param.value);
        nulls.push_back(param.null ? 'n' : ' ');
    }
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

void push_present_snapshot() {
    call([] { PushActiveSnapshot(GetLatestSnapshot()); });
}

void pop_snapshot() {
    call([] { PopActiveSnapshot(); });
}

}  // namespace detail

std::uint64_t execute(const std::string& sql, std::span<const Param> params) {
    SPITupleTable* rows = detail::execute(sql, params);
    std::uint64_t const touched = SPI_processed;
    if (rows != nullptr) detail::free_rows(rows);
    return touched;
}

void execute_writing(const std::string& sql, std::span<const Param> params, std::vector<WrittenRow>& rows) {
    free_retired_plans();
    Running running;
    SPIPlanPtr plan = kept_plan(sql, params);
    WrittenRows receiver = receiver_of(rows);
    call([&] {
        SPIExecuteOptions options{};
        options.params = param_list(params);
        options.dest = &receiver.receiver;
        int const result = SPI_execute_plan_extended(plan, &options);
        if (result < 0) elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(result));
    });
}

void forget_plans() {
    auto& [of_caller, of_owner, retired, running] = plans();
    retired.reserve(retired.size() + of_caller.size() + of_owner.size());  // so that no plan can come to stand in both
    for (KeptPlans* kept : {&of_caller, &of_owner}) {
        for (const auto& entry : *kept)
            retired.push_back(entry.second.plan);
        kept->clear();
    }
    free_retired_plans();
}

}  // namespace eryxon::pg
