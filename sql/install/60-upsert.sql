-- The engine: one record, many records, a whole payload, and the same without writing.

CREATE FUNCTION @extschema@.eryxon_upsert(entity text, payload jsonb, options jsonb DEFAULT '{}') RETURNS jsonb
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_upsert';
COMMENT ON FUNCTION @extschema@.eryxon_upsert(text, jsonb, jsonb) IS
'Creates, updates, restores or skips one record by its external key.
Returns what happened; raises with the SQLSTATE of the first fault and all faults as JSON in DETAIL.';

CREATE FUNCTION @extschema@.eryxon_bulk_upsert(entity text, payload jsonb, options jsonb DEFAULT '{}') RETURNS jsonb
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_bulk_upsert';
COMMENT ON FUNCTION @extschema@.eryxon_bulk_upsert(text, jsonb, jsonb) IS
'Upserts an array of records, one result per record.
Takes an array, {"items":[...]} or {"<entity>":[...]}. A faulty record does not cost the others.';

CREATE FUNCTION @extschema@.eryxon_bulk_upsert_json(entity text, payload json, options jsonb DEFAULT '{}') RETURNS jsonb
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_bulk_upsert_json';
COMMENT ON FUNCTION @extschema@.eryxon_bulk_upsert_json(text, json, jsonb) IS
'As eryxon_bulk_upsert, for json text.
Same results, hashes and errors, without building jsonb from the payload.';

CREATE FUNCTION @extschema@.eryxon_sync(payload jsonb, options jsonb DEFAULT '{}') RETURNS jsonb
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_sync';
COMMENT ON FUNCTION @extschema@.eryxon_sync(jsonb, jsonb) IS
'Upserts the records of several entities in dependency order.
Takes {"<entity>":[...],...} and returns a summary and one bulk result per entity.';

CREATE FUNCTION @extschema@.eryxon_diff(payload jsonb, options jsonb DEFAULT '{}') RETURNS jsonb
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_diff';
COMMENT ON FUNCTION @extschema@.eryxon_diff(jsonb, jsonb) IS
'What eryxon_sync would do, with the changes of each record.
Writes nothing but its history row.';
