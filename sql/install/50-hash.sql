-- Change detection: the hash of a JSON value and of a record.

CREATE FUNCTION @extschema@.eryxon_sync_hash(payload jsonb) RETURNS text
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'eryxon_sync_hash';
COMMENT ON FUNCTION @extschema@.eryxon_sync_hash(jsonb) IS
'SHA-256 of a JSON value in canonical form.
64 lower-case hex digits over the RFC 8785 (JCS) form; numbers that no double denotes exactly keep all their digits.';

CREATE FUNCTION @extschema@.eryxon_record_hash(entity text, payload jsonb) RETURNS text
    LANGUAGE C STABLE AS 'MODULE_PATHNAME', 'eryxon_record_hash';
COMMENT ON FUNCTION @extschema@.eryxon_record_hash(text, jsonb) IS
'The sync_hash that a record would get.
Over its mapped fields under their canonical names, after conversion, with external_id and external_source.';
