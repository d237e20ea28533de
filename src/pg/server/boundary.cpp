// Copies of errors in both directions across the wall.
#include "pg/server/boundary.hpp"

#include "core/result/result.hpp"

#include <unordered_set>

namespace eryxon::pg {

namespace {

// The strings of an ErrorData that are copied with it.
constexpr char* ErrorData::*const text_members[] = {
    &ErrorData::message,     &ErrorData::detail,        &ErrorData::detail_log,      &ErrorData::hint,
    &ErrorData::context,     &ErrorData::backtrace,     &ErrorData::schema_name,     &ErrorData::table_name,
    &ErrorData::column_name, &ErrorData::datatype_name, &ErrorData::constraint_name, &ErrorData::internalquery,
};

// Names of places in source code and of message catalogs. Some releases copy them along with an error, others take them
// for constants, so what stands behind the pointers may be freed.
constexpr const char* ErrorData::*const name_members[] = {
    &ErrorData::filename, &ErrorData::funcname, &ErrorData::domain, &ErrorData::context_domain, &ErrorData::message_id,
};

// The name in memory that is never freed. There are only so many.
const char* kept_name(const char* name) {
    static std::unordered_set<std::string> names;
    return name == nullptr ? nullptr : names.emplace(name).first->c_str();
}

// An ErrorData with its strings.
struct OwnedError {
    ErrorData data;
    std::string texts[std::size(text_members)];

    explicit OwnedError(const ErrorData& source) : data(source) {
        for (std::size_t i = 0; i < std::size(text_members); i++) {
            if (source.*text_members[i] == nullptr) continue;
            texts[i] = source.*text_members[i];
            data.*text_members[i] = texts[i].data();
        }
        for (auto member : name_members)
            data.*member = kept_name(source.*member);
    }
};

// Memory of the context; what is out of it is no error of the server here.
void* allocate(std::size_t size, MemoryContext context) {
    void* memory = MemoryContextAllocExtended(context, size, MCXT_ALLOC_NO_OOM | MCXT_ALLOC_ZERO);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
}

char* plain_text(std::string_view text, MemoryContext context) {
    auto* copy = static_cast<char*>(allocate(text.size() + 1, context));
    memcpy(copy, text.data(), text.size());
    return copy;
}

// An error with nothing but its state and message.
ErrorData* plain_error(int sqlerrcode, std::string_view message, MemoryContext context) {
    auto* error = static_cast<ErrorData*>(allocate(sizeof(ErrorData), context));
    error->elevel = ERROR;
    error->sqlerrcode = sqlerrcode;
    error->message = plain_text(message, context);
    return error;
}

// The error that takes no memory.
ErrorData* out_of_memory() {
    static char message[] = "out of memory";
    static ErrorData error;
    error = {};
    error.elevel = ERROR;
    error.sqlerrcode = ERRCODE_OUT_OF_MEMORY;
    error.message = message;
    return &error;
}

// The details of a privilege that the server found missing, as every error of a call has them.
std::string access_denied(std::string_view message) {
    return core::details_text({core::Fault{core::Code::access_denied, {}, std::string(message), {}}});
}

// The server's own error with all its parts.
ErrorData* plain_copy(const Error& source, MemoryContext context) {
    ErrorData* error = plain_error(source.data().sqlerrcode, {}, context);
    *error = source.data();
    for (auto member : text_members)
        if (source.data().*member != nullptr) error->*member = plain_text(source.data().*member, context);
    error->assoc_context = context;
    if (error->detail == nullptr && error->sqlerrcode == ERRCODE_INSUFFICIENT_PRIVILEGE)
        error->detail = plain_text(access_denied(source.what()), context);
    return error;
}

int encode_sqlstate(std::string_view state) {
    return MAKE_SQLSTATE(state[0], state[1], state[2], state[3], state[4]);
}

ErrorData* plain_copy(const core::CallError& source, MemoryContext context) {
    const core::Fault& first = source.faults().front();
    std::string_view const state = first.sqlstate.empty() ? core::code_sqlstate(first.code) : first.sqlstate;
    std::string const details = core::details_text(source.faults());
    ErrorData* error = plain_error(encode_sqlstate(state), source.what(), context);
    error->detail = plain_text(details, context);
    if (!first.hint.empty()) error->hint = plain_text(first.hint, context);
    return error;
}

// The copy by the exception's type; throws std::bad_alloc.
ErrorData* copy_of(const std::exception_ptr& error, MemoryContext context) {
    try {
        std::rethrow_exception(error);
    } catch (const Error& e) {
        return plain_copy(e, context);
    } catch (const core::CallError& e) {
        return plain_copy(e, context);
    } catch (const std::bad_alloc&) {
        throw;
    } catch (const std::exception& e) {
        return plain_error(ERRCODE_INTERNAL_ERROR, e.what(), context);
    } catch (...) {
        return plain_error(ERRCODE_INTERNAL_ERROR, "unknown C++ exception", context);
    }
}

}  // namespace

Error::Error(const ErrorData& data) {
    auto owned = std::make_shared<OwnedError>(data);
    data_ = std::shared_ptr<const ErrorData>(owned, &owned->data);
}

const char* Error::what() const noexcept {
    return data_->message != nullptr ? data_->message : "server error";
}

std::string Error::sqlstate() const {
    return unpack_sql_state(data_->sqlerrcode);
}

bool Error::ends_call() const {
    switch (ERRCODE_TO_CATEGORY(data_->sqlerrcode)) {
        case MAKE_SQLSTATE('4', '0', '0', '0', '0'):
        case MAKE_SQLSTATE('5', '3', '0', '0', '0'):
        case MAKE_SQLSTATE('5', '4', '0', '0', '0'):
        case MAKE_SQLSTATE('5', '7', '0', '0', '0'):
        case MAKE_SQLSTATE('5', '8', '0', '0', '0'):
        case MAKE_SQLSTATE('F', '0', '0', '0', '0'):
        case MAKE_SQLSTATE('X', 'X', '0', '0', '0'):
            return true;
        default:
            return is(ERRCODE_LOCK_NOT_AVAILABLE) || is(ERRCODE_READ_ONLY_SQL_TRANSACTION);
    }
}

namespace detail {

// The server's error handling is that of the frames that are left by now: copying may raise, too.
void throw_pending(MemoryContext context) {
    MemoryContextSwitchTo(context);
    ErrorData* pending = nullptr;
    bool const copied = attempt([&] { pending = CopyErrorData(); });
    MemoryContextSwitchTo(context);
    FlushErrorState();
    if (!copied) throw std::bad_alloc();
    Error error(*pending);
    FreeErrorData(pending);
    throw error;
}

ErrorData* plain_copy(const std::exception_ptr& error, MemoryContext context) noexcept {
    try {
        return copy_of(error, context);
    } catch (const std::bad_alloc&) {
        return out_of_memory();
    }
}

// An error that the server made is thrown on with its context; one of ours starts afresh.
void raise(ErrorData* error) {
    if (error->assoc_context != nullptr) ReThrowError(error);
    ThrowErrorData(error);
    pg_unreachable();
}

}  // namespace detail

char* palloc_copy(std::string_view text) {
    auto* copy = static_cast<char*>(palloc(text.size() + 1));
    memcpy(copy, text.data(), text.size());
    copy[text.size()] = '\0';
    return copy;
}

}  // namespace eryxon::pg
