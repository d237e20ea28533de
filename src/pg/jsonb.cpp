// jsonb to core's JSON and back.
#include "pg/jsonb.hpp"

#include "pg/boundary.hpp"

#include <vector>

extern "C" {
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
}

namespace eryxon::pg {

namespace {

// Collects the values of open containers while the iterator walks the tree.
class TreeBuilder {
public:
    explicit TreeBuilder(core::JsonArena& arena) : arena_(arena) {}

    void open() {
        if (marks_.size() >= core::max_json_depth) throw too_deep();
        marks_.push_back({items_.size(), members_.size()});
    }

    void key(std::string_view name) { keys_.push_back(arena_.copy(name)); }

    void add(core::Json value, bool member) {
        if (!member) {
            items_.push_back(value);
            return;
        }
        members_.push_back({keys_.back(), value});
        keys_.pop_back();
    }

    core::Json close_array() {
        Mark const mark = pop();
        core::Json array = arena_.array(std::span(items_).subspan(mark.items));
        items_.resize(mark.items);
        return array;
    }

    core::Json close_object() {
        Mark const mark = pop();
        core::Json object = arena_.object(std::span<const core::JsonMember>(members_).subspan(mark.members));
        members_.resize(mark.members);
        return object;
    }

private:
    struct Mark {
        std::size_t items, members;
    };

    Mark pop() {
        Mark const mark = marks_.back();
        marks_.pop_back();
        return mark;
    }

    static core::CallError too_deep() {
        return core::CallError(core::Fault{core::Code::invalid_payload, "", "JSON is nested too deeply", "", "54001",
                                           "At most 1000 levels are taken."});
    }

    core::JsonArena& arena_;
    std::vector<core::Json> items_;
    std::vector<core::JsonMember> members_;
    std::vector<std::string_view> keys_;
    std::vector<Mark> marks_;
};

core::Json scalar(const JsonbValue& value, core::JsonArena& arena) {
    switch (value.type) {
        case jbvString:
            return core::Json::string(
                arena.copy({value.val.string.val, static_cast<std::size_t>(value.val.string.len)}));
        case jbvNumeric:
            return core::Json::number(
                arena.copy(DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value.val.numeric)))));
        case jbvBool:
            return core::Json::boolean(value.val.boolean);
        default:
            return core::Json::null();
    }
}

// Walks the value; all C++ objects that own memory are the caller's.
void walk(Jsonb* value, core::JsonArena& arena, TreeBuilder& builder, std::vector<bool>& in_object, core::Json& root) {
    JsonbIterator* iterator = JsonbIteratorInit(&value->root);
    JsonbValue token;
    bool skip_nested = false;
    while (JsonbIteratorToken const kind = JsonbIteratorNext(&iterator, &token, skip_nested)) {
        core::Json done;
        switch (kind) {
            case WJB_BEGIN_ARRAY:
            case WJB_BEGIN_OBJECT:
                builder.open();
                in_object.push_back(kind == WJB_BEGIN_OBJECT);
                continue;
            case WJB_KEY:
                builder.key({token.val.string.val, static_cast<std::size_t>(token.val.string.len)});
                continue;
            case WJB_END_ARRAY:
                done = builder.close_array();
                in_object.pop_back();
                break;
            case WJB_END_OBJECT:
                done = builder.close_object();
                in_object.pop_back();
                break;
            default:
                done = scalar(token, arena);
        }
        if (in_object.empty())
            root = done;
        else
            builder.add(done, in_object.back());
    }
}

}  // namespace

core::Json read_jsonb(Jsonb* value, core::JsonArena& arena) {
    TreeBuilder builder(arena);
    std::vector<bool> in_object;
    core::Json root;
    call([&] { walk(value, arena, builder, in_object, root); });
    return JB_ROOT_IS_SCALAR(value) ? root.items().front() : root;
}

}  // namespace eryxon::pg
