// Bodies and statuses of answers over HTTP.
#include "core/result/http_answer.hpp"

#include <gtest/gtest.h>

using namespace eryxon::core;

namespace {

int status_of(Code code, std::string sqlstate = {}) {
    Fault fault{code, "", "", ""};
    fault.sqlstate = std::move(sqlstate);
    return http_failure_of(fault).status;
}

TEST(HttpAnswer, CodesOfRecordsHaveTheirStatus) {
    EXPECT_EQ(status_of(Code::not_null), 422);
    EXPECT_EQ(status_of(Code::pattern_mismatch), 422);
    EXPECT_EQ(status_of(Code::type_mismatch), 422);
    EXPECT_EQ(status_of(Code::date_format), 422);
    EXPECT_EQ(status_of(Code::unknown_field), 422);
    EXPECT_EQ(status_of(Code::unique_constraint), 409);
    EXPECT_EQ(status_of(Code::exists), 409);
    EXPECT_EQ(status_of(Code::fk_constraint), 409);
    EXPECT_EQ(status_of(Code::in_progress), 409);
    EXPECT_EQ(status_of(Code::not_found), 404);
    EXPECT_EQ(status_of(Code::access_denied), 403);
}

TEST(HttpAnswer, AWrongCallIsABadRequestWhateverItsState) {
    for (Code code : {Code::invalid_payload, Code::invalid_option, Code::unknown_entity, Code::batch_too_large})
        EXPECT_EQ(status_of(code), 400);
    EXPECT_EQ(status_of(Code::invalid_payload, "22P05"), 400);
    EXPECT_EQ(status_of(Code::invalid_payload, "54001"), 400);
}

TEST(HttpAnswer, ErrorsOfTheDatabaseGoByState) {
    EXPECT_EQ(status_of(Code::database_error), 422);
    EXPECT_EQ(status_of(Code::database_error, "P0001"), 422);
    EXPECT_EQ(status_of(Code::database_error, "23505"), 409);
    EXPECT_EQ(status_of(Code::database_error, "42883"), 500);
    EXPECT_EQ(status_of(Code::entity_unusable), 500);
    EXPECT_EQ(http_failure_of("22023", Raised::by_us).status, 400);
    EXPECT_EQ(http_failure_of("22008", Raised::by_others).status, 422);
    EXPECT_EQ(http_failure_of("23P01", Raised::by_others).status, 409);
    EXPECT_EQ(http_failure_of("XX000", Raised::by_us).status, 500);
}

TEST(HttpAnswer, StatesOfOursMeanSomethingElseFromOthers) {
    EXPECT_EQ(http_failure_of("P0002", Raised::by_us).status, 404);
    EXPECT_EQ(http_failure_of("P0002", Raised::by_others).status, 500);
    EXPECT_EQ(http_failure_of("42703", Raised::by_us).status, 422);
    EXPECT_EQ(http_failure_of("42703", Raised::by_others).status, 500);
    EXPECT_EQ(status_of(Code::database_error, "42703"), 500);
    EXPECT_EQ(status_of(Code::unknown_field, "42703"), 422);
}

TEST(HttpAnswer, ConflictsAreConflictsWhoeverRaisesThem) {
    for (const char* state : {"23503", "23505", "23P01", "23001"})
        for (Raised raised : {Raised::by_us, Raised::by_others, Raised::outside})
            EXPECT_EQ(http_failure_of(state, raised).status, 409) << state;
}

TEST(HttpAnswer, EveryStatusHasAWord) {
    EXPECT_EQ(http_code(409), "CONFLICT");
    EXPECT_EQ(http_code(418), "BAD_REQUEST");
    EXPECT_EQ(http_code(599), "INTERNAL_ERROR");
    EXPECT_EQ(http_failure_of("40001", Raised::outside).code, "SERVICE_UNAVAILABLE");
}

TEST(HttpAnswer, BodiesHaveTheContractsShape) {
    EXPECT_EQ(http_success("[1]"), R"({"success":true,"data":[1]})");
    EXPECT_EQ(
        http_failure(http_unauthorized, "no \"tenant\"", "", "[]"),
        R"({"success":false,"error":{"code":"UNAUTHORIZED","message":"no \"tenant\"","details":[],"statusCode":401}})");
    EXPECT_EQ(
        http_failure({"CONFLICT", 409}, "taken", "Take another.", "[{}]"),
        R"({"success":false,"error":{"code":"CONFLICT","message":"taken. Take another.","details":[{}],"statusCode":409}})");
}

std::string split(std::string_view body) {
    JsonArena arena;
    HttpPayload const payload = split_options(parse_json(body, arena), arena);
    std::string text;
    write_json(payload.records, text);
    text += ' ';
    write_json(payload.options, text);
    return text;
}

TEST(HttpAnswer, OptionsStandBesideTheRecords) {
    EXPECT_EQ(split(R"({"items":[1],"options":{"dry_run":true}})"), R"({"items":[1]} {"dry_run":true})");
    EXPECT_EQ(split(R"({"items":[1]})"), R"({"items":[1]} {})");
    EXPECT_EQ(split(R"([{"options":{}}])"), R"([{"options":{}}] {})");
    EXPECT_EQ(split("5"), "5 {}");
}

TEST(HttpAnswer, AnEntityMayBeCalledOptions) {
    EXPECT_EQ(split(R"({"options":[1]})"), R"({"options":[1]} {})");
}

}  // namespace
