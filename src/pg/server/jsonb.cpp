// Reads jsonb where it lies.
#include "pg/server/jsonb.hpp"

#include "pg/server/boundary.hpp"
#include "pg/server/jsonb_layout.hpp"
#include "pg/server/numeric_bytes.hpp"

#include <vector>

namespace eryxon::pg {

namespace {

// The value is larger or deeper than wanted.
struct BeyondLimits {};

// One run over one value.
class JsonbReader {
public:
    JsonbReader(core::JsonArena& arena, const JsonLimits* limits) : arena_(arena), limits_(limits) {}

    core::Json read_root(const JsonbContainer& root) {
        return JsonContainerIsScalar(&root) ? read_value(JsonbChildren(root, 1).step(), 0) : read_container(root, 0);
    }

private:
    // Depth is the number of containers around.
    core::Json read_value(const JsonbChild& child, int depth);
    core::Json read_container(const JsonbContainer& container, int depth);
    core::Json read_array(const JsonbContainer& container, int depth);
    core::Json read_object(const JsonbContainer& container, int depth);

    void check_depth(int depth) const;
    // Counts characters of the JSON text.
    void count(std::size_t characters) {
        characters_ += characters;
        if (limits_ != nullptr && characters_ > limits_->characters) throw BeyondLimits();
    }

    core::JsonArena& arena_;
    const JsonLimits* limits_;  // nullptr: as deep as records may be, and as large as it is
    std::size_t characters_ = 0;
    std::vector<core::Json> items_;          // of the arrays that are open
    std::vector<core::JsonMember> members_;  // of the objects that are open
};

core::Json JsonbReader::read_value(const JsonbChild& child, int depth) {
    switch (child.type()) {
        case JENTRY_ISSTRING:
            count(child.size);
            return core::Json::string(child.text());
        case JENTRY_ISNUMERIC: {
            std::string_view const text = numeric_text(child.aligned(), arena_);
            count(text.size());
            return core::Json::number(text);
        }
        case JENTRY_ISBOOL_FALSE:
            return core::Json::boolean(false);
        case JENTRY_ISBOOL_TRUE:
            return core::Json::boolean(true);
        case JENTRY_ISCONTAINER:
            return read_container(child.container(), depth);
        default:
            return core::Json::null();
    }
}

void JsonbReader::check_depth(int depth) const {
    if (limits_ != nullptr && depth >= limits_->depth) throw BeyondLimits();
    if (depth >= core::max_json_depth)
        throw core::CallError(core::Fault{core::Code::invalid_payload, "", "JSON is nested too deeply", "", "54001",
                                          "At most 1000 levels are allowed."});
}

core::Json JsonbReader::read_container(const JsonbContainer& container, int depth) {
    check_interrupts();
    check_depth(depth);
    count(JsonContainerSize(&container) + 2);
    return JsonContainerIsObject(&container) ? read_object(container, depth + 1) : read_array(container, depth + 1);
}

// Gathers the items behind those of the arrays around, then moves them to the arena.
core::Json JsonbReader::read_array(const JsonbContainer& container, int depth) {
    std::size_t const first = items_.size(), size = JsonContainerSize(&container);
    JsonbChildren children(container, size);
    for (std::size_t i = 0; i < size; i++)
        items_.push_back(read_value(children.step(), depth));
    core::Json const array = arena_.array(std::span<const core::Json>(items_).subspan(first));
    items_.resize(first);
    return array;
}

// Gathers the members likewise; the arena sorts them.
core::Json JsonbReader::read_object(const JsonbContainer& container, int depth) {
    std::size_t const first = members_.size(), size = JsonContainerSize(&container);
    JsonbChildren children(container, 2 * size);
    for (std::size_t i = 0; i < size; i++) {
        members_.push_back({children.step().text(), {}});
        count(members_.back().name.size());
    }
    for (std::size_t i = 0; i < size; i++) {
        core::Json const value = read_value(children.step(), depth);
        members_[first + i].value = value;
    }
    core::Json const object = arena_.object(std::span<const core::JsonMember>(members_).subspan(first));
    members_.resize(first);
    return object;
}

}  // namespace

core::Json read_jsonb(const Jsonb* value, core::JsonArena& arena) {
    return JsonbReader(arena, nullptr).read_root(value->root);
}

std::optional<core::Json> read_jsonb_within(const JsonLimits& limits, const Jsonb* value, core::JsonArena& arena) {
    try {
        return JsonbReader(arena, &limits).read_root(value->root);
    } catch (const BeyondLimits&) {
        return std::nullopt;
    }
}

}  // namespace eryxon::pg
