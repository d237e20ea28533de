// Writing units in chunks, each in one subtransaction; bisecting chunks that fail.
#include "pg/server/scratch.hpp"
#include "pg/server/settings.hpp"
#include "pg/server/subtransaction.hpp"
#include "pg/server/transition_spill.hpp"
#include "pg/upsert/steps.hpp"

#include <algorithm>
#include <utility>

extern "C" {
#include "access/xact.h"
}

namespace eryxon::pg {

namespace {

// How often a call begins again because another session made a row that it wanted to make.
constexpr int max_restarts = 5;

// True if everything that the unit's references promised has been made, or is made in the same chunk.
bool dependencies_met(Unit& unit) {
    for (Node* node : unit.nodes)
        for (const Target& target : node->targets) {
            const Unit* other = target.in_call != nullptr ? target.in_call->unit : nullptr;
            if (other == nullptr || other == &unit || other->state == Unit::State::done) continue;
            if (other->state == Unit::State::open && other->chunk == unit.chunk && !other->faulty()) continue;
            node->fail(core::Code::fk_constraint, target.field->name + "_external_id",
                       "the record that it refers to was not written");
            return false;
        }
    return true;
}

// The units that can still be written; the others are marked failed.
std::vector<Unit*> open_units(Bulk& bulk, std::span<Unit* const> units) {
    std::vector<Unit*> open;
    bulk.chunks++;
    for (Unit* unit : units)
        unit->chunk = bulk.chunks;
    for (Unit* unit : units) {
        if (unit->state != Unit::State::open) continue;
        if (unit->faulty() || !dependencies_met(*unit))
            unit->state = Unit::State::failed;
        else
            open.push_back(unit);
    }
    return open;
}

void mark_done(std::span<Unit* const> units) {
    for (Unit* unit : units)
        unit->state = Unit::State::done;
}

// Forgets what an attempt that was rolled back has noted.
void forget_attempt(std::span<Unit* const> units) {
    for (Unit* unit : units) {
        unit->removed.clear();
        for (Node* node : unit->nodes) {
            node->went_before = false;
            if (node->warnings.empty()) continue;
            std::erase_if(node->warnings.items(),
                          [](const core::Warning& warning) { return warning.code == "KEPT_STARTED"; });
        }
    }
}

// A child that its array left out may hold a value that another one wants: then it goes first.
bool make_room(const Bulk& bulk, Unit& unit, const Error& error) {
    bool const helps = bulk.options.children == core::ChildrenStrategy::replace && !unit.removes_first &&
                       error.is(ERRCODE_UNIQUE_VIOLATION) && unit.nodes.size() > 1;
    unit.removes_first |= helps;
    return helps;
}

// Writes a unit that raised once more, record by record: now either all goes well, or it is known which one raises.
// False if the unit should be tried again.
bool settle_unit(Bulk& bulk, Batch& batch, Unit& unit, const Error& first) {
    Unit* const units[] = {&unit};
    std::optional<Error> error = first;
    bool again = false;
    try {
        forget_attempt(units);
        if (unit.nodes.size() > 1) error = Subtransaction::run([&] { write_units(bulk, batch, units, true); });
        if (!error) {
            mark_done(units);
            return true;
        }
        again = make_room(bulk, unit, *error);
        if (!again) unit.root().faults.push_back(fault_of(bulk, unit, *error));
    } catch (const UnitsFailed&) {
    }
    if (!again) unit.state = Unit::State::failed;
    bulk.writing = nullptr;
    return !again;
}

// True if another session made a row of these units meanwhile. Some other unique index may have noticed first.
bool collided(const Bulk& bulk, std::span<Unit* const> units, const Error& error) {
    if (!error.is(ERRCODE_UNIQUE_VIOLATION)) return false;
    return is_key_collision(bulk, error) || (units.size() == 1 && was_made_elsewhere(bulk, *units.front()));
}

// A row that another session made meanwhile: look again. Where the snapshot stays the same that cannot help.
void restart_if_collided(Bulk& bulk, std::span<Unit* const> units, const Error& error) {
    if (!collided(bulk, units, error)) return;
    if (IsolationUsesXactSnapshot())
        call([] {
            ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                            errmsg("could not serialize access due to concurrent update")));
        });
    if (bulk.restarts < max_restarts) throw Restart{bulk.lock};
}

