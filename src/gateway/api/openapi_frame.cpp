// The parts of the OpenAPI document that are the same for every database.
#include "gateway/api/openapi.hpp"

namespace eryxon::gateway {

const char* openapi_frame() {
    return R"json({
"openapi": "3.1.0",
"jsonSchemaDialect": "https://json-schema.org/reader/2020-12/schema",
"info": {"title": "eryxon_sync", "license": {"name": "PostgreSQL License", "identifier": "PostgreSQL"},
    "description": "Sync of ERP records into the MES. Upserts go by external_source and external_id; what is unchanged is skipped."},
"security": [{"bearer": []}, {"apiKey": []}, {"basic": []}],
"tags": [{"name": "records"}, {"name": "erp-sync"}, {"name": "files"}, {"name": "webhooks"}, {"name": "admin"}, {"name": "functions"}, {"name": "service"}],
"paths": {
    "/api-erp-sync/sync": {"post": {"operationId": "syncAll", "tags": ["erp-sync"],
        "summary": "Upsert records of several entities in dependency order",
        "requestBody": {"$ref": "#/components/requestBodies/Entities"},
        "responses": {"200": {"$ref": "#/components/responses/Success"}, "default": {"$ref": "#/components/responses/Error"}}}},
    "/api-erp-sync/diff": {"post": {"operationId": "diffAll", "tags": ["erp-sync"],
        "summary": "Tell what a sync would change, without changing it",
        "requestBody": {"$ref": "#/components/requestBodies/Entities"},
        "responses": {"200": {"$ref": "#/components/responses/Success"}, "default": {"$ref": "#/components/responses/Error"}}}},
    "/api-erp-sync/status": {"get": {"operationId": "syncStatus", "tags": ["erp-sync"], "summary": "Counts and latest runs",
        "parameters": [{"name": "entity_type", "in": "query", "schema": {"type": "string"}},
            {"name": "source", "in": "query", "schema": {"type": "string"}},
            {"name": "limit", "in": "query", "description": "Number of runs", "schema": {"type": "integer", "minimum": 1}}],
        "responses": {"200": {"$ref": "#/components/responses/Success"}, "default": {"$ref": "#/components/responses/Error"}}}},
    "/rpc/{function}": {"servers": [{"url": "/"}],
        "parameters": [{"name": "function", "in": "path", "required": true, "schema": {"type": "string"}}],
        "get": {"operationId": "rpcGet", "tags": ["functions"], "summary": "Call a function in a read-only transaction",
            "description": "Arguments stand in the query string under their names.",
            "responses": {"200": {"description": "What the function returns", "content": {"application/json": {}}},
                "default": {"$ref": "#/components/responses/FunctionError"}}},
        "post": {"operationId": "rpcPost", "tags": ["functions"], "summary": "Call a function",
            "requestBody": {"content": {"application/json": {"schema": {}}}},
            "responses": {"200": {"description": "What the function returns", "content": {"application/json": {}}},
                "default": {"$ref": "#/components/responses/FunctionError"}}}},
    "/healthz": {"servers": [{"url": "/"}], "get": {"operationId": "health", "tags": ["service"], "security": [],
        "summary": "The gateway runs", "responses": {"200": {"description": "It does", "content": {"application/json": {}}}}}},
    "/readyz": {"servers": [{"url": "/"}], "get": {"operationId": "ready", "tags": ["service"], "security": [],
        "summary": "The gateway reaches the database", "responses": {
            "200": {"description": "It does", "content": {"application/json": {}}},
            "503": {"description": "It does not", "content": {"application/json": {}}}}}},
    "/metrics": {"servers": [{"url": "/"}], "get": {"operationId": "metrics", "tags": ["service"], "security": [],
        "summary": "Metrics for Prometheus", "responses": {"200": {"description": "Text format", "content": {"text/plain": {}}}}}},
    "/openapi.json": {"servers": [{"url": "/"}], "get": {"operationId": "openapi", "tags": ["service"], "security": [],
        "summary": "This document", "responses": {"200": {"description": "OpenAPI 3.1", "content": {"application/json": {}}}}}}
},
"components": {
    "securitySchemes": {
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "A JWT (HS256, RS256, ES256 or EdDSA) with role and tenant_id, or an API key ery_live_... or ery_test_..."},
        "apiKey": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
        "basic": {"type": "http", "scheme": "basic", "description": "An API key as password, with any user"}},
    "requestBodies": {"File": {"required": true, "description": "A CSV file; from a form the field file", "content": {
        "text/csv": {"schema": {"type": "string"}},
        "multipart/form-data": {"schema": {"type": "object", "required": ["file"], "properties": {"file": {"type": "string", "contentMediaType": "text/csv"}}}}}},
        "Entities": {"required": true, "content": {"application/json": {"schema": {"type": "object",
        "description": "Arrays of records under the names of their entities",
        "properties": {"options": {"$ref": "#/components/schemas/call.options"}},
        "additionalProperties": {"type": "array", "items": {"type": "object"}}}}}}},
    "responses": {
        "Success": {"description": "Done", "headers": {"X-Request-Id": {"schema": {"type": "string"}}},
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/answer.success"}}}},
        "Error": {"description": "400 malformed, 401 no valid credential, 403 not permitted, 404 not found, 405 wrong method, 408 too slow, 409 conflict, 413 body too large, 415 not JSON, 422 invalid record, 429 too many requests (Retry-After, X-RateLimit-*), 431 headers too large, 500 internal error, 503 database unavailable (Retry-After), 504 took too long",
            "headers": {"X-Request-Id": {"schema": {"type": "string"}}, "Retry-After": {"schema": {"type": "integer"}}},
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/answer.error"}}}},
        "FunctionError": {"description": "The errors of PostgREST",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/answer.function_error"}}}}},
    "schemas": {
        "answer.success": {"type": "object", "required": ["success", "data"],
            "properties": {"success": {"const": true}, "data": {}}},
        "answer.error": {"type": "object", "required": ["success", "error"], "properties": {"success": {"const": false},
            "error": {"type": "object", "required": ["code", "message", "details", "statusCode"], "properties": {
                "code": {"type": "string"}, "message": {"type": "string"}, "hint": {}, "statusCode": {"type": "integer"},
                "details": {"$ref": "#/components/schemas/answer.details"}}}}},
        "answer.details": {"type": ["array", "null"], "items": {"type": "object", "properties": {"path": {"type": "string"},
            "constraint": {"type": "string"}, "message": {"type": "string"}, "value": {}, "params": {"$ref": "#/components/schemas/fault.params"}}}},
        "fault.params": {"type": "object", "description": "What the message is made of, for translations: the reason, and the values in the text",
            "properties": {"reason": {"type": "string"}}, "additionalProperties": {"type": ["string", "number", "boolean"]}},
        "answer.function_error": {"type": "object", "required": ["code", "message", "details", "hint"],
            "properties": {"code": {"type": "string"}, "message": {"type": "string"}, "details": {}, "hint": {}}},
        "result.upsert": {"type": "object", "required": ["action", "external_id", "external_source"], "properties": {
            "action": {"enum": ["created", "updated", "restored", "skipped", "deleted"]}, "entity": {"type": "string"},
            "id": {"type": "string", "format": "uuid"}, "external_id": {"type": "string"}, "external_source": {"type": "string"},
            "sync_hash": {"type": "string"}, "synced_at": {"type": ["string", "null"], "format": "date-time"},
            "children": {"type": "object"}, "child_results": {"$ref": "#/components/schemas/result.children"},
            "warnings": {"type": "array", "items": {"$ref": "#/components/schemas/result.warning"}}}},
        "result.warning": {"type": "object", "required": ["code", "message"],
            "properties": {"code": {"type": "string"}, "path": {"type": "string"}, "message": {"type": "string"},
                "params": {"$ref": "#/components/schemas/fault.params"}}},
        "result.bulk": {"type": "object", "required": ["total", "results"], "properties": {
            "total": {"type": "integer"}, "created": {"type": "integer"}, "updated": {"type": "integer"},
            "restored": {"type": "integer"}, "skipped": {"type": "integer"}, "deleted": {"type": "integer"},
            "errors": {"type": "integer"}, "run_id": {"type": ["string", "null"], "format": "uuid"}, "duration_ms": {"type": "number"},
            "results": {"type": "array", "items": {"type": "object", "required": ["index", "action"], "properties": {
                "index": {"type": "integer"}, "action": {"enum": ["created", "updated", "restored", "skipped", "deleted", "error"]},
                "id": {"type": "string", "format": "uuid"}, "external_id": {"type": ["string", "null"]},
                "external_source": {"type": ["string", "null"]}, "code": {"type": "string"}, "error": {"type": "string"},
                "sqlstate": {"type": "string"}, "details": {"$ref": "#/components/schemas/answer.details"},
                "child_results": {"$ref": "#/components/schemas/result.children"}}}}}},
        "result.children": {"type": "array", "items": {"type": "object", "required": ["path", "entity", "external_id", "action"],
            "properties": {"path": {"type": "string"}, "entity": {"type": "string"}, "external_id": {"type": "string"},
                "id": {"type": "string", "format": "uuid"}, "action": {"enum": ["created", "updated", "restored", "skipped", "deleted"]},
                "changes": {"type": "array", "items": {"type": "object", "required": ["field", "old", "new"],
                    "properties": {"field": {"type": "string"}, "old": {}, "new": {}}}}}}},
        "call.options": {"type": "object", "properties": {
            "on_error": {"enum": ["continue", "abort"], "default": "continue"}, "skip_unchanged": {"type": "boolean", "default": true},
            "mode": {"enum": ["upsert", "create", "update"], "default": "upsert"},
            "update_strategy": {"enum": ["merge", "replace"], "default": "merge"},
            "children": {"enum": ["merge", "replace"], "default": "merge"},
            "children_results": {"enum": ["counts", "all"], "default": "counts"},
            "unknown_fields": {"enum": ["warn", "ignore", "error", "metadata"], "default": "warn"},
            "nulls": {"enum": ["clear", "absent"], "default": "clear"},
            "deleted": {"enum": ["restore", "refuse"], "default": "restore"}, "adopt": {"type": "boolean", "default": false},
            "force": {"type": "boolean", "default": false}, "results": {"enum": ["all", "errors", "none"], "default": "all"},
            "max_errors": {"type": ["integer", "null"]},
            "results_limit": {"type": ["integer", "null"], "minimum": 0}, "results_offset": {"type": "integer", "minimum": 0, "default": 0}, "dry_run": {"type": "boolean", "default": false},
            "record_history": {"type": "boolean", "default": true}, "client_ref": {"type": ["string", "null"]}}}
    }
}})json";
}

const char* openapi_entity_paths() {
    return R"json({
"/api-@/sync": {"put": {"operationId": "@Sync", "tags": ["records"], "summary": "Upsert one record of @",
    "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/@"}}}},
    "responses": {
        "200": {"description": "Updated, restored, unchanged or deleted", "content": {"application/json": {"schema": {"allOf": [
            {"$ref": "#/components/schemas/answer.success"}, {"properties": {"data": {"$ref": "#/components/schemas/result.upsert"}}}]}}}},
        "201": {"description": "Created", "content": {"application/json": {"schema": {"allOf": [
            {"$ref": "#/components/schemas/answer.success"}, {"properties": {"data": {"$ref": "#/components/schemas/result.upsert"}}}]}}}},
        "default": {"$ref": "#/components/responses/Error"}}}},
