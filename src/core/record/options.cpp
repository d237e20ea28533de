// Reads the options of a call: one table row per option.
#include "core/record/options.hpp"

#include "core/json/decimal.hpp"
#include "core/json/fault_text.hpp"

#include <algorithm>
#include <initializer_list>
#include <iterator>

namespace eryxon::core {

namespace {

// A word of an option and the value that it stands for.
template <typename Choice>
struct Word {
    std::string_view text;
    Choice choice;
};

[[noreturn]] void refuse(std::string_view name, const Json& value, std::string_view expected) {
    throw CallError(Fault{Code::invalid_option, std::string(name),
                          "invalid value " + quoted(value) + " for option \"" + std::string(name) + "\", expected " +
                              std::string(expected),
                          shown_value(value)});
}

bool read_flag(std::string_view name, const Json& value) {
    if (!value.is_boolean()) refuse(name, value, "true or false");
    return value.as_bool();
}

template <typename Choice>
Choice read_choice(std::string_view name, const Json& value, std::initializer_list<Word<Choice>> words) {
    std::string expected = "one of: ";
    for (const Word<Choice>& word : words) {
        if (value.is_string() && value.text() == word.text) return word.choice;
        expected += (&word == words.begin() ? "" : ", ") + std::string(word.text);
    }
    refuse(name, value, expected);
}

std::int64_t read_count(std::string_view name, const Json& value) {
    const auto number = value.is_number() ? parse_decimal(value.text()) : std::nullopt;
    const auto count = number && number->is_integer() ? to_int64(*number) : std::nullopt;
    if (!count || *count < 0) refuse(name, value, "an integer that is not negative");
    return *count;
}

std::string read_text(std::string_view name, const Json& value) {
    if (!value.is_string()) refuse(name, value, "a string");
    return std::string(value.text());
}

template <auto Member>
void take_flag(Options& options, std::string_view name, const Json& value) {
    options.*Member = read_flag(name, value);
}

template <auto Member>
void take_count(Options& options, std::string_view name, const Json& value) {
    options.*Member = read_count(name, value);
}

using Reader = void (*)(Options& options, std::string_view name, const Json& value);

struct Known {
    std::string_view name;
    Reader read;
};

constexpr Known known_options[] = {
    {"on_error",
     [](Options& options, std::string_view name, const Json& value) {
         options.on_error =
             read_choice<OnError>(name, value, {{"continue", OnError::keep_going}, {"abort", OnError::abort}});
     }},
    {"skip_unchanged", take_flag<&Options::skip_unchanged>},
    {"mode",
     [](Options& options, std::string_view name, const Json& value) {
         options.mode = read_choice<Mode>(
             name, value, {{"upsert", Mode::upsert}, {"create", Mode::create}, {"update", Mode::update}});
     }},
    {"update_strategy",
     [](Options& options, std::string_view name, const Json& value) {
         options.update_strategy = read_choice<UpdateStrategy>(
             name, value, {{"merge", UpdateStrategy::merge}, {"replace", UpdateStrategy::replace}});
     }},
    {"children",
     [](Options& options, std::string_view name, const Json& value) {
         options.children = read_choice<ChildrenStrategy>(
             name, value, {{"merge", ChildrenStrategy::merge}, {"replace", ChildrenStrategy::replace}});
     }},
    {"children_results",
     [](Options& options, std::string_view name, const Json& value) {
         options.children_results = read_choice<ChildrenResults>(
             name, value, {{"counts", ChildrenResults::counts}, {"all", ChildrenResults::all}});
     }},
    {"unknown_fields",
     [](Options& options, std::string_view name, const Json& value) {
         options.unknown_fields = read_choice<UnknownFields>(name, value,
                                                             {{"warn", UnknownFields::warn},
                                                              {"ignore", UnknownFields::ignore},
                                                              {"error", UnknownFields::error},
                                                              {"metadata", UnknownFields::metadata}});
     }},
    {"deleted",
     [](Options& options, std::string_view name, const Json& value) {
         options.deleted =
             read_choice<Deleted>(name, value, {{"restore", Deleted::restore}, {"refuse", Deleted::refuse}});
     }},
    {"adopt", take_flag<&Options::adopt>},
    {"force", take_flag<&Options::force>},
    {"nulls",
     [](Options& options, std::string_view name, const Json& value) {
         options.nulls = read_choice<Nulls>(name, value, {{"clear", Nulls::clear}, {"absent", Nulls::absent}});
     }},
    {"results",
     [](Options& options, std::string_view name, const Json& value) {
         options.results = read_choice<Results>(
             name, value, {{"all", Results::all}, {"errors", Results::errors}, {"none", Results::none}});
     }},
    {"results_offset", take_count<&Options::results_offset>},
    {"results_limit", take_count<&Options::results_limit>},
    {"max_errors", take_count<&Options::max_errors>},
    {"dry_run", take_flag<&Options::dry_run>},
    {"record_history", take_flag<&Options::record_history>},
    {"client_ref",
     [](Options& options, std::string_view name, const Json& value) { options.client_ref = read_text(name, value); }},
};

// Options of Eryxon's own interface: what they ask for has another name here, or is so anyway.
constexpr Known upstream_options[] = {
    {"continue_on_error",
     [](Options& options, std::string_view name, const Json& value) {
         options.on_error = read_flag(name, value) ? OnError::keep_going : OnError::abort;
     }},
    {"batch_size", [](Options&, std::string_view name, const Json& value) { read_count(name, value); }},
};

// The name with underscores for one in camel case.
std::string snake_case(std::string_view name) {
    std::string snake;
    for (const char character : name) {
        const bool upper = character >= 'A' && character <= 'Z';
        if (upper) snake += '_';
        snake += upper ? static_cast<char>(character - 'A' + 'a') : character;
    }
    return snake;
}

// The option of that name, or nullptr.
const Known* find_option(std::string_view name) {
    const std::string wanted = snake_case(name);
    const auto matches = [&](const Known& candidate) { return candidate.name == wanted; };
    const Known* own = std::find_if(std::begin(known_options), std::end(known_options), matches);
    if (own != std::end(known_options)) return own;
    const Known* upstream = std::find_if(std::begin(upstream_options), std::end(upstream_options), matches);
    return upstream != std::end(upstream_options) ? upstream : nullptr;
}

// The hint of an unknown option.
std::string list_known_options() {
    std::string list = "Known options are ";
    for (const Known& known : known_options)
        list += (&known == known_options ? "" : ", ") + std::string(known.name);
    return list + '.';
}

}  // namespace

Options read_options(const Json& options) {
    if (!options.is_object())
        throw CallError(Code::invalid_option,
                        "options must be a JSON object, not " + std::string(type_phrase(options.type())));
    Options read;
    for (const JsonMember& member : options.members()) {
        const Known* known = find_option(member.name);
        if (known == nullptr)
            throw CallError(Fault{Code::invalid_option,
                                  shorten(member.name, shown_in_value),
                                  "unknown option " + quoted(member.name),
                                  shown_value(member.value),
                                  {},
                                  list_known_options()});
        if (!member.value.is_null()) known->read(read, known->name, member.value);
    }
    return read;
}

}  // namespace eryxon::core
