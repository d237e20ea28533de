// Paths and methods, and the endpoints that they name.
#include "gateway/api/router.hpp"

#include <gtest/gtest.h>

namespace eryxon::gateway {
namespace {

TEST(Router, FindsTheFunctionOfEachRoute) {
    const struct {
        std::string_view method, path, function, route;
    } table[] = {
        {"PUT", "/api-jobs/sync", "api-jobs-sync", "/api-{entity}/sync"},
        {"POST", "/api-jobs/bulk-sync", "api-jobs-bulk-sync", "/api-{entity}/bulk-sync"},
        {"DELETE", "/api-work_orders2", "api-work_orders2-delete", "/api-{entity}"},
        {"GET", "/api-cells", "api-cells-list", "/api-{entity}"},
        {"HEAD", "/api-cells", "api-cells-list", "/api-{entity}"},
        {"POST", "/api-erp-sync/diff", "api-erp-sync-diff", "/api-erp-sync/diff"},
        {"POST", "/api-erp-sync/sync", "api-erp-sync-sync", "/api-erp-sync/sync"},
        {"GET", "/api-erp-sync/status", "api-erp-sync-status", "/api-erp-sync/status"},
        {"GET", "/api-erp-sync/changes", "api-erp-sync-changes", "/api-erp-sync/changes"},
        {"HEAD", "/api-webhooks", "api-webhooks-list", "/api-webhooks"},
        {"POST", "/api-webhooks", "api-webhooks-create", "/api-webhooks"},
        {"PATCH", "/api-webhooks", "api-webhooks-update", "/api-webhooks"},
        {"DELETE", "/api-webhooks", "api-webhooks-delete", "/api-webhooks"},
        {"GET", "/api-webhook-logs", "api-webhook-logs-list", "/api-webhook-logs"},
        {"POST", "/api-webhooks/rotate", "api-webhooks-rotate", "/api-webhooks/rotate"},
        {"POST", "/api-webhook-logs/replay", "api-webhook-logs-replay", "/api-webhook-logs/replay"},
        {"POST", "/api-jobs/import", "api-csv-import", "/api-{entity}/import"},
        {"GET", "/api-jobs/template", "api-csv-template", "/api-{entity}/template"},
        {"GET", "/api-erp-sync/runs", "api-erp-sync-runs", "/api-erp-sync/runs"},
        {"GET", "/api-erp-sync/runs/0f-A1", "api-erp-sync-runs", "/api-erp-sync/runs/{id}"},
        {"DELETE", "/api-erp-sync/runs/0f-A1", "api-erp-sync-runs-cancel", "/api-erp-sync/runs/{id}"},
        {"HEAD", "/api-keys", "api-keys-list", "/api-keys"},
        {"POST", "/api-csv-mappings", "api-csv-mappings-save", "/api-csv-mappings"},
        {"GET", "/api-admin/session", "api-admin-session", "/api-admin/session"},
        {"POST", "/rpc/api-jobs-sync", "api-jobs-sync", "/rpc/{function}"},
        {"GET", "/rpc/a%20b", "a b", "/rpc/{function}"},
        {"POST", "/rest/v1/rpc/api-jobs-sync", "api-jobs-sync", "/rpc/{function}"},
    };
    for (auto const& row : table) {
        Route const route = find_route("", row.method, row.path);
        EXPECT_EQ(route.function, row.function) << row.path;
        EXPECT_EQ(route.path, row.route) << row.path;
        EXPECT_TRUE(calls_function(route.endpoint)) << row.path;
    }
}

TEST(Router, RefusesOtherPaths) {
    for (std::string_view const path : {"",
                                        "/",
                                        "*",
                                        "/api-",
                                        "/api-/sync",
                                        "/api-Jobs/sync",
                                        "/api-jobs/",
                                        "/api-jobs/sync/",
                                        "/api-1a",
                                        "/api-erp-sync",
                                        "/rpc/",
                                        "/rpc",
                                        "/rest/v1/rpc/",
                                        "/rest/v1/jobs",
                                        "/rpc/%00",
                                        "/rpc/%zz",
                                        "/rpc/%ff",
                                        "/api-a%62c",
                                        "//api-jobs",
                                        "/api-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"})
        EXPECT_EQ(find_route("", "GET", path).endpoint, Endpoint::none) << path;
    EXPECT_EQ(find_route("", "PUT", "/api-webhooks/sync").endpoint, Endpoint::none);
    EXPECT_EQ(find_route("", "PUT", "/api-keys/sync").endpoint, Endpoint::none);
    EXPECT_EQ(find_route("", "GET", "/api-erp-sync/runs/x").endpoint, Endpoint::none);
    EXPECT_EQ(find_route("", "GET", "/administration").endpoint, Endpoint::none);
}

TEST(Router, FindsThePagesUnderTheBasePath) {
    Route const page = find_route("/x", "GET", "/x/admin/assets/a%2Db.js");
    EXPECT_EQ(page.endpoint, Endpoint::admin_page);
    EXPECT_EQ(page.page, "assets/a-b.js");
    EXPECT_EQ(page.function, "");
    EXPECT_FALSE(calls_function(page.endpoint));
    EXPECT_EQ(find_route("/x", "GET", "/x/admin").endpoint, Endpoint::admin);
    EXPECT_EQ(find_route("/x", "GET", "/admin/").endpoint, Endpoint::none);
    EXPECT_EQ(find_route("", "GET", "/admin/%00").endpoint, Endpoint::none);
    EXPECT_EQ(find_route("", "PUT", "/admin/").allow, "GET, HEAD");
}

TEST(Router, NamesTheMethodsOfAPath) {
    Route const route = find_route("", "PATCH", "/api-jobs");
    EXPECT_EQ(route.endpoint, Endpoint::wrong_method);
    EXPECT_EQ(route.allow, "GET, HEAD, DELETE");
    EXPECT_EQ(find_route("", "PUT", "/api-webhooks").allow, "GET, HEAD, POST, PATCH, DELETE");
    EXPECT_EQ(find_route("", "POST", "/api-webhook-logs").allow, "GET, HEAD");
    EXPECT_EQ(find_route("", "PUT", "/rpc/f").allow, "GET, HEAD, POST");
    EXPECT_EQ(find_route("", "POST", "/healthz").allow, "GET, HEAD");
    EXPECT_EQ(find_route("", "get", "/healthz").endpoint, Endpoint::wrong_method);
}

TEST(Router, PutsTheBasePathInFrontOfTheRoutesOnly) {
    EXPECT_EQ(find_route("/functions/v1", "PUT", "/functions/v1/api-jobs/sync").endpoint, Endpoint::sync);
    EXPECT_EQ(find_route("/functions/v1", "PUT", "/api-jobs/sync").endpoint, Endpoint::none);
    EXPECT_EQ(find_route("/functions/v1", "PUT", "/functions/v1api-jobs/sync").endpoint, Endpoint::none);
    EXPECT_EQ(find_route("/functions/v1", "POST", "/rpc/f").endpoint, Endpoint::rpc);
    EXPECT_EQ(find_route("/functions/v1", "GET", "/healthz").endpoint, Endpoint::health);
}

}  // namespace
}  // namespace eryxon::gateway
