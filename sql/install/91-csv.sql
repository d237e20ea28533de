-- CSV files: import, what failed of one, inspection, templates, and mappings that are kept.

CREATE TABLE eryxon.csv_rejected (
    run_id    uuid NOT NULL REFERENCES eryxon.sync_run ON DELETE CASCADE,
    tenant_id uuid NOT NULL,
    entity    text NOT NULL,
    line      bigint NOT NULL,
    text      text NOT NULL,
    code      text NOT NULL,
    message   text NOT NULL,
    params    jsonb,
    PRIMARY KEY (run_id, line)
);
COMMENT ON TABLE eryxon.csv_rejected IS
'Lines of files that failed, as they stood in the file; line 0 is the header, with the delimiter as message, which of
JSON is json. message tells all faults, code and params the first one. They go with their run.';
ALTER TABLE eryxon.csv_rejected ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON eryxon.csv_rejected FOR SELECT
    USING (tenant_id = (SELECT @extschema@.eryxon_tenant_id())
        AND entity = ANY ((SELECT eryxon.readable_entities(current_user))::text[]));
GRANT SELECT ON eryxon.csv_rejected TO PUBLIC;

CREATE TABLE eryxon.csv_mapping (
    id         uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
    tenant_id  uuid NOT NULL,
    entity     text NOT NULL,
    source     text NOT NULL,
    mapping    jsonb NOT NULL CHECK (pg_catalog.jsonb_typeof(mapping) = 'object'),
    options    jsonb NOT NULL CHECK (pg_catalog.jsonb_typeof(options) = 'object'),
    updated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    UNIQUE (tenant_id, entity, source)
);
COMMENT ON TABLE eryxon.csv_mapping IS
'What the columns of an ERP''s CSV files stand for, and how they are written, per tenant, entity and source.';
REVOKE ALL ON eryxon.csv_mapping FROM PUBLIC;

SELECT pg_catalog.pg_extension_config_dump('eryxon.csv_rejected', '');
SELECT pg_catalog.pg_extension_config_dump('eryxon.csv_mapping', '');

CREATE FUNCTION @extschema@.eryxon_import_csv(entity text, csv text, options jsonb DEFAULT '{}') RETURNS jsonb
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_import_csv';
COMMENT ON FUNCTION @extschema@.eryxon_import_csv(text, text, jsonb) IS
'Imports a CSV file: each line is a record as in eryxon_bulk_upsert(), and the answer tells its line.
Options: delimiter, header, header_line, decimal, grouping, date_format, null_token, repeated_keys, mapping,
only_mapped, external_source, and those of bulk upserts.
Lines that failed are kept in eryxon.csv_rejected.';

CREATE FUNCTION @extschema@.eryxon_import_csv_bytes(entity text, csv bytea, options jsonb DEFAULT '{}') RETURNS jsonb
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_import_csv';
COMMENT ON FUNCTION @extschema@.eryxon_import_csv_bytes(text, bytea, jsonb) IS
'eryxon_import_csv() of the bytes of a file, whose encoding is found or given by the option encoding.';

CREATE FUNCTION @extschema@.eryxon_csv_inspect(csv text, options jsonb) RETURNS jsonb
    LANGUAGE C STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'eryxon_csv_inspect';
COMMENT ON FUNCTION @extschema@.eryxon_csv_inspect(text, jsonb) IS
'What a CSV file looks like, and how to import it: delimiter, header, decimal sign, date format, a field for each
column, which is certain or a guess. Option entity says what it is for, option known which fields headings of earlier
files were for; what the other options say is not looked for. A decimal sign that the numbers do not tell is null.';

CREATE FUNCTION @extschema@.eryxon_csv_inspect(csv bytea, options jsonb) RETURNS jsonb
    LANGUAGE C STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'eryxon_csv_inspect';
COMMENT ON FUNCTION @extschema@.eryxon_csv_inspect(bytea, jsonb) IS
'eryxon_csv_inspect() of the bytes of a file: its encoding is found, too.';

CREATE FUNCTION @extschema@.eryxon_csv_rejected(run uuid, delimiter text DEFAULT NULL) RETURNS text
    LANGUAGE C STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'eryxon_csv_rejected';
COMMENT ON FUNCTION @extschema@.eryxon_csv_rejected(uuid, text) IS
'The lines that failed in a run as a file: of CSV line, code and message, then the original columns, with the delimiter
of the original unless one is given; of JSON an object a line, whose member record is the record.
It can be corrected and imported as it is. What a spreadsheet would take for a formula has an apostrophe before it.
Error P0002 if none failed.';

CREATE FUNCTION @extschema@.eryxon_csv_template(entity text, delimiter text DEFAULT ',') RETURNS text
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    names text[];
BEGIN
    IF NOT EXISTS (SELECT FROM eryxon.entity e WHERE e.entity = eryxon_csv_template.entity) THEN
        PERFORM eryxon.fail_unknown_entity(entity, false);
    ELSIF coalesce(delimiter, ',') <> ALL ('{",",;,|,tab}') THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'delimiter',
            'option "delimiter" must be ",", ";", "|" or "tab"');
    END IF;
    SELECT array_agg(CASE WHEN f.rule #>> '{references,match}' = 'name' THEN f.field || '_name'
                          WHEN f.rule ? 'references' THEN f.field || '_external_id' ELSE f.field END
                     ORDER BY f.required DESC, f.field) INTO names
      FROM eryxon.mapped_fields(entity) f;
    RETURN array_to_string(ARRAY['external_id', 'external_source'] || names,
        replace(coalesce(delimiter, ','), 'tab', E'\t')) || E'\r\n';
