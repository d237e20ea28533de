// The table of endpoints.
#include "gateway/api/endpoints.hpp"

#include <algorithm>
#include <array>

namespace eryxon::gateway {

namespace {

constexpr std::array list_parameters = std::to_array<QueryParameter>({
    {"id", "id"},
    {"external_id", "external_id"},
    {"external_source", "external_source"},
    {"status", "status"},
    {"search", "search"},
    {"updated_since", "updated_since"},
    {"include_deleted", "include_deleted"},
    {"sort", "sort_by"},
    {"order", "sort_order"},
    {"limit", "max_rows"},
    {"offset", "skip_rows"},
    {"fields", "fields"},
});
constexpr std::array remove_parameters = std::to_array<QueryParameter>({
    {"id", "id"},
    {"external_id", "external_id"},
    {"external_source", "external_source"},
    {"hard", "hard"},
    {"force", "force"},
});
constexpr std::array status_parameters = std::to_array<QueryParameter>({
    {"entity_type", "entity_type"},
    {"source", "source"},
    {"limit", "max_rows"},
});

constexpr std::array changes_parameters = std::to_array<QueryParameter>({
    {"since", "since"},
    {"entity_type", "entity_type"},
    {"source", "source"},
    {"exclude_source", "exclude_source"},
    {"limit", "max_rows"},
});
constexpr std::array id_parameters = std::to_array<QueryParameter>({{"id", "id"}});
constexpr std::array webhook_log_parameters = std::to_array<QueryParameter>({
    {"webhook_id", "webhook_id"},
    {"status", "status"},
    {"limit", "max_rows"},
    {"offset", "skip_rows"},
});

constexpr std::array run_list_parameters = std::to_array<QueryParameter>({
    {"entity_type", "entity_type"},
    {"source", "source"},
    {"since", "since"},
    {"limit", "max_rows"},
});
constexpr std::array mapping_parameters = std::to_array<QueryParameter>({{"entity", "entity"}, {"source", "source"}});
constexpr std::array statistics_parameters = std::to_array<QueryParameter>({{"days", "days"}});
constexpr std::array rejected_parameters = std::to_array<QueryParameter>({{"run", "run"}, {"delimiter", "delimiter"}});
constexpr std::array template_parameters = std::to_array<QueryParameter>({{"delimiter", "delimiter"}});
constexpr std::array inspect_parameters = std::to_array<QueryParameter>({
    {"delimiter", "delimiter"},
    {"encoding", "encoding"},
    {"header", "header"},
    {"header_line", "header_line"},
    {"mapping", "mapping"},
    {"external_source", "external_source"},
});
constexpr std::array import_parameters = std::to_array<QueryParameter>({
    {"dry_run", "dry_run"},
    {"run", "run"},
    {"delimiter", "delimiter"},
    {"encoding", "encoding"},
    {"header", "header"},
    {"header_line", "header_line"},
    {"decimal", "decimal"},
    {"grouping", "grouping"},
    {"date_format", "date_format"},
    {"null_token", "null_token"},
    {"repeated_keys", "repeated_keys"},
    {"nulls", "nulls"},
    {"external_source", "external_source"},
    {"mapping", "mapping"},
    {"only_mapped", "only_mapped"},
    {"results", "results"},
    {"results_limit", "results_limit"},
    {"results_offset", "results_offset"},
    {"on_error", "on_error"},
    {"mode", "mode"},
    {"skip_unchanged", "skip_unchanged"},
    {"update_strategy", "update_strategy"},
    {"children", "children"},
    {"unknown_fields", "unknown_fields"},
    {"deleted", "deleted"},
    {"adopt", "adopt"},
    {"force", "force"},
    {"max_errors", "max_errors"},
    {"client_ref", "client_ref"},
});

constexpr std::array record_parameters = std::to_array<QueryParameter>({
    {"entity", "entity"},
    {"run", "run"},
    {"results", "results"},
    {"on_error", "on_error"},
    {"mode", "mode"},
    {"skip_unchanged", "skip_unchanged"},
    {"update_strategy", "update_strategy"},
    {"children", "children"},
    {"children_results", "children_results"},
    {"unknown_fields", "unknown_fields"},
    {"deleted", "deleted"},
    {"adopt", "adopt"},
    {"force", "force"},
    {"nulls", "nulls"},
    {"max_errors", "max_errors"},
    {"client_ref", "client_ref"},
});

constexpr std::array table = std::to_array<EndpointRow>({
    {"PUT", "/api-{entity}/sync", Endpoint::sync, "-sync", Body::arguments},
    {"POST", "/api-{entity}/bulk-sync", Endpoint::bulk_sync, "-bulk-sync", Body::arguments},
    {"GET", "/api-{entity}", Endpoint::list, "-list", Body::none, list_parameters},
    {"DELETE", "/api-{entity}", Endpoint::remove, "-delete", Body::none, remove_parameters},
    {"POST", "/api-erp-sync/diff", Endpoint::diff, "api-erp-sync-diff", Body::arguments},
    {"POST", "/api-erp-sync/sync", Endpoint::sync_all, "api-erp-sync-sync", Body::arguments},
    {"GET", "/api-erp-sync/status", Endpoint::status, "api-erp-sync-status", Body::none, status_parameters},
    {"GET", "/api-erp-sync/changes", Endpoint::changes, "api-erp-sync-changes", Body::none, changes_parameters},
    {"GET", "/api-erp-sync/runs", Endpoint::run_list, "api-erp-sync-runs", Body::none, run_list_parameters},
    {"GET", "/api-erp-sync/runs/{id}", Endpoint::run, "api-erp-sync-runs"},
    {"DELETE", "/api-erp-sync/runs/{id}", Endpoint::run_cancel, "api-erp-sync-runs-cancel"},
    {"GET", "/api-erp-sync/statistics", Endpoint::statistics, "api-erp-sync-statistics", Body::none,
     statistics_parameters},
    {"GET", "/api-webhooks", Endpoint::webhook_list, "api-webhooks-list", Body::none, id_parameters},
    {"POST", "/api-webhooks", Endpoint::webhook_create, "api-webhooks-create", Body::arguments},
    {"PATCH", "/api-webhooks", Endpoint::webhook_update, "api-webhooks-update", Body::changes, id_parameters},
    {"DELETE", "/api-webhooks", Endpoint::webhook_remove, "api-webhooks-delete", Body::none, id_parameters},
    {"POST", "/api-webhooks/rotate", Endpoint::webhook_rotate, "api-webhooks-rotate", Body::none, id_parameters},
    {"POST", "/api-webhooks/test", Endpoint::webhook_test, "api-webhooks-test", Body::none, id_parameters},
    {"GET", "/api-webhook-logs", Endpoint::webhook_logs, "api-webhook-logs-list", Body::none, webhook_log_parameters},
    {"POST", "/api-webhook-logs/replay", Endpoint::webhook_replay, "api-webhook-logs-replay", Body::none,
     id_parameters},
    {"POST", "/api-{entity}/inspect", Endpoint::inspect, "api-csv-inspect", Body::file, inspect_parameters},
    {"POST", "/api-{entity}/import", Endpoint::import_file, "api-csv-import", Body::file, import_parameters},
    {"POST", "/api-erp-sync/import", Endpoint::import_records, "api-json-import", Body::records, record_parameters},
    {"GET", "/api-{entity}/template", Endpoint::csv_template, "api-csv-template", Body::none, template_parameters},
    {"GET", "/api-{entity}/rejected", Endpoint::csv_rejected, "api-csv-rejected", Body::none, rejected_parameters},
    {"GET", "/api-admin/session", Endpoint::admin_session, "api-admin-session"},
    {"GET", "/api-csv-mappings", Endpoint::mapping_list, "api-csv-mappings-list", Body::none, mapping_parameters},
    {"POST", "/api-csv-mappings", Endpoint::mapping_save, "api-csv-mappings-save", Body::arguments},
    {"DELETE", "/api-csv-mappings", Endpoint::mapping_remove, "api-csv-mappings-delete", Body::none, id_parameters},
    {"GET", "/admin", Endpoint::admin},
    {"GET", "/api-keys", Endpoint::key_list, "api-keys-list"},
    {"POST", "/api-keys", Endpoint::key_create, "api-keys-create", Body::arguments},
    {"DELETE", "/api-keys", Endpoint::key_remove, "api-keys-delete", Body::none, id_parameters},
    {.method = "GET", .path = "/healthz", .endpoint = Endpoint::health, .below_base = false},
    {.method = "GET", .path = "/readyz", .endpoint = Endpoint::ready, .below_base = false},
    {.method = "GET", .path = "/metrics", .endpoint = Endpoint::metrics, .below_base = false},
    {.method = "GET", .path = "/openapi.json", .endpoint = Endpoint::openapi, .below_base = false},
});

}  // namespace

std::span<const EndpointRow> endpoint_rows() {
    return table;
}

const EndpointRow* endpoint_row(Endpoint endpoint) {
    auto const row =
        std::find_if(table.begin(), table.end(), [&](const auto& one) { return one.endpoint == endpoint; });
    return row == table.end() ? nullptr : &*row;
}

bool calls_function(Endpoint endpoint) {
    const EndpointRow* const row = endpoint_row(endpoint);
    return endpoint == Endpoint::rpc || (row != nullptr && !row->function.empty());
}

Body body_of(Endpoint endpoint) {
    const EndpointRow* const row = endpoint_row(endpoint);
    return row == nullptr ? Body::none : row->body;
}

bool passes_entity(Endpoint endpoint) {
    const EndpointRow* const row = endpoint_row(endpoint);
    return row != nullptr && row->function.starts_with("api-") && row->path.find("{entity}") != std::string_view::npos;
}

}  // namespace eryxon::gateway
