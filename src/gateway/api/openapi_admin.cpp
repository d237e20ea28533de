// The paths of files, runs, mappings and keys in the OpenAPI document.
#include "gateway/api/openapi.hpp"

namespace eryxon::gateway {

namespace {

const char* import_path() {
    return R"json(
"/api-erp-sync/import": {"post": {"operationId": "importRecords", "tags": ["erp-sync"],
    "summary": "Import records of any number, in parts that each are a transaction, while they arrive",
    "parameters": [
        {"name": "entity", "in": "query", "required": true, "schema": {"type": "string"}},
        {"name": "run", "in": "query", "description": "The run's id, if the client chooses it", "schema": {"type": "string", "format": "uuid"}},
        {"name": "results", "in": "query", "schema": {"enum": ["all", "errors", "none"], "default": "errors"}},
        {"name": "on_error", "in": "query", "schema": {"enum": ["continue", "abort"], "default": "continue"}},
        {"name": "mode", "in": "query", "schema": {"enum": ["upsert", "create", "update"], "default": "upsert"}},
        {"name": "skip_unchanged", "in": "query", "schema": {"type": "boolean", "default": true}},
        {"name": "update_strategy", "in": "query", "schema": {"enum": ["merge", "replace"], "default": "merge"}},
        {"name": "children", "in": "query", "schema": {"enum": ["merge", "replace"], "default": "merge"}},
        {"name": "children_results", "in": "query", "schema": {"enum": ["counts", "all"], "default": "counts"}},
        {"name": "unknown_fields", "in": "query", "schema": {"enum": ["warn", "ignore", "error", "metadata"], "default": "warn"}},
        {"name": "deleted", "in": "query", "schema": {"enum": ["restore", "refuse"], "default": "restore"}},
        {"name": "adopt", "in": "query", "schema": {"type": "boolean", "default": false}},
        {"name": "force", "in": "query", "schema": {"type": "boolean", "default": false}},
        {"name": "nulls", "in": "query", "schema": {"enum": ["clear", "absent"], "default": "clear"}},
        {"name": "max_errors", "in": "query", "description": "Of a part", "schema": {"type": "integer", "minimum": 0}},
        {"name": "client_ref", "in": "query", "schema": {"type": "string"}}],
    "requestBody": {"required": true, "description": "It may be compressed (Content-Encoding: gzip).", "content": {
        "application/json": {"schema": {"anyOf": [{"type": "array", "items": {"type": "object"}},
            {"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": {"type": "array", "items": {"type": "object"}}}]}},
        "application/x-ndjson": {"schema": {"type": "string", "description": "A record on each line"}}}},
    "responses": {
        "200": {"description": "Counts, results and whether it was cancelled", "content": {"application/json": {"schema": {"allOf": [
            {"$ref": "#/components/schemas/answer.success"}, {"properties": {"data": {"allOf": [{"$ref": "#/components/schemas/result.bulk"},
            {"properties": {"cancelled": {"type": "boolean"}, "results_omitted": {"type": "integer"}}}]}}}]}}}},
        "default": {"$ref": "#/components/responses/Error"}}}}
)json";
}

const char* other_paths() {
    return R"json(
"/api-admin/session": {"get": {"operationId": "session", "tags": ["admin"], "summary": "Who is signed in, and the entities with their fields",
    "responses": {"200": {"$ref": "#/components/responses/Success"}, "default": {"$ref": "#/components/responses/Error"}}}},
"/api-erp-sync/runs": {"get": {"operationId": "runs", "tags": ["erp-sync"], "summary": "Runs, newest first",
    "parameters": [
        {"name": "entity_type", "in": "query", "schema": {"type": "string"}},
        {"name": "source", "in": "query", "schema": {"type": "string"}},
        {"name": "since", "in": "query", "schema": {"type": "string", "format": "date-time"}},
        {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 50}}],
    "responses": {"200": {"$ref": "#/components/responses/Success"}, "default": {"$ref": "#/components/responses/Error"}}}},
"/api-erp-sync/runs/{id}": {
    "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string", "format": "uuid"}}],
    "get": {"operationId": "run", "tags": ["erp-sync"], "summary": "One run; with Accept: text/event-stream how far it is until it ends",
        "responses": {"200": {"description": "The run", "content": {
                "application/json": {"schema": {"$ref": "#/components/schemas/answer.success"}},
                "text/event-stream": {"schema": {"type": "string", "description": "Events progress and done; data is the run"}}}},
            "default": {"$ref": "#/components/responses/Error"}}},
    "delete": {"operationId": "runCancel", "tags": ["erp-sync"], "summary": "Cancel an import; what was imported stays",
        "responses": {"200": {"$ref": "#/components/responses/Success"}, "default": {"$ref": "#/components/responses/Error"}}}},