END
$$;
COMMENT ON FUNCTION @extschema@.eryxon_csv_template(text, text) IS
'The header of a CSV file for an entity: the key, the required fields, the others.';

CREATE FUNCTION eryxon.csv_mapping_save(tenant uuid, caller name, entity text, source text, mapping jsonb,
    options jsonb) RETURNS uuid
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    saved uuid;
BEGIN
    IF NOT EXISTS (SELECT FROM eryxon.entity e WHERE e.entity = csv_mapping_save.entity) THEN
        PERFORM eryxon.fail_unknown_entity(entity, false);
    END IF;
    PERFORM eryxon.check_options(coalesce(options, '{}'),
        '{delimiter,encoding,header,header_line,decimal,grouping,date_format,null_token,repeated_keys,external_source}'
    );
    IF coalesce(jsonb_typeof(mapping), 'null') <> 'object'
       OR EXISTS (SELECT FROM jsonb_each(mapping) AS m WHERE jsonb_typeof(m.value) IN ('number', 'boolean')) THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'mapping',
            'the mapping must be an object of column names and fields');
    ELSIF coalesce(source, '') = '' OR length(source) > 255 THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'source',
            'the source of a mapping must have 1 to 255 characters');
    ELSIF length(mapping::text) > 100000 THEN
        PERFORM eryxon.fail('INVALID_OPTION', '22023', 'mapping', 'the mapping is too long');
    END IF;
    INSERT INTO eryxon.csv_mapping AS m (tenant_id, entity, source, mapping, options)
    VALUES (tenant, $3, $4, $5, coalesce($6, '{}'))
    ON CONFLICT ON CONSTRAINT csv_mapping_tenant_id_entity_source_key
    DO UPDATE SET mapping = excluded.mapping, options = excluded.options, updated_at = clock_timestamp()
    RETURNING m.id INTO saved;
    RETURN saved;
END
$$;
COMMENT ON FUNCTION eryxon.csv_mapping_save IS
'What eryxon_csv_mapping_save() does as the extension''s owner.';
REVOKE EXECUTE ON FUNCTION eryxon.csv_mapping_save(uuid, name, text, text, jsonb, jsonb) FROM PUBLIC;

CREATE FUNCTION @extschema@.eryxon_csv_mapping_save(entity text, source text, mapping jsonb, options jsonb DEFAULT '{}')
    RETURNS uuid
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_call_for_tenant';
COMMENT ON FUNCTION @extschema@.eryxon_csv_mapping_save(text, text, jsonb, jsonb) IS
'Keeps what the columns of an ERP''s CSV files stand for, in place of what was kept for that entity and source.
Options are those that say how the file is written. Returns the mapping''s id.';

CREATE FUNCTION eryxon.csv_mapping_list(tenant uuid, caller name, entity text)
    RETURNS TABLE (id uuid, entity text, source text, mapping jsonb, options jsonb, updated_at timestamptz)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT m.id, m.entity, m.source, m.mapping, m.options, m.updated_at
      FROM eryxon.csv_mapping m
     WHERE m.tenant_id = tenant AND ($3 IS NULL OR m.entity = $3)
     ORDER BY m.entity, m.source
$$;
COMMENT ON FUNCTION eryxon.csv_mapping_list IS
'What eryxon_csv_mapping_list() does as the extension''s owner.';
REVOKE EXECUTE ON FUNCTION eryxon.csv_mapping_list(uuid, name, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.eryxon_csv_mapping_list(entity text DEFAULT NULL)
    RETURNS TABLE (id uuid, entity text, source text, mapping jsonb, options jsonb, updated_at timestamptz)
    LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_call_for_tenant';
COMMENT ON FUNCTION @extschema@.eryxon_csv_mapping_list(text) IS
'The tenant''s mappings of CSV files, or those for one entity.';

CREATE FUNCTION eryxon.csv_mapping_delete(tenant uuid, caller name, id uuid) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM eryxon.csv_mapping m WHERE m.id = csv_mapping_delete.id AND m.tenant_id = tenant;
    IF NOT FOUND THEN
        PERFORM eryxon.fail('NOT_FOUND', 'P0002', 'id',
            format('mapping %s does not exist', coalesce(id::text, 'NULL')));
    END IF;
END
$$;
COMMENT ON FUNCTION eryxon.csv_mapping_delete IS
'What eryxon_csv_mapping_delete() does as the extension''s owner.';
REVOKE EXECUTE ON FUNCTION eryxon.csv_mapping_delete(uuid, name, uuid) FROM PUBLIC;

CREATE FUNCTION @extschema@.eryxon_csv_mapping_delete(id uuid) RETURNS void
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_call_for_tenant';
COMMENT ON FUNCTION @extschema@.eryxon_csv_mapping_delete(uuid) IS
'Forgets a mapping. Error P0002 if the tenant has none with this id.';
