// References: from external keys, names and uuids to live rows of the same tenant, locked against deletion.
#include "core/base/sql_text.hpp"
#include "pg/upsert/pipeline.hpp"
#include "pg/upsert/row_index.hpp"

#include <algorithm>
#include <tuple>

namespace eryxon::pg {

namespace {

using By = core::ReferenceValue::By;

// A reference that has to be looked up; `sent` is null for a parent that the row already has.
struct Request {
    Item* item;
    const core::Field* field;
    const core::ReferenceValue* sent;
    core::Uuid id{};
    std::size_t target = 0;  // index into Item::targets
};

auto wanted(const Request& request) {
    static constexpr std::string_view none;
    const core::ReferenceValue* sent = request.sent;
    bool const in_source = sent != nullptr && sent->by == By::external_id;
    return std::tie(in_source ? sent->source : none, sent != nullptr ? sent->text : none, request.id);
}

By form(const Request& request) {
    return request.sent == nullptr ? By::id : request.sent->by;
}

// All requests for one entity in one form are answered by one statement.
using Requests = std::map<std::pair<int, By>, std::vector<Request>>;

// True if the field is how this child refers to the record that it stands in.
bool is_inherited(const Item& item, const core::Field& field) {
    if (item.parent == nullptr) return false;
    const auto& arrays = item.parent->entity().children;
    return std::any_of(arrays.begin(), arrays.end(), [&](const core::Entity::Children& array) {
        return array.entity == item.entity().name && array.field == field.name;
    });
}

// True if the tree may still be written.
bool is_open(const RecordTree& tree) {
    return tree.state == RecordTree::State::open && !tree.refused;
}

// The column that says whether a row is in use, where the entity has one: those out of use are not found by name.
const core::Column* active_column(const core::Entity& entity) {
    const core::Field* active = entity.find("active");
    if (active == nullptr || !active->mapped()) return nullptr;
    const core::Column& column = entity.columns[static_cast<std::size_t>(active->column)];
    return column.kind == core::ValueKind::boolean ? &column : nullptr;
}

void fail_unknown(Request& request, const core::Entity& entity) {
    Item& item = *request.item;
    item.unresolved = true;
    if (request.sent == nullptr) {
        item.fail(core::Code::fk_constraint, request.field->name, core::Reason::parent_deleted,
                  {{"entity", entity.singular}}, "Restore that " + entity.singular + " first.");
        return;
    }
    const core::ReferenceValue& sent = *request.sent;
    std::string const wanted = sent.by == By::id ? core::to_string(sent.id) : std::string(sent.text);
    core::FaultParam const kind("entity", entity.singular);
    auto const fail = [&](core::Reason reason, core::FaultParams params) {
        item.fail(core::Code::fk_constraint, std::string(sent.path), reason, params);
    };
    if (sent.by == By::id)
        fail(core::Reason::unknown_id, {kind, {"id", wanted}});
    else if (sent.by == By::external_id)
        fail(core::Reason::unknown_external_id, {kind, {"external_id", wanted}, {"source", sent.source}});
    else
        fail(active_column(entity) != nullptr ? core::Reason::unknown_active_name : core::Reason::unknown_name,
             {kind, {"name", wanted}});
    core::write_json_string(wanted, item.faults.back().value);
}

// A target that is not in the database may be a record of this very call that is still to be written.
class Pending {
public:
    Pending(const Batch& batch, const ItemGroups& groups) : batch_(batch), groups_(groups) {}

    // Of the same tree, else the first one. What a row had as parent before may come back only within the tree.
    Item* find(const core::Entity& entity, const Request& request) {
        if (form(request) == By::external_id) return find_by_key(entity, request);
        return form(request) == By::id ? find_restored(entity, request) : nullptr;
    }

private:
    Item* find_by_key(const core::Entity& entity, const Request& request) const {
        Item* found = nullptr;
        for (Item* item : batch_.twins(entity, request.sent->source, request.sent->text)) {
            if (item->record->operation == core::Operation::remove || !is_open(*item->tree)) continue;
            if (item->tree == request.item->tree) return item;
            if (found == nullptr) found = item;
        }
        return found;
    }

