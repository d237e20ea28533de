// The paths of the change feed and of webhooks in the OpenAPI document.
#include "gateway/api/openapi.hpp"

namespace eryxon::gateway {

const char* openapi_event_paths() {
    return R"json({
"/api-erp-sync/changes": {"get": {"operationId": "changes", "tags": ["erp-sync"], "summary": "What changed since a token",
    "parameters": [
        {"name": "since", "in": "query", "description": "next of the answer before", "schema": {"type": "string"}},
        {"name": "entity_type", "in": "query", "schema": {"type": "string"}},
        {"name": "source", "in": "query", "schema": {"type": "string"}},
        {"name": "exclude_source", "in": "query", "schema": {"type": "string"}},
        {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1}}],
    "responses": {"200": {"$ref": "#/components/responses/Success"}, "default": {"$ref": "#/components/responses/Error"}}}},
"/api-webhooks": {
    "get": {"operationId": "webhookList", "tags": ["webhooks"], "summary": "List webhooks without their secrets, or get one by its id",
        "parameters": [{"name": "id", "in": "query", "schema": {"type": "string", "format": "uuid"}}],
        "responses": {"200": {"$ref": "#/components/responses/Success"}, "default": {"$ref": "#/components/responses/Error"}}},
    "post": {"operationId": "webhookCreate", "tags": ["webhooks"], "summary": "Make a webhook; the answer has its secret, once",
        "requestBody": {"required": true, "content": {"application/json": {"schema": {"type": "object", "required": ["url", "events"],
            "properties": {
                "url": {"type": "string", "format": "uri"},
                "events": {"type": "array", "minItems": 1, "items": {"type": "string", "examples": ["job.created", "job.*", "*.completed", "*"]}},
                "description": {"type": ["string", "null"]}, "enabled": {"type": ["boolean", "null"]},
                "retry_seconds": {"type": ["array", "null"], "items": {"type": "integer", "minimum": 0, "maximum": 999999}},
                "max_in_flight": {"type": ["integer", "null"], "minimum": 1, "maximum": 1000},
                "sources": {"description": "Only changes that these ERPs have made", "type": ["array", "string", "null"], "items": {"type": "string"}},
                "exclude_source": {"description": "No changes that these ERPs have made", "type": ["array", "string", "null"], "items": {"type": "string"}},
                "entities": {"description": "Only events of these entities", "type": ["array", "string", "null"], "items": {"type": "string"}},
                "fields": {"description": "Only events that change one of these fields", "type": ["array", "string", "null"], "items": {"type": "string"}},
                "order_by": {"description": "What is sent one after the other: the events of a row, or of a job with all below it", "enum": ["row", "root", null], "default": "row"},
                "headers": {"description": "Sent with each message; no answer has the values", "type": ["object", "null"], "writeOnly": true,
                    "maxProperties": 20, "additionalProperties": {"type": "string", "minLength": 1, "maxLength": 4096}}}}}}},
        "responses": {"201": {"$ref": "#/components/responses/Success"}, "default": {"$ref": "#/components/responses/Error"}}},
    "patch": {"operationId": "webhookUpdate", "tags": ["webhooks"], "summary": "Change a webhook: the members that the body has",
        "parameters": [{"name": "id", "in": "query", "required": true, "schema": {"type": "string", "format": "uuid"}}],
        "requestBody": {"required": true, "content": {"application/json": {"schema": {"type": "object"}}}},
        "responses": {"200": {"$ref": "#/components/responses/Success"}, "default": {"$ref": "#/components/responses/Error"}}},
    "delete": {"operationId": "webhookDelete", "tags": ["webhooks"], "summary": "Delete a webhook with its deliveries",
        "parameters": [{"name": "id", "in": "query", "required": true, "schema": {"type": "string", "format": "uuid"}}],
        "responses": {"200": {"$ref": "#/components/responses/Success"}, "default": {"$ref": "#/components/responses/Error"}}}},
"/api-webhook-logs": {"get": {"operationId": "webhookLogs", "tags": ["webhooks"], "summary": "Deliveries with their attempts, newest first",
    "parameters": [
        {"name": "webhook_id", "in": "query", "schema": {"type": "string", "format": "uuid"}},
        {"name": "status", "in": "query", "schema": {"enum": ["pending", "delivered", "dead"]}},
        {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}},
        {"name": "offset", "in": "query", "schema": {"type": "integer", "minimum": 0, "default": 0}}],
    "responses": {"200": {"$ref": "#/components/responses/Success"}, "default": {"$ref": "#/components/responses/Error"}}}}
})json";
}

}  // namespace eryxon::gateway
