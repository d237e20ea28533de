// Reading rules, refusing bad ones, and linking rules with columns.
#include "core/schema/rules.hpp"

#include "shop_schema.hpp"

#include <gtest/gtest.h>

namespace eryxon::core {
namespace {

struct RuleTest : testing::Test {
    JsonArena arena;

    Field read(std::string_view rule, std::string_view name = "field") {
        return read_rule(name, parse_json(rule, arena), arena);
    }

    // The path of the fault with which the rule is refused, "taken" if it is not.
    std::string refused_at(std::string_view rule, std::string_view name = "field") {
        try {
            read(rule, name);
            return "taken";
        } catch (const CallError& error) {
            EXPECT_EQ(error.faults().front().code, Code::invalid_option);
            EXPECT_FALSE(error.faults().front().message.empty());
            return error.faults().front().path;
        }
    }
};

TEST_F(RuleTest, ReadsEveryKey) {
    const Field field = read(R"({"column":"Customer Name","aliases":["KUNNR","customer_name"],"default":{"a":[1,"x"]},
        "required":true,"enum":["a","b"],"value_aliases":{"x":"a","0":null},"min":-1.5,"max":10,"min_length":1,
        "max_length":9,"pattern":"^a","write":"forward"})");
    EXPECT_EQ(field.name, "field");
    EXPECT_EQ(field.column_name, "Customer Name");
    EXPECT_EQ(field.aliases, (std::vector<std::string>{"KUNNR", "customer_name"}));
    ASSERT_NE(field.default_value, nullptr);
    std::string text;
    write_json(*field.default_value, text);
    EXPECT_EQ(text, R"({"a":[1,"x"]})");
    EXPECT_TRUE(field.required);
    EXPECT_EQ(field.allowed.size(), 2u);
    EXPECT_EQ(field.value_aliases.at("x").text(), "a");
    EXPECT_TRUE(field.value_aliases.at("0").is_null());
    EXPECT_EQ(field.min, "-1.5");
    EXPECT_EQ(field.max, "10");
    EXPECT_EQ(field.min_length, 1);
    EXPECT_EQ(field.max_length, 9);
    EXPECT_EQ(field.pattern, "^a");
    EXPECT_EQ(field.write, Write::forward);
    EXPECT_FALSE(field.mapped());
}

TEST_F(RuleTest, DefaultsOfAnEmptyRule) {
    const Field field = read("{}", "customer");
    EXPECT_EQ(field.column_name, "customer");
    EXPECT_EQ(field.default_value, nullptr);
    EXPECT_FALSE(field.default_next || field.required || field.reference || field.min);
    EXPECT_EQ(field.write, Write::always);
    EXPECT_EQ(refused_at(R"({"column":null,"default":null,"enum":null})"), "taken");
}

TEST_F(RuleTest, NextIsNoValue) {
    const Field field = read(R"({"default":"next"})");
    EXPECT_TRUE(field.default_next);
    EXPECT_EQ(field.default_value, nullptr);
}

TEST_F(RuleTest, ReadsReferences) {
    const Field field = read(
        R"({"required":true,"references":{"entity":"jobs","match":"name","parent":true,"children":"parts"}})", "job");
    ASSERT_TRUE(field.reference);
    EXPECT_EQ(field.column_name, "job_id");
    EXPECT_EQ(field.reference->entity, "jobs");
    EXPECT_TRUE(field.reference->by_name && field.reference->parent);
    EXPECT_EQ(field.reference->children_key, "parts");
}

TEST_F(RuleTest, RefusesWhatItDoesNotUnderstand) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"[]", ""},
        {"null", ""},
        {R"({"colum":"x"})", "colum"},
        {R"({"column":1})", "column"},
        {R"({"column":""})", "column"},
        {R"({"column":"tenant_id"})", "column"},
        {R"({"column":"deleted_at"})", "column"},
        {R"({"aliases":"x"})", "aliases"},
        {R"({"aliases":["a",1]})", "aliases[1]"},
        {R"({"aliases":["a",""]})", "aliases[1]"},
        {R"({"aliases":["id"]})", "aliases[0]"},
        {R"({"aliases":["_x"]})", "aliases[0]"},
        {R"({"required":"yes"})", "required"},
        {R"({"enum":{}})", "enum"},
        {R"({"enum":[true]})", "enum[0]"},
        {R"({"value_aliases":[]})", "value_aliases"},
        {R"({"min":"1"})", "min"},
        {R"({"max":true})", "max"},
        {R"({"min_length":-1})", "min_length"},
        {R"({"max_length":1.5})", "max_length"},
        {R"({"max_length":99999999999})", "max_length"},
        {R"({"pattern":1})", "pattern"},
        {R"({"write":"never"})", "write"},
        {R"({"write":"forward"})", "write"},
        {R"({"references":"jobs"})", "references"},
        {R"({"references":{}})", "references"},
        {R"({"references":{"entity":"Jobs"}})", "references.entity"},
        {R"({"references":{"entity":"jobs","match":"x"}})", "references.match"},
        {R"({"references":{"entity":"jobs","parent":1}})", "references.parent"},
        {R"({"references":{"entity":"jobs","children":"parts"}})", "references.children"},
        {R"({"references":{"entity":"jobs","parent":true,"children":"a b"}})", "references.children"},
        {R"({"references":{"entity":"jobs","x":1}})", "references.x"},
        {R"({"references":{"entity":"jobs"},"min":1})", "min"},
        {R"({"references":{"entity":"jobs"},"aliases":["order"]})", "aliases"},
    };
    for (const auto& [rule, path] : cases)
        EXPECT_EQ(refused_at(rule), path) << rule;
}