void apply_chunk(Bulk& bulk, Batch& batch, std::span<Unit* const> chunk);

void halve(Bulk& bulk, Batch& batch, std::span<Unit* const> units) {
    std::size_t const half = units.size() / 2;
    apply_chunk(bulk, batch, units.first(half));
    apply_chunk(bulk, batch, units.subspan(half));
}

// True if it makes no difference which of these units is written first.
bool are_independent(const Bulk& bulk, std::span<Unit* const> units) {
    if (bulk.options.children == core::ChildrenStrategy::replace) return false;
    auto const depends = [](const Node* node) {
        return !node->numbered.empty() || node->plan == Plan::remove || node->plan == Plan::restore ||
               std::any_of(node->targets.begin(), node->targets.end(), [&](const Target& target) {
                   return target.in_call != nullptr && target.in_call->unit != node->unit;
               });
    };
    return std::all_of(units.begin(), units.end(),
                       [&](const Unit* unit) { return std::none_of(unit->nodes.begin(), unit->nodes.end(), depends); });
}

// Writes the units that were written before the refused row again, then its unit alone, then the others, so many at a
// time as may be expected to go well.
void go_around(Bulk& bulk, Batch& batch, std::span<Unit* const> units, const Stop& stop) {
    Unit* const refused = stop.nodes[stop.written]->unit;
    std::set<const Unit*> later;
    for (const Node* node : std::span(stop.nodes).subspan(stop.written))
        later.insert(node->unit);
    std::vector<Unit*> before, behind;
    for (Unit* unit : units)
        if (unit != refused) (later.contains(unit) ? behind : before).push_back(unit);
    apply_chunk(bulk, batch, before);
    apply_chunk(bulk, batch, {&refused, 1});
    std::size_t const size = 4 * before.size() + 8;
    for (std::size_t from = 0; from < behind.size(); from += size)
        apply_chunk(bulk, batch, std::span(behind).subspan(from, std::min(size, behind.size() - from)));
}

void split(Bulk& bulk, Batch& batch, std::span<Unit* const> units) {
    std::optional<Stop> const stop = std::exchange(bulk.stop, std::nullopt);
    if (stop && are_independent(bulk, units)) return go_around(bulk, batch, units, *stop);
    halve(bulk, batch, units);
}

void apply_chunk(Bulk& bulk, Batch& batch, std::span<Unit* const> chunk) {
    while (true) {
        std::vector<Unit*> const units = open_units(bulk, chunk);
        if (units.empty()) return;
        forget_attempt(units);
        bulk.stop.reset();
        std::optional<Error> error;
        try {
            error = Subtransaction::run([&] { write_units(bulk, batch, units, false); });
        } catch (const UnitsFailed&) {
            continue;
        }
        if (!error) return mark_done(units);
        restart_if_collided(bulk, units, *error);
        if (units.size() == 1) {
            if (settle_unit(bulk, batch, *units.front(), *error)) return;
            continue;
        }
        if (bulk.lock == TenantLock::shared) throw Restart{TenantLock::exclusive};
        return split(bulk, batch, units);
    }
}

// Chunks whose transition tables may stay in memory until the transaction ends.
constexpr std::size_t most_chunks_in_memory = 10;

}  // namespace

void apply_units(Bulk& bulk, Batch& batch, std::span<Unit* const> units) {
    auto const chunk_size = static_cast<std::size_t>(settings().chunk_size);
    TransitionSpill const spill(units.size() > most_chunks_in_memory * chunk_size);
    for (std::size_t from = 0; from < units.size(); from += chunk_size) {
        check_interrupts();
        with_scratch([&] { apply_chunk(bulk, batch, units.subspan(from, std::min(chunk_size, units.size() - from))); });
    }
}

}  // namespace eryxon::pg
