// Capturing what happens to attached tables as events.
#include "pg/events/capture.hpp"

#include "core/json/json_build.hpp"
#include "core/result/event.hpp"
#include "pg/events/change_source.hpp"
#include "pg/events/event_changes.hpp"
#include "pg/events/event_keys.hpp"
#include "pg/events/event_outbox.hpp"
#include "pg/events/replaced_value.hpp"
#include "pg/events/transition.hpp"
#include "pg/registry/registry.hpp"
#include "pg/registry/tenant.hpp"
#include "pg/server/datum_json.hpp"
#include "pg/server/jsonb.hpp"
#include "pg/server/settings.hpp"
#include "pg/server/spi.hpp"

#include <map>
#include <optional>
#include <set>
#include <vector>

extern "C" {
#include "utils/datum.h"
#include "utils/rel.h"
}

namespace eryxon::pg {

namespace {

// What an event keeps of one value. Where more is left out, the event says so, and the reader fetches the row. Some
// JSON readers of ERPs go no deeper than 64 levels, some of which are the message's own.
constexpr JsonLimits value_limits{65536, 50};

// A value as events tell it.
struct Told {
    core::Json value = core::Json::null();
    std::optional<std::int64_t> omitted{};  // its bytes, if it is beyond the limits
};

// A column whose changes are told, under the field's name; a reference under its column's.
struct CapturedColumn {
    std::string_view name;
    int number;
    Oid type;
    core::ValueKind kind;
    bool by_value;
    std::int16_t length;
    bool key;  // of the external key, which every event names anyway
};

// The columns of an entity that events are made of.
class RowLayout {
public:
    RowLayout(const core::Entity& entity, const EventKeys& keys, TupleDesc descriptor);

    int id = 0, tenant = 0, deleted_at = 0, external_id = 0, external_source = 0, number = 0;
    std::vector<int> references;  // the columns of EventKeys
    std::vector<CapturedColumn> shown;
    std::optional<std::size_t> status;  // among them

private:
    void show(std::string_view name, const core::Column& column, TupleDesc descriptor, bool key);
};

bool is_named(const FormData_pg_attribute& attribute, const core::Column& column) {
    return !attribute.attisdropped && NameStr(attribute.attname) == column.name;
}

// The column in the table that the statement names: a partition may number its columns otherwise.
const FormData_pg_attribute& attribute_of(const core::Column& column, TupleDesc descriptor) {
    if (column.number <= descriptor->natts && is_named(*TupleDescAttr(descriptor, column.number - 1), column))
        return *TupleDescAttr(descriptor, column.number - 1);
    for (int i = 0; i < descriptor->natts; i++)
        if (is_named(*TupleDescAttr(descriptor, i), column)) return *TupleDescAttr(descriptor, i);
    throw std::logic_error("column \"" + column.name + "\" not found");
}

RowLayout::RowLayout(const core::Entity& entity, const EventKeys& keys, TupleDesc descriptor) {
    for (const core::Column* column : keys.columns())
        references.push_back(attribute_of(*column, descriptor).attnum);
    const core::Field* const numbered = number_field(entity);
    for (const core::Field& field : entity.fields) {
        if (!field.mapped()) continue;
        const core::Column& column = entity.columns[static_cast<std::size_t>(field.column)];
        if (field.name == "status") status = shown.size();
        if (&field == numbered) number = attribute_of(column, descriptor).attnum;
        show(field.reference ? field.column_name : field.name, column, descriptor, false);
    }
    for (const core::Column& column : entity.columns) {
        int const number = attribute_of(column, descriptor).attnum;
        if (column.name == "id") id = number;
        if (column.name == "tenant_id") tenant = number;
        if (column.name == "deleted_at") deleted_at = number;
        if (column.name == "external_id") external_id = number;
        if (column.name == "external_source") external_source = number;
        if (column.name == "external_id" || column.name == "external_source")
            show(column.name, column, descriptor, true);
    }
}

void RowLayout::show(std::string_view name, const core::Column& column, TupleDesc descriptor, bool key) {
    const FormData_pg_attribute& attribute = attribute_of(column, descriptor);
    shown.push_back(
        {name, attribute.attnum, attribute.atttypid, column.kind, attribute.attbyval, attribute.attlen, key});
}

std::string_view packed_text(Datum value) {
    struct varlena* const text = call([value] { return PG_DETOAST_DATUM_PACKED(value); });
    return {VARDATA_ANY(text), VARSIZE_ANY_EXHDR(text)};
}

// Who makes the change. Claims that cannot be read name nobody: the shop floor's own statements must not fail for them.
std::optional<core::Uuid> present_user() {
    try {
        return user_id();
    } catch (const core::CallError&) {
        return std::nullopt;
    }
}

// Writes the events of one statement on an attached table.
class Capture {
public:
    Capture(const Registry& registry, const core::Entity& entity, const TriggerData& trigger)
        : entity_(entity),
          keys_(registry, entity),
          layout_(entity, keys_, RelationGetDescr(trigger.tg_relation)),
          source_(change_source()),
          run_(source_ != nullptr ? source_->run_of(entity.name) : std::nullopt),
          user_(present_user()),
          before_(trigger.tg_oldtable, RelationGetDescr(trigger.tg_relation)),
          after_(trigger.tg_newtable, RelationGetDescr(trigger.tg_relation)) {}