TEST_F(RuleTest, RefusesBadNames) {
    for (const std::string_view name : {"", "Name", "1a", "a-b", "a\"b", "id", "tenant_id", "external_id", "_x", "ä"})
        EXPECT_NE(refused_at("{}", name), "taken") << name;
    EXPECT_NE(refused_at("{}", std::string(49, 'a')), "taken");
    EXPECT_EQ(refused_at("{}", std::string(48, 'a')), "taken");
}

TEST(Link, JoinsColumnsButNeverGeneratedOnes) {
    const auto schema = test::make_shop_schema([](Schema& shop) {
        test::column_of(test::entity_of(shop, "jobs"), "notes").generated = true;
        std::erase_if(test::entity_of(shop, "jobs").columns, [](const Column& c) { return c.name == "priority"; });
    });
    const Entity& jobs = *schema->find("jobs");
    EXPECT_TRUE(jobs.find("customer")->mapped());
    EXPECT_EQ(jobs.columns[static_cast<std::size_t>(jobs.find("customer")->column)].name, "customer");
    EXPECT_FALSE(jobs.find("notes")->mapped());
    EXPECT_FALSE(jobs.find("priority")->mapped());
    EXPECT_EQ(jobs.find("nothing"), nullptr);
    EXPECT_EQ(schema->find("nothing"), nullptr);
}

TEST(Link, OrdersByDependency) {
    const auto schema =
        test::make_shop_schema([](Schema& shop) { std::reverse(shop.entities.begin(), shop.entities.end()); });
    std::string order;
    for (const Entity& entity : schema->entities)
        order += std::to_string(entity.order) + entity.name + ' ';
    EXPECT_EQ(order, "0jobs 1parts 2resources 3cells 4operations ");
    order.clear();
    for (const Entity& entity : test::shop_schema().entities)
        order += entity.name + ' ';
    EXPECT_EQ(order, "cells resources jobs parts operations ");
}

TEST(Link, EntersACycleSomewhere) {
    const auto schema = test::make_shop_schema([](Schema& shop) {
        Entity& jobs = test::entity_of(shop, "jobs");
        jobs.fields.push_back(
            read_rule("main_part", parse_json(R"({"references":{"entity":"parts"}})", shop.arena), shop.arena));
    });
    EXPECT_EQ(schema->entities.size(), 5u);
    EXPECT_LT(schema->find("parts")->order, schema->find("operations")->order);
}

TEST(Link, FindsChildren) {
    const Entity& jobs = *test::shop_schema().find("jobs");
    ASSERT_EQ(jobs.children.size(), 1u);
    EXPECT_EQ(jobs.children[0].key, "parts");
    EXPECT_EQ(jobs.children[0].entity, "parts");
    EXPECT_EQ(jobs.children[0].field, "job");
    EXPECT_EQ(test::shop_schema().find("parts")->children.size(), 1u);
    EXPECT_TRUE(test::shop_schema().find("cells")->children.empty());
}

TEST(MemberNames, AreFoundInEveryForm) {
    const MemberNames& names = test::shop_schema().find("operations")->names;
    EXPECT_EQ(names.find("external_id"), MemberNames::external_id);
    EXPECT_EQ(names.find("external_source"), MemberNames::external_source);
    EXPECT_EQ(names.find("_op"), MemberNames::operation);
    EXPECT_EQ(names[names.find("tenant_id")].role, Role::read_only);
    for (const std::string_view form : {"cell_id", "cell_external_id", "cell_external_source", "cell_name", "part_id"})
        EXPECT_EQ(names[names.find(form)].role, Role::reference_form) << form;
    for (const std::string_view none : {"cell", "part_name", "", "_", "Name", "external_idx", "external_i"})
        EXPECT_EQ(names.find(none), -1) << none;
    EXPECT_EQ(names.find(std::string(100000, 'x')), -1);
    for (int number = 0; number < names.size(); ++number)
        EXPECT_EQ(names.find(names[number].text), number);
}

TEST(MemberNames, ANameBeatsAnotherFieldsAlias) {
    const auto schema = test::make_shop_schema([](Schema& shop) {
        test::field_of(test::entity_of(shop, "jobs"), "customer").aliases = {"notes", "client"};
    });
    const Entity& jobs = *schema->find("jobs");
    const auto field_of = [&](std::string_view name) {
        return jobs.fields[static_cast<std::size_t>(jobs.names[jobs.names.find(name)].index)].name;
    };
    EXPECT_EQ(field_of("notes"), "notes");
    EXPECT_EQ(field_of("client"), "customer");
}

// One entity has as an alias, which counts for nothing, what the other has as a name, under the same number.
TEST(MemberLookup, KnowsWhichEntityItLooksIn) {
    const auto names_of = [](std::vector<Field> fields) {
        Entity entity;
        entity.fields = std::move(fields);
        MemberNames names;
        names.build(entity);
        return names;
    };
    const auto field = [](std::string name, std::vector<std::string> aliases) {
        Field made;
        made.name = std::move(name);
        made.aliases = std::move(aliases);
        return made;
    };
    const MemberNames plain = names_of({field("a", {}), field("n", {})});
    const MemberNames aliased = names_of({field("a", {"n"}), field("n", {})});
    ASSERT_EQ(aliased[plain.find("n")].text, "n");
    ASSERT_NE(aliased.find("n"), plain.find("n"));
    MemberLookup lookup;
    for (const MemberNames* names : {&plain, &aliased, &aliased, &plain})
        for (const std::string_view name : {"n", "none", "external_id", "n", "n"})
            for (const std::size_t place : {0, 31, 32, 1000})
                EXPECT_EQ(lookup.find(*names, place, name), names->find(name)) << name;
}

}  // namespace
}  // namespace eryxon::core