    Item* find_restored(const core::Entity& entity, const Request& request) {
        for (Item* item : index().find(entity, request.id))
            if (item->plan == Plan::restore && item->tree == request.item->tree) return item;
        return nullptr;
    }

    const RowIndex& index() {
        if (index_) return *index_;
        std::vector<Item*> all;
        for (const auto& [order, items] : groups_)
            all.insert(all.end(), items.begin(), items.end());
        return index_.emplace(all);
    }

    const Batch& batch_;
    const ItemGroups& groups_;
    std::optional<RowIndex> index_{};
};

std::string name_column(const core::Entity& entity) {
    const core::Field* name = entity.find("name");
    return name != nullptr && name->mapped() ? quoted(name->column_name) : std::string();
}

// The statement that finds and locks what the requests ask for; rows come with the request's number, those found by
// name with the name.
std::string statement(const core::Entity& entity, const Table& table, By by) {
    if (by == By::name) {
        std::string const name = "t." + name_column(entity) + "::pg_catalog.text";
        const core::Column* active = active_column(entity);
        std::string const in_use = active != nullptr ? " AND t." + quoted(active->name) + " IS NOT FALSE" : "";
        return core::sql(R"(SELECT {name}, t.id FROM {table} AS t
                             WHERE t.deleted_at IS NULL{in_use} AND t.tenant_id == $1 AND {name} == ANY ($2)
                             ORDER BY {name} COLLATE "C" FOR KEY SHARE OF t)",
                         {{"name", name}, {"table", table.name}, {"in_use", in_use}});
    }
    bool const by_id = by == By::id;
    std::string const from = by_id ? unnested({"id"}) : unnested({"s", "e"});
    std::string const match = core::sql(by_id ? "t.id == u.id" : "t.external_source == u.s AND t.external_id == u.e");
    return core::sql(R"(SELECT u.n, t.id FROM {references} JOIN {table} AS t ON t.tenant_id == $1 AND {match}
                         WHERE t.deleted_at IS NULL ORDER BY u.n FOR KEY SHARE OF t)",
                     {{"references", from}, {"table", table.name}, {"match", match}});
}

std::vector<Param> parameters(const UpsertCall& upsert, By by, const std::vector<const Request*>& distinct) {
    std::vector<std::string_view> sources, texts;
    std::vector<core::Uuid> ids;
    for (const Request* request : distinct) {
        if (by == By::id) {
            ids.push_back(request->id);
            continue;
        }
        sources.push_back(request->sent->source);
        texts.push_back(request->sent->text);
    }
    std::vector<Param> params{Param::uuid(upsert.tenant)};
    if (by == By::id) params.push_back(uuid_array(ids));
    if (by == By::external_id) params.push_back(text_array(sources));
    if (by != By::id) params.push_back(text_array(texts));
    if (by != By::name) params.push_back(length_param(distinct));
    return params;
}

struct Answer {
    core::Uuid id{};
    int rows = 0;
};

void apply_lookup(Pending* pending, const core::Entity& entity, Request& request, const Answer& answer) {
    Item& item = *request.item;
    Target& target = item.targets[request.target];
    if (answer.rows > 1) {
        item.fail(core::Code::ambiguous_reference, std::string(request.sent->path), core::Reason::ambiguous_name,
                  {{"entities", entity.name}, {"name", request.sent->text}}, "Refer to it by external_id.");
    } else if (answer.rows == 1) {
        target.found = answer.id;
    } else if (Item* other = pending != nullptr ? pending->find(entity, request) : nullptr) {
        target.in_call = other;
    } else {
        return fail_unknown(request, entity);
    }
    if (request.sent != nullptr && &entity == &item.entity() && target.id() == item.id && item.faults.empty())
        item.fail(core::Code::circular_reference, std::string(request.sent->path), core::Reason::self_reference);
}