"/api-erp-sync/statistics": {"get": {"operationId": "statistics", "tags": ["erp-sync"], "summary": "Counts by day, entity and source",
    "parameters": [{"name": "days", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 366, "default": 30}}],
    "responses": {"200": {"$ref": "#/components/responses/Success"}, "default": {"$ref": "#/components/responses/Error"}}}},
"/api-csv-mappings": {
    "get": {"operationId": "mappingList", "tags": ["admin"], "summary": "Mappings of CSV files",
        "parameters": [{"name": "entity", "in": "query", "schema": {"type": "string"}}, {"name": "source", "in": "query", "schema": {"type": "string"}}],
        "responses": {"200": {"$ref": "#/components/responses/Success"}, "default": {"$ref": "#/components/responses/Error"}}},
    "post": {"operationId": "mappingSave", "tags": ["admin"], "summary": "Keep a mapping in place of the one of its entity and source",
        "requestBody": {"required": true, "content": {"application/json": {"schema": {"type": "object", "required": ["entity", "source", "mapping"],
            "properties": {"entity": {"type": "string"}, "source": {"type": "string"}, "options": {"type": ["object", "null"]},
                "mapping": {"type": "object", "additionalProperties": {"type": ["string", "null", "array", "object"]}}}}}}},
        "responses": {"200": {"$ref": "#/components/responses/Success"}, "default": {"$ref": "#/components/responses/Error"}}},
    "delete": {"operationId": "mappingDelete", "tags": ["admin"], "summary": "Forget a mapping",
        "parameters": [{"name": "id", "in": "query", "required": true, "schema": {"type": "string", "format": "uuid"}}],
        "responses": {"200": {"$ref": "#/components/responses/Success"}, "default": {"$ref": "#/components/responses/Error"}}}},
"/api-keys": {
    "get": {"operationId": "keyList", "tags": ["admin"], "summary": "API keys, without the keys themselves",
        "responses": {"200": {"$ref": "#/components/responses/Success"}, "default": {"$ref": "#/components/responses/Error"}}},
    "post": {"operationId": "keyCreate", "tags": ["admin"], "summary": "Make an API key; the answer has it, once",
        "requestBody": {"required": true, "content": {"application/json": {"schema": {"type": "object", "required": ["name"],
            "properties": {"name": {"type": "string"}, "live": {"type": ["boolean", "null"]}, "role": {"type": ["string", "null"]},
                "expires_at": {"type": ["string", "null"], "format": "date-time"}}}}}},
        "responses": {"201": {"$ref": "#/components/responses/Success"}, "default": {"$ref": "#/components/responses/Error"}}},
    "delete": {"operationId": "keyRevoke", "tags": ["admin"], "summary": "Revoke an API key",
        "parameters": [{"name": "id", "in": "query", "required": true, "schema": {"type": "string", "format": "uuid"}}],
        "responses": {"200": {"$ref": "#/components/responses/Success"}, "default": {"$ref": "#/components/responses/Error"}}}},