"/api-@/bulk-sync": {"post": {"operationId": "@BulkSync", "tags": ["records"], "summary": "Upsert many records of @",
    "requestBody": {"required": true, "content": {"application/json": {"schema": {"oneOf": [
        {"type": "array", "items": {"$ref": "#/components/schemas/@"}},
        {"type": "object", "required": ["items"], "properties": {
            "items": {"type": "array", "items": {"$ref": "#/components/schemas/@"}},
            "options": {"$ref": "#/components/schemas/call.options"}}},
        {"type": "object", "required": ["@"], "properties": {
            "@": {"type": "array", "items": {"$ref": "#/components/schemas/@"}},
            "options": {"$ref": "#/components/schemas/call.options"}}}]}}}},
    "responses": {
        "200": {"description": "One result for each record, in their order", "content": {"application/json": {"schema": {"allOf": [
            {"$ref": "#/components/schemas/answer.success"}, {"properties": {"data": {"$ref": "#/components/schemas/result.bulk"}}}]}}}},
        "default": {"$ref": "#/components/responses/Error"}}}},
"/api-@": {
    "get": {"operationId": "@List", "tags": ["records"], "summary": "List @, or get one by its id",
        "parameters": [
            {"name": "id", "in": "query", "schema": {"type": "string", "format": "uuid"}},
            {"name": "external_id", "in": "query", "schema": {"type": "string"}},
            {"name": "external_source", "in": "query", "schema": {"type": "string"}},
            {"name": "status", "in": "query", "schema": {"type": "string"}},
            {"name": "search", "in": "query", "description": "Part of the name or number", "schema": {"type": "string"}},
            {"name": "updated_since", "in": "query", "schema": {"type": "string", "format": "date-time"}},
            {"name": "include_deleted", "in": "query", "schema": {"type": "boolean", "default": false}},
            {"name": "sort", "in": "query", "description": "A field", "schema": {"type": "string"}},
            {"name": "order", "in": "query", "schema": {"enum": ["asc", "desc"]}},
            {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}},
            {"name": "offset", "in": "query", "schema": {"type": "integer", "minimum": 0, "default": 0}},
            {"name": "fields", "in": "query", "description": "Names with commas between them: only these", "schema": {"type": "string"}},
            {"name": "filters", "in": "query", "style": "form", "explode": true,
                "description": "Fields with their values, and references as in job_external_id=SO-1",
                "schema": {"type": "object", "additionalProperties": {"type": "string"}}}],
        "responses": {"200": {"$ref": "#/components/responses/Success"}, "default": {"$ref": "#/components/responses/Error"}}},
    "delete": {"operationId": "@Delete", "tags": ["records"],
        "summary": "Delete one of @: by id for good unless hard=false, by external key softly unless hard=true",
        "parameters": [
            {"name": "id", "in": "query", "schema": {"type": "string", "format": "uuid"}},
            {"name": "external_id", "in": "query", "schema": {"type": "string"}},
            {"name": "external_source", "in": "query", "schema": {"type": "string"}},
            {"name": "hard", "in": "query", "schema": {"type": "boolean"}},
            {"name": "force", "in": "query", "description": "Also over running work", "schema": {"type": "boolean", "default": false}}],
        "responses": {"200": {"$ref": "#/components/responses/Success"}, "default": {"$ref": "#/components/responses/Error"}}}}
})json";
}

}  // namespace eryxon::gateway