// Answers all requests of one entity and form. Sorted, so that locks are taken in key order.
void answer(UpsertCall& upsert, Pending* pending, const core::Entity& entity, By by, std::vector<Request>& requests) {
    std::stable_sort(requests.begin(), requests.end(),
                     [](const Request& a, const Request& b) { return wanted(a) < wanted(b); });
    std::vector<const Request*> distinct;
    for (const Request& request : requests)
        if (distinct.empty() || wanted(*distinct.back()) != wanted(request)) distinct.push_back(&request);
    std::vector<Answer> answers(distinct.size());
    const Table& table = upsert.registry.table(entity);
    auto const position = [&](const Row& row) {
        if (by != By::name) return static_cast<std::size_t>(row.integer(0) - 1);
        auto const less = [](const Request* request, std::string_view name) { return request->sent->text < name; };
        return static_cast<std::size_t>(std::lower_bound(distinct.begin(), distinct.end(), row.text(0), less) -
                                        distinct.begin());
    };
    if (by != By::name || !name_column(entity).empty())
        execute(statement(entity, table, by), parameters(upsert, by, distinct), [&](const Row& row) {
            std::size_t const at = position(row);
            bool const other_name =
                by == By::name && (at == distinct.size() || distinct[at]->sent->text != row.text(0));
            if (other_name) return;  // equal only to the column's collation
            answers[at].id = row.uuid(1);
            answers[at].rows++;
        });
    std::size_t at = 0;
    for (Request& request : requests) {
        if (wanted(*distinct[at]) != wanted(request)) at++;
        apply_lookup(pending, entity, request, answers[at]);
    }
}

// `alone`: nothing else is still to be written.
void answer_all(UpsertCall& upsert, const Batch& batch, const ItemGroups& groups, bool alone, Requests& requests) {
    Pending pending(batch, groups);
    for (auto& [key, list] : requests)
        answer(upsert, alone ? nullptr : &pending, upsert.registry.schema.entities[static_cast<std::size_t>(key.first)],
               key.second, list);
}

// Adds the target of one sent reference, at once if it is known, else by a request.
void add_target(UpsertCall& upsert, Item& item, const core::ReferenceValue& sent, Requests& requests) {
    Target target{sent.field};
    target.null = sent.by == By::null;
    item.targets.push_back(target);
    if (target.null) return;
    bool const inherited = is_inherited(item, *sent.field);
    if (inherited && sent.by == By::id && sent.id != item.parent->id) {
        item.fail(core::Code::fk_constraint, std::string(sent.path), core::Reason::not_the_parent,
                  {{"entity", item.parent->entity().singular}});
        return;
    }
    if (inherited && item.parent->writes()) {
        item.targets.back().in_call = item.parent;
        return;
    }
    const core::Entity* entity = upsert.registry.schema.find(sent.field->reference->entity);
    if (entity == nullptr) {
        item.fail(core::Code::fk_constraint, std::string(sent.path), core::Reason::not_attached,
                  {{"entities", sent.field->reference->entity}});
        return;
    }
    requests[{entity->order, sent.by}].push_back({&item, sent.field, &sent, sent.id, item.targets.size() - 1});
}

}  // namespace

void resolve(UpsertCall& upsert, const Batch& batch, const ItemGroups& groups, bool alone) {
    Requests requests;
    for (const auto& [order, items] : groups)
        for (Item* item : items)
            if (item->writes() && item->plan != Plan::remove)
                for (const core::ReferenceValue& sent : item->record->references)
                    add_target(upsert, *item, sent, requests);
    answer_all(upsert, batch, groups, alone, requests);
}

void check_kept_parents(UpsertCall& upsert, const Batch& batch, const ItemGroups& groups, bool alone) {
    Requests requests;
    for (const auto& [order, items] : groups)
        for (Item* item : items)
            for (std::size_t i = 0; i < item->targets.size(); i++) {
                const Target& target = item->targets[i];
                const core::Entity* entity = target.kept && item->faults.empty()
                                                 ? upsert.registry.schema.find(target.field->reference->entity)
                                                 : nullptr;
                if (entity != nullptr)
                    requests[{entity->order, By::id}].push_back({item, target.field, nullptr, target.found, i});
            }
    answer_all(upsert, batch, groups, alone, requests);
}

}  // namespace eryxon::pg