    void run(TriggerEvent event);

private:
    void pair_rows();
    void pair_by_id();
    void tell(const TransitionTable* before, const TransitionTable* after);
    void emit_event(const TransitionTable* before, const TransitionTable* after);
    void write(const TransitionTable& row, std::string_view what, Datum changes);
    const core::Uuid* references_of(const TransitionTable& row) const;
    bool is_told(const TransitionTable& row) const { return !row.is_null(layout_.id) && !row.is_null(layout_.tenant); }
    std::pair<core::Uuid, core::Uuid> key_of(const TransitionTable& row) const {
        return {row.uuid(layout_.tenant), row.uuid(layout_.id)};
    }
    core::RowState state_of(const TransitionTable* row);
    bool differs(const CapturedColumn& column, const TransitionTable* before, const TransitionTable* after) const;
    Told value_of(const CapturedColumn& column, const TransitionTable* row);
    Told old_value(const CapturedColumn& column, const TransitionTable* row);
    core::Json change(const Told& before, const Told& after);
    // The columns that differ; only the status with `status_only`.
    core::Json changes(const TransitionTable* before, const TransitionTable* after, bool status_only);
    // All columns, whether they have a value or not.
    core::Json all_values(const TransitionTable& row);

    const core::Entity& entity_;
    EventKeys keys_;
    RowLayout layout_;
    const ChangeSource* source_;
    std::optional<core::Uuid> run_, user_;
    TransitionTable before_, after_;
    core::JsonArena arena_;
    Outbox outbox_{&keys_};
};

core::RowState Capture::state_of(const TransitionTable* row) {
    if (row == nullptr) return {};
    core::RowState state{true, row->is_null(layout_.deleted_at), {}};
    core::Json const status = layout_.status ? value_of(layout_.shown[*layout_.status], row).value : core::Json::null();
    if (status.is_string()) state.status = status.text();
    return state;
}

bool Capture::differs(const CapturedColumn& column, const TransitionTable* before, const TransitionTable* after) const {
    bool const was_null = before == nullptr || before->is_null(column.number);
    bool const is_null = after == nullptr || after->is_null(column.number);
    if (column.key && (before == nullptr || after == nullptr)) return false;
    if (was_null || is_null) return was_null != is_null;
    Datum const was = before->value(column.number), is = after->value(column.number);
    if (column.by_value) return was != is;
    return call([&] { return !datum_image_eq(was, is, false, column.length); });
}

Told Capture::value_of(const CapturedColumn& column, const TransitionTable* row) {
    if (row == nullptr || row->is_null(column.number)) return {};
    Datum const value = row->value(column.number);
    std::int64_t const size = column.length > 0 ? column.length : stored_size(value);
    if (size > static_cast<std::int64_t>(value_limits.characters)) return {core::Json::null(), size};
    std::optional<core::Json> const json = json_within(value_limits, value, column.type, column.kind, arena_);
    if (!json) return {core::Json::null(), size};
    return {*json};
}

// The value before the statement, or the one that it was before it gave way.
Told Capture::old_value(const CapturedColumn& column, const TransitionTable* row) {
    const std::string* replaced =
        row != nullptr ? ReplacedValue::find(entity_.table, row->uuid(layout_.id), column.number) : nullptr;
    return replaced != nullptr ? Told{core::parse_json(arena_.copy(*replaced), arena_)} : value_of(column, row);
}

// [old, new], or where one is left out {"old", "new", "omitted": {which: its bytes}} with what is there.
core::Json Capture::change(const Told& before, const Told& after) {
    if (!before.omitted && !after.omitted) {
        core::Json const values[] = {before.value, after.value};
        return arena_.array(values);
    }
    core::JsonObject parts(arena_, 3), omitted(arena_, 2);
    for (const auto& [name, told] : {std::pair("old", &before), std::pair("new", &after)})
        if (told->omitted)
            omitted.add(name, core::make_number(*told->omitted, arena_));
        else
            parts.add(name, told->value);
    parts.add("omitted", omitted.json());
    return parts.json();
}

core::Json Capture::changes(const TransitionTable* before, const TransitionTable* after, bool status_only) {
    core::JsonObject changes(arena_, layout_.shown.size());
    for (const CapturedColumn& column : layout_.shown) {
        if ((status_only && &column != &layout_.shown[*layout_.status]) || !differs(column, before, after)) continue;
        changes.add(column.name, change(old_value(column, before), value_of(column, after)));
    }
    return changes.json();
}

core::Json Capture::all_values(const TransitionTable& row) {
    core::JsonObject values(arena_, layout_.shown.size());
    for (const CapturedColumn& column : layout_.shown)
        if (!column.key) values.add(column.name, change({}, value_of(column, &row)));
    return values.json();
}

// Allocated in the current context.
const core::Uuid* Capture::references_of(const TransitionTable& row) const {
    std::size_t const count = layout_.references.size();
    auto* const ids = static_cast<core::Uuid*>(call([count] { return palloc0((count + 1) * sizeof(core::Uuid)); }));
    for (std::size_t i = 0; i < layout_.references.size(); i++)
        if (!row.is_null(layout_.references[i])) ids[i] = row.uuid(layout_.references[i]);
    return ids;
}

void Capture::write(const TransitionTable& row, std::string_view what, Datum changes) {
    auto const text = [&](int column) { return column == 0 || row.is_null(column) ? 0 : row.value(column); };
    Event event{};
    event.tenant = row.uuid(layout_.tenant);
    event.singular = entity_.singular;
    event.what = what;
    event.entity = entity_.name;
    event.row = row.uuid(layout_.id);
    event.external_id = text(layout_.external_id);
    event.external_source = text(layout_.external_source);
    event.number = text(layout_.number);
    event.changes = changes;
    event.references = references_of(row);
    event.run = run_;
    event.user = user_;
    if (source_ != nullptr)
        event.source = source_->of_row(event.external_source != 0 ? packed_text(event.external_source) : "");
    outbox_.add(event);
}

// A row that comes back is told as a whole: what was changed while it was deleted was told to nobody.
void Capture::emit_event(const TransitionTable* before, const TransitionTable* after) {
    core::RowState const was = state_of(before), is = state_of(after);
    core::RowEvent const event = core::row_event(was, is, true);
    if (event == core::RowEvent::none) return;
    bool const whole = event == core::RowEvent::restored;
    core::Json const values = whole ? all_values(*after) : changes(before, after, false);
    if (event == core::RowEvent::updated && values.members().empty()) return;
    const TransitionTable& row = after != nullptr ? *after : *before;
    std::string_view const status = core::status_event(was, is);
    write(row, core::event_name(event), make_jsonb(values));
    if (!status.empty()) write(row, status, make_jsonb(changes(before, after, true)));
}

// A row that changes its tenant leaves one and comes to the other: neither learns of the other's.
void Capture::tell(const TransitionTable* before, const TransitionTable* after) {
    arena_.clear();
    MemoryContext const outside = MemoryContextSwitchTo(outbox_.memory());
    bool const leaves = before != nullptr && is_told(*before), comes = after != nullptr && is_told(*after);
    if (leaves && comes && before->uuid(layout_.tenant) == after->uuid(layout_.tenant)) {
        emit_event(before, after);
    } else {
        if (leaves) emit_event(before, nullptr);
        if (comes) emit_event(nullptr, after);
    }
    MemoryContextSwitchTo(outside);
}

// Both tables have the rows in one order, unless ids were changed or a trigger kept a row from arriving in another
// partition.
void Capture::pair_rows() {
    while (after_.next()) {
        if (!before_.next()) return;
        bool const have_ids = !before_.is_null(layout_.id) && !after_.is_null(layout_.id);
        if (have_ids && before_.uuid(layout_.id) != after_.uuid(layout_.id)) return pair_by_id();
        tell(&before_, &after_);
    }
    while (before_.next())
        tell(&before_, nullptr);
}

// Goes on from the rows at which the tables are. A row without its counterpart has gone or come; so has one that
// changes its tenant, and two tenants may have rows of one id.
void Capture::pair_by_id() {
    std::map<std::pair<core::Uuid, core::Uuid>, MinimalTuple> gone;
    do {
        if (is_told(before_)) gone[key_of(before_)] = before_.copy();
    } while (before_.next());
    do {
        auto const old = is_told(after_) ? gone.find(key_of(after_)) : gone.end();
        if (old != gone.end()) before_.show(old->second);
        tell(old != gone.end() ? &before_ : nullptr, &after_);
        if (old != gone.end()) gone.erase(old);
    } while (after_.next());
    for (const auto& [key, row] : gone) {
        before_.show(row);
        tell(&before_, nullptr);
    }
}

void Capture::run(TriggerEvent event) {
    switch (event & TRIGGER_EVENT_OPMASK) {
        case TRIGGER_EVENT_INSERT:
            while (after_.next())
                tell(nullptr, &after_);
            break;
        case TRIGGER_EVENT_UPDATE:
            pair_rows();
            break;
        default:
            while (before_.next())
                tell(&before_, nullptr);
    }
    outbox_.finish();
    before_.close();
    after_.close();
}

// Statements on a table that cannot be used go on without events; each session hears of it once.
void warn_once(const core::Entity& entity, const core::Fault& fault) {
    static auto* const warned = new std::set<std::uint32_t>;
    if (!warned->insert(entity.table).second) return;
    std::string const message = fault.message + "; no events are written";
    call([&] {
        ereport(WARNING, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg_internal("%s", message.c_str()),
                          errhint("%s", fault.hint.c_str())));
    });
}

}  // namespace

bool captures(const core::Entity& entity) {
    return entity.events.value_or(settings().capture_events);
}

void write_events(const TriggerData& trigger) {
    with_spi([&] {
        std::shared_ptr<const Registry> const state = registry();
        const core::Entity* entity = state->entity_of(RelationGetRelid(trigger.tg_relation));
        if (entity == nullptr) return;
        if (const core::Fault* fault = state->unusable(*entity)) return warn_once(*entity, *fault);
        if (captures(*entity)) Capture(*state, *entity, trigger).run(trigger.tg_event);
    });
}

}  // namespace eryxon::pg
