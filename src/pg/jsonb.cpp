// Reads jsonb where it lies. A container is its header, the entries of its children and their data; of an object first
// all names, then all values.
#include "pg/jsonb.hpp"

#include "pg/boundary.hpp"
#include "pg/numeric_bytes.hpp"

#include <vector>

namespace eryxon::pg {

namespace {

// A child of a container.
struct Child {
    JEntry entry;
    const char* data;
    std::size_t size;

    std::string_view text() const { return {data, size}; }
    // Numbers and containers begin at the next boundary of four bytes.
    const char* aligned() const { return reinterpret_cast<const char*>(INTALIGN(data)); }
};

// Steps through the children of a container.
class Children {
public:
    Children(const JsonbContainer& container, std::size_t count)
        : next_(container.children), data_(reinterpret_cast<const char*>(next_ + count)) {}

    Child step() {
        JEntry const entry = *next_++;
        std::uint32_t const begin = offset_;
        JBE_ADVANCE_OFFSET(offset_, entry);
        return {entry, data_ + begin, offset_ - begin};
    }

private:
    const JEntry* next_;
    const char* data_;
    std::uint32_t offset_ = 0;
};

// One run over one value.
class JsonbReader {
public:
    explicit JsonbReader(core::JsonArena& arena) : arena_(arena) {}

    core::Json read_root(const JsonbContainer& root) {
        return JsonContainerIsScalar(&root) ? read_value(Children(root, 1).step(), 0) : read_container(root, 0);
    }

private:
    // Depth is the number of containers around.
    core::Json read_value(const Child& child, int depth);
    core::Json read_container(const JsonbContainer& container, int depth);
    core::Json read_array(const JsonbContainer& container, int depth);
    core::Json read_object(const JsonbContainer& container, int depth);

    core::JsonArena& arena_;
    std::vector<core::Json> items_;          // of the arrays that are open
    std::vector<core::JsonMember> members_;  // of the objects that are open
};

core::Json JsonbReader::read_value(const Child& child, int depth) {
    switch (child.entry & JENTRY_TYPEMASK) {
        case JENTRY_ISSTRING:
            return core::Json::string(child.text());
        case JENTRY_ISNUMERIC:
            return core::Json::number(numeric_text(child.aligned(), arena_));
        case JENTRY_ISBOOL_FALSE:
            return core::Json::boolean(false);
        case JENTRY_ISBOOL_TRUE:
            return core::Json::boolean(true);
        case JENTRY_ISCONTAINER:
            return read_container(*reinterpret_cast<const JsonbContainer*>(child.aligned()), depth);
        default:
            return core::Json::null();
    }
}

core::Json JsonbReader::read_container(const JsonbContainer& container, int depth) {
    check_interrupts();
    if (depth >= core::max_json_depth)
        throw core::CallError(core::Fault{core::Code::invalid_payload, "", "JSON is nested too deeply", "", "54001",
                                          "At most 1000 levels are taken."});
    return JsonContainerIsObject(&container) ? read_object(container, depth + 1) : read_array(container, depth + 1);
}

// Gathers the items behind those of the arrays around, then moves them to the arena.
core::Json JsonbReader::read_array(const JsonbContainer& container, int depth) {
    std::size_t const first = items_.size(), count = JsonContainerSize(&container);
    Children children(container, count);
    for (std::size_t i = 0; i < count; i++)
        items_.push_back(read_value(children.step(), depth));
    core::Json const array = arena_.array(std::span<const core::Json>(items_).subspan(first));
    items_.resize(first);
    return array;
}

// Gathers the members likewise; the arena sorts them.
core::Json JsonbReader::read_object(const JsonbContainer& container, int depth) {
    std::size_t const first = members_.size(), count = JsonContainerSize(&container);
    Children children(container, 2 * count);
    for (std::size_t i = 0; i < count; i++)
        members_.push_back({children.step().text(), {}});
    for (std::size_t i = 0; i < count; i++) {
        core::Json const value = read_value(children.step(), depth);
        members_[first + i].value = value;
    }
    core::Json const object = arena_.object(std::span<const core::JsonMember>(members_).subspan(first));
    members_.resize(first);
    return object;
}

}  // namespace

core::Json read_jsonb(const Jsonb* value, core::JsonArena& arena) {
    return JsonbReader(arena).read_root(value->root);
}

}  // namespace eryxon::pg
