// The keys that an event names: those of its row, of the rows above it, and of the rows that it refers to.
#pragma once

#include "core/base/uuid.hpp"
#include "core/json/json.hpp"
#include "pg/registry/registry.hpp"

#include <map>
#include <set>
#include <utility>
#include <vector>

namespace eryxon::pg {

struct Event;

// The field by whose value people know the entity's rows: the last of its natural key, else the first required one.
// nullptr if that is no text.
const core::Field* number_field(const core::Entity& entity);

// Finds the keys of one statement's events. Rows that are referred to are read as they are now, many at once, each
// table with the rights of its owner, and remembered.
class EventKeys {
public:
    EventKeys(const Registry& registry, const core::Entity& entity);

    // The columns that Event::references has values of, in their order.
    const std::vector<const core::Column*>& columns() const { return columns_; }
    // Sets Event::root, and Event::keys, allocated in the current context: {"operation": {"entity", "id",
    // "external_id", "external_source", "number"}, "part": …}. A row is named by its entity's singular, or, where that
    // is taken, by the field that refers to it; one that is not there any more has its entity and id.
    void resolve(std::vector<Event>& events);

private:
    using RowKey = std::pair<core::Uuid, core::Uuid>;  // tenant and id
    struct FoundRow {
        core::Json key;                   // as the events show it
        std::vector<core::Uuid> parents;  // by the parent references of its entity; zero for none
    };
    // An entity that rows of the events' are in or refer to.
    struct Target {
        const core::Entity* entity;
        std::vector<const core::Field*> parents;
        std::string sql;  // over tenant $1 and ids $2
        std::map<RowKey, FoundRow> rows;
        std::set<RowKey> wanted;
    };
    // A member of the keys: where its id comes from.
    struct Member {
        std::string name;
        Target* target;
        int below;         // the member that refers to it; -1 for the event's own row
        std::size_t edge;  // which reference of that one
    };

    Target& target_of(const core::Entity& entity);
    void add_member(int below, std::size_t edge, const core::Field& field);
    const core::Uuid* id_of(const Member& member, const Event& event) const;
    void find_root_path(const std::vector<const core::Field*>& references);
    core::Uuid root_of(const Event& event) const;
    void forget_many();
    void look_up(const std::vector<Event>& events);
    void read_wanted(Target& target);
    core::Json own_key(const Event& event, core::JsonArena& arena) const;

    const Registry& registry_;
    const core::Entity& entity_;
    std::map<std::string, Target> targets_;
    std::vector<const core::Column*> columns_;
    std::vector<Member> members_;
    std::vector<std::size_t> above_;  // the members from the row's parent to the root
    core::JsonArena arena_;           // of the rows
};

}  // namespace eryxon::pg