"/api-webhooks/rotate": {"post": {"operationId": "webhookRotate", "tags": ["webhooks"], "summary": "Give a webhook a new secret; the answer has it, once",
    "parameters": [{"name": "id", "in": "query", "required": true, "schema": {"type": "string", "format": "uuid"}}],
    "responses": {"200": {"$ref": "#/components/responses/Success"}, "default": {"$ref": "#/components/responses/Error"}}}},
"/api-webhooks/test": {"post": {"operationId": "webhookTest", "tags": ["webhooks"], "summary": "Send a webhook a message of type webhook.test",
    "parameters": [{"name": "id", "in": "query", "required": true, "schema": {"type": "string", "format": "uuid"}}],
    "responses": {"200": {"$ref": "#/components/responses/Success"}, "default": {"$ref": "#/components/responses/Error"}}}},
"/api-webhook-logs/replay": {"post": {"operationId": "webhookReplay", "tags": ["webhooks"], "summary": "Send a delivery again",
    "parameters": [{"name": "id", "in": "query", "required": true, "schema": {"type": "string", "format": "uuid"}}],
    "responses": {"200": {"$ref": "#/components/responses/Success"}, "default": {"$ref": "#/components/responses/Error"}}}}
)json";
}

}  // namespace

const char* openapi_admin_paths() {
    static const std::string paths = std::string("{") + import_path() + ',' + other_paths() + '}';
    return paths.c_str();
}

