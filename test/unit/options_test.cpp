// Reading the options of a call.
#include "core/record/options.hpp"

#include <gtest/gtest.h>

namespace eryxon::core {
namespace {

Options read(std::string_view text) {
    JsonArena arena;
    return read_options(parse_json(text, arena));
}

Fault refused(std::string_view text) {
    try {
        read(text);
    } catch (const CallError& error) {
        return error.faults().front();
    }
    ADD_FAILURE() << "taken: " << text;
    return {};
}

TEST(Options, HaveTheContractsDefaults) {
    const Options options = read("{}");
    EXPECT_EQ(options.on_error, OnError::keep_going);
    EXPECT_TRUE(options.skip_unchanged && options.record_history);
    EXPECT_FALSE(options.adopt || options.force || options.dry_run);
    EXPECT_EQ(options.mode, Mode::upsert);
    EXPECT_EQ(options.update_strategy, UpdateStrategy::merge);
    EXPECT_EQ(options.children, ChildrenStrategy::merge);
    EXPECT_EQ(options.unknown_fields, UnknownFields::warn);
    EXPECT_EQ(options.deleted, Deleted::restore);
    EXPECT_EQ(options.nulls, Nulls::clear);
    EXPECT_EQ(options.results, Results::all);
    EXPECT_EQ(options.children_results, ChildrenResults::counts);
    EXPECT_FALSE(options.max_errors || options.client_ref);
}

TEST(Options, ReadEveryOne) {
    const Options options =
        read(R"({"on_error":"abort","skip_unchanged":false,"mode":"create","update_strategy":"replace",
        "children":"replace","unknown_fields":"metadata","deleted":"refuse","adopt":true,"force":true,"results":"errors",
        "max_errors":10,"results_limit":20,"results_offset":40,"nulls":"absent","children_results":"all","dry_run":true,
        "record_history":false,"client_ref":"run 7"})");
    EXPECT_EQ(options.on_error, OnError::abort);
    EXPECT_FALSE(options.skip_unchanged || options.record_history);
    EXPECT_TRUE(options.adopt && options.force && options.dry_run);
    EXPECT_EQ(options.mode, Mode::create);
    EXPECT_EQ(options.update_strategy, UpdateStrategy::replace);
    EXPECT_EQ(options.children, ChildrenStrategy::replace);
    EXPECT_EQ(options.unknown_fields, UnknownFields::metadata);
    EXPECT_EQ(options.deleted, Deleted::refuse);
    EXPECT_EQ(options.results, Results::errors);
    EXPECT_EQ(options.nulls, Nulls::absent);
    EXPECT_EQ(options.children_results, ChildrenResults::all);
    EXPECT_EQ(options.max_errors, 10);
    EXPECT_EQ(options.results_limit, 20);
    EXPECT_EQ(options.results_offset, 40);
    EXPECT_EQ(options.client_ref, "run 7");
}

TEST(Options, UnderstandTheNamesOfEryxon) {
    EXPECT_EQ(read(R"({"continue_on_error":false,"batch_size":100})").on_error, OnError::abort);
    EXPECT_EQ(read(R"({"continueOnError":true})").on_error, OnError::keep_going);
    EXPECT_EQ(read(R"({"updateStrategy":"replace"})").update_strategy, UpdateStrategy::replace);
    EXPECT_EQ(refused(R"({"batchSize":"many"})").path, "batch_size");
    EXPECT_EQ(refused(R"({"update__strategy":"replace"})").path, "update__strategy");
}

TEST(Options, NullMeansTheDefault) {
    const Options options = read(R"({"mode":null,"skip_unchanged":null,"max_errors":null,"client_ref":null})");
    EXPECT_EQ(options.mode, Mode::upsert);
    EXPECT_TRUE(options.skip_unchanged);
    EXPECT_FALSE(options.max_errors || options.client_ref);
}

TEST(Options, RefuseWhatTheyDoNotTake) {
    for (const std::string_view text :
         {R"({"mode":"insert"})", R"({"mode":1})", R"({"dry_run":"true"})", R"({"dry_run":1})", R"({"max_errors":-1})",
          R"({"results_limit":-1})", R"({"results_offset":"1"})", R"({"max_errors":1.5})", R"({"max_errors":"3"})",
          R"({"max_errors":1e30})", R"({"client_ref":5})", R"({"on_error":["abort"]})", R"({"results":"ALL"})",
          R"({"unknown_fields":{}})"}) {
        const Fault fault = refused(text);
        EXPECT_EQ(fault.code, Code::invalid_option) << text;
        EXPECT_FALSE(fault.path.empty()) << text;
        EXPECT_NE(fault.message.find("expected"), std::string::npos) << fault.message;
    }
    EXPECT_EQ(refused(R"({"mode":"insert"})").message,
              "invalid value \"insert\" for option \"mode\", expected one of: upsert, create, update");
}

TEST(Options, AreAnObjectOfKnownNames) {
    for (const std::string_view text : {"null", "[]", "1", R"("mode")"})
        EXPECT_EQ(refused(text).code, Code::invalid_option);
    const Fault fault = refused(R"({"dryrun":true})");
    EXPECT_EQ(fault.path, "dryrun");
    EXPECT_NE(fault.hint.find("dry_run"), std::string::npos);
    EXPECT_EQ(refused(R"({"a\"b":true})").message, "unknown option \"a\"b\"");
}

}  // namespace
}  // namespace eryxon::core