const char* openapi_file_paths() {
    return R"json({
"/api-@/template": {"get": {"operationId": "@Template", "tags": ["files"], "summary": "The header of a CSV file of @",
    "parameters": [{"name": "delimiter", "in": "query", "schema": {"enum": [",", ";", "|", "tab"], "default": ","}}],
    "responses": {"200": {"description": "A file", "content": {"text/csv": {"schema": {"type": "string"}}}}, "default": {"$ref": "#/components/responses/Error"}}}},
"/api-@/inspect": {"post": {"operationId": "@Inspect", "tags": ["files"], "summary": "What a CSV file of @ looks like, and a field for each column",
    "parameters": [
        {"name": "delimiter", "in": "query", "schema": {"enum": [",", ";", "|", "tab"]}},
        {"name": "encoding", "in": "query", "schema": {"type": "string"}},
        {"name": "header", "in": "query", "schema": {"type": "boolean"}},
        {"name": "header_line", "in": "query", "schema": {"type": "integer", "minimum": 1}},
        {"name": "mapping", "in": "query", "content": {"application/json": {"schema": {"type": "object"}}}},
        {"name": "external_source", "in": "query", "schema": {"type": "string"}}],
    "requestBody": {"$ref": "#/components/requestBodies/File"},
    "responses": {"200": {"$ref": "#/components/responses/Success"}, "default": {"$ref": "#/components/responses/Error"}}}},
"/api-@/import": {"post": {"operationId": "@Import", "tags": ["files"], "summary": "Import a CSV file of @, in parts that each are a transaction",
    "parameters": [
        {"name": "dry_run", "in": "query", "description": "Tell what would happen, in one transaction", "schema": {"type": "boolean", "default": false}},
        {"name": "run", "in": "query", "description": "The run's id, if the client chooses it", "schema": {"type": "string", "format": "uuid"}},
        {"name": "delimiter", "in": "query", "schema": {"enum": [",", ";", "|", "tab"]}},
        {"name": "encoding", "in": "query", "schema": {"type": "string"}},
        {"name": "header", "in": "query", "schema": {"type": "boolean", "default": true}},
        {"name": "header_line", "in": "query", "schema": {"type": "integer", "minimum": 1}},
        {"name": "decimal", "in": "query", "schema": {"enum": [".", ","], "default": "."}},
        {"name": "grouping", "in": "query", "schema": {"enum": [".", ",", " ", "'", ""]}},
        {"name": "date_format", "in": "query", "schema": {"enum": ["YYYY-MM-DD", "DD-MM-YYYY", "MM/DD/YYYY"], "default": "YYYY-MM-DD"}},
        {"name": "null_token", "in": "query", "schema": {"type": "string"}},
        {"name": "repeated_keys", "in": "query", "schema": {"enum": ["warn", "refuse", "accept"], "default": "warn"}},
        {"name": "nulls", "in": "query", "schema": {"enum": ["clear", "absent"], "default": "clear"}},
        {"name": "external_source", "in": "query", "schema": {"type": "string"}},
        {"name": "mapping", "in": "query", "content": {"application/json": {"schema": {"type": "object", "additionalProperties": {"anyOf": [
            {"type": ["string", "null"]}, {"type": "array", "items": {"type": "string"}},
            {"type": "object", "properties": {"constant": {"type": ["string", "number", "boolean"]}}, "required": ["constant"], "additionalProperties": false},
            {"type": "object", "properties": {"template": {"type": "string"}}, "required": ["template"], "additionalProperties": false}]}}}}},
        {"name": "only_mapped", "in": "query", "description": "Leave out columns that the mapping does not name", "schema": {"type": "boolean", "default": false}},
        {"name": "results", "in": "query", "description": "errors, unless it is a dry run", "schema": {"enum": ["all", "errors", "none"]}},
        {"name": "results_limit", "in": "query", "description": "At most so many results, failures first", "schema": {"type": "integer", "minimum": 0}},
        {"name": "results_offset", "in": "query", "description": "The results after so many", "schema": {"type": "integer", "minimum": 0, "default": 0}},
        {"name": "on_error", "in": "query", "schema": {"enum": ["continue", "abort"], "default": "continue"}},
        {"name": "mode", "in": "query", "schema": {"enum": ["upsert", "create", "update"], "default": "upsert"}},
        {"name": "skip_unchanged", "in": "query", "schema": {"type": "boolean", "default": true}},
        {"name": "update_strategy", "in": "query", "schema": {"enum": ["merge", "replace"], "default": "merge"}},
        {"name": "children", "in": "query", "schema": {"enum": ["merge", "replace"], "default": "merge"}},
        {"name": "unknown_fields", "in": "query", "schema": {"enum": ["warn", "ignore", "error", "metadata"], "default": "warn"}},
        {"name": "deleted", "in": "query", "schema": {"enum": ["restore", "refuse"], "default": "restore"}},
        {"name": "adopt", "in": "query", "schema": {"type": "boolean", "default": false}},
        {"name": "force", "in": "query", "schema": {"type": "boolean", "default": false}},
        {"name": "max_errors", "in": "query", "description": "Of a part, or of a dry run", "schema": {"type": "integer", "minimum": 0}},
        {"name": "client_ref", "in": "query", "schema": {"type": "string"}}],
    "requestBody": {"$ref": "#/components/requestBodies/File"},
    "responses": {
        "200": {"description": "Counts, results and whether it was cancelled", "content": {"application/json": {"schema": {"allOf": [
            {"$ref": "#/components/schemas/answer.success"}, {"properties": {"data": {"allOf": [{"$ref": "#/components/schemas/result.bulk"},
            {"properties": {"cancelled": {"type": "boolean"}, "results_omitted": {"type": "integer", "description": "How many results there are beyond the 10,000 shown"}}}]}}}]}}}},
        "default": {"$ref": "#/components/responses/Error"}}}},
"/api-@/rejected": {"get": {"operationId": "@Rejected", "tags": ["files"], "summary": "The lines that failed in a run, to be corrected and imported again",
    "parameters": [{"name": "run", "in": "query", "required": true, "schema": {"type": "string", "format": "uuid"}},
        {"name": "delimiter", "in": "query", "description": "That of the original if it is left out", "schema": {"enum": [",", ";", "|", "tab"]}}],
    "responses": {"200": {"description": "A file", "content": {"text/csv": {"schema": {"type": "string"}}, "application/x-ndjson": {"schema": {"type": "string"}}}}, "default": {"$ref": "#/components/responses/Error"}}}}
})json";
}

}  // namespace eryxon::gateway
