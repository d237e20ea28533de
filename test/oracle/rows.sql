-- The oracle's rows: finding, deleting and restoring them, and what must hold after every record.

-- The row with an external key, live or not, as JSON; null if there is none.
CREATE FUNCTION oracle.row_by_key(p_entity text, p_src text, p_ext text) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE r jsonb;
BEGIN
    EXECUTE format('SELECT to_jsonb(t) FROM oracle_t.%I t WHERE tenant_id = $1 AND external_source = $2 '
                   'AND external_id = $3', p_entity)
        INTO r USING oracle.tenant(), p_src, p_ext;
    RETURN r;
END $$;

-- The row with an id, as JSON.
CREATE FUNCTION oracle.row_by_id(p_entity text, p_id uuid) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE r jsonb;
BEGIN
    EXECUTE format('SELECT to_jsonb(t) FROM oracle_t.%I t WHERE tenant_id = $1 AND id = $2', p_entity) INTO r
        USING oracle.tenant(), p_id;
    RETURN r;
END $$;

-- The ids a sent reference may mean, live rows of the tenant only.
CREATE FUNCTION oracle.targets(p_entity text, ref jsonb) RETURNS uuid[] LANGUAGE plpgsql STABLE AS $$
DECLARE ids uuid[];
BEGIN
    EXECUTE format('SELECT coalesce(array_agg(id), ''{}'') FROM oracle_t.%I WHERE tenant_id = $1 '
                   'AND deleted_at IS NULL AND %s', p_entity,
        CASE ref ->> 'by' WHEN 'id' THEN 'id = $2::uuid' WHEN 'name' THEN 'name = $2 AND active IS NOT FALSE'
            ELSE 'external_id = $2 AND external_source = $3' END)
        INTO ids USING oracle.tenant(), ref ->> 'text', ref ->> 'source';
    RETURN ids;
END $$;

-- The live rows that belong to a row: itself, then parts, sub-parts and operations below it.
CREATE FUNCTION oracle.belongings(p_entity text, p_id uuid) RETURNS TABLE (row_entity text, row_id uuid)
    LANGUAGE sql STABLE AS $$
    WITH RECURSIVE p AS (
        SELECT id FROM oracle_t.parts WHERE deleted_at IS NULL
            AND ((p_entity = 'jobs' AND job_id = p_id) OR (p_entity = 'parts' AND id = p_id))
        UNION SELECT c.id FROM oracle_t.parts c JOIN p ON c.parent_part_id = p.id WHERE c.deleted_at IS NULL)
    SELECT p_entity, p_id UNION SELECT 'parts', id FROM p
    UNION SELECT 'operations', o.id FROM oracle_t.operations o JOIN p ON o.part_id = p.id WHERE o.deleted_at IS NULL
$$;

-- Deletes a row softly, with what belongs to it, and remembers what went with it.
CREATE FUNCTION oracle.soft_delete(p_entity text, p_id uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE b record; n int;
BEGIN
    FOR b IN SELECT * FROM oracle.belongings(p_entity, p_id) LOOP
        EXECUTE format('UPDATE oracle_t.%I SET deleted_at = now() WHERE id = $1', b.row_entity) USING b.row_id;
        GET DIAGNOSTICS n = ROW_COUNT;
        IF n = 0 THEN RAISE SQLSTATE '09000'; END IF;
        INSERT INTO oracle.gone VALUES (p_id, b.row_entity, b.row_id);
    END LOOP;
END $$;

-- True if a live operation needs the cell.
CREATE FUNCTION oracle.in_use(p_entity text, p_id uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT p_entity = 'cells' AND EXISTS (SELECT FROM oracle_t.operations WHERE cell_id = p_id AND deleted_at IS NULL)
$$;

-- A plain DELETE of a live row by its key: soft, refused for a cell in use.
CREATE FUNCTION oracle.plain_delete(p_entity text, p_src text, p_ext text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE r jsonb := oracle.row_by_key(p_entity, p_src, p_ext);
BEGIN
    IF r IS NULL OR r ->> 'deleted_at' IS NOT NULL THEN RETURN 'none'; END IF;
    IF oracle.in_use(p_entity, (r ->> 'id')::uuid) THEN RETURN '23503'; END IF;
    PERFORM oracle.soft_delete(p_entity, (r ->> 'id')::uuid);
    RETURN 'done';
EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE;
END $$;

-- Deletes a row by its key: softly, or really with what the foreign keys take along.
CREATE FUNCTION oracle.remove(p_entity text, p_src text, p_ext text, hard boolean) RETURNS text LANGUAGE plpgsql AS $$
DECLARE n int;
BEGIN
    IF NOT hard THEN RETURN oracle.plain_delete(p_entity, p_src, p_ext); END IF;
    EXECUTE format('DELETE FROM oracle_t.%I WHERE tenant_id = $1 AND external_source = $2 AND external_id = $3',
        p_entity)
        USING oracle.tenant(), p_src, p_ext;
    GET DIAGNOSTICS n = ROW_COUNT;
    DELETE FROM oracle.gone g WHERE oracle.row_by_id(g.row_entity, g.row_id) IS NULL;
    RETURN CASE n WHEN 0 THEN 'none' ELSE 'done' END;
EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE;
END $$;

-- Those of these rows (entity and id) that stay deleted if the others come back below a root: a parent stays deleted,
-- or, if that is allowed, a cell is deleted.
CREATE FUNCTION oracle.held_back(rows oracle.row_name[], p_root uuid, lenient boolean) RETURNS oracle.row_name[]
    LANGUAGE sql STABLE AS $$
    SELECT coalesce(array_agg(b), '{}') FROM unnest(rows) b, oracle.row_by_id(b.row_entity, b.row_id) r
    WHERE EXISTS (SELECT FROM oracle.rule u WHERE u.entity = b.row_entity
        AND (u.parent OR (lenient AND u.ref = 'cells')) AND r ->> u.col IS NOT NULL
                  AND (r ->> u.col)::uuid <> p_root AND NOT EXISTS (SELECT FROM unnest(rows) o
                      WHERE o.row_id = (r ->> u.col)::uuid)
                  AND oracle.row_by_id(u.ref, (r ->> u.col)::uuid) ->> 'deleted_at' IS NOT NULL)
$$;

-- Brings back what went with a row in the act that deleted it, as far as it belongs to the row. Spared rows and what is
-- below them come back otherwise or not at all; so do rows that refer to a deleted cell if `lenient`, else nothing
-- does.
CREATE FUNCTION oracle.restore_rest(p_id uuid, spared uuid[] DEFAULT '{}', lenient boolean DEFAULT false) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE u uuid; rows oracle.row_name[]; held oracle.row_name[]; b oracle.row_name; n int;
BEGIN
    SELECT root INTO u FROM oracle.gone WHERE row_id = p_id;
    DELETE FROM oracle.gone WHERE row_id = p_id;
    IF u IS NULL THEN RETURN; END IF;
    WITH RECURSIVE below AS (
        SELECT NULL::text AS row_entity, p_id AS row_id
        UNION SELECT g.row_entity, g.row_id FROM below w, oracle.gone g
            LEFT JOIN oracle_t.parts p ON g.row_entity = 'parts' AND p.id = g.row_id
            LEFT JOIN oracle_t.operations o ON g.row_entity = 'operations' AND o.id = g.row_id
        WHERE g.root = u AND NOT g.row_id = ANY (spared) AND (p.job_id = w.row_id OR p.parent_part_id = w.row_id
            OR o.part_id = w.row_id))
    SELECT coalesce(array_agg((row_entity, row_id)::oracle.row_name), '{}') INTO rows FROM below
        WHERE row_entity IS NOT NULL;
    LOOP
        held := oracle.held_back(rows, p_id, lenient);
        EXIT WHEN held = '{}';
        SELECT coalesce(array_agg(r), '{}') INTO rows FROM unnest(rows) r WHERE NOT r = ANY (held);
    END LOOP;
    IF oracle.held_back(rows, p_id, true) <> '{}' THEN RAISE SQLSTATE '23503'; END IF;
    FOREACH b IN ARRAY rows LOOP
        EXECUTE format('UPDATE oracle_t.%I SET deleted_at = NULL, deleted_by = NULL WHERE id = $1', b.row_entity)
            USING b.row_id;
        GET DIAGNOSTICS n = ROW_COUNT;
        IF n = 0 THEN RAISE SQLSTATE '09000'; END IF;
        INSERT INTO oracle.came_back VALUES (b.row_id);
        DELETE FROM oracle.gone WHERE row_id = b.row_id;
    END LOOP;
END $$;

-- What is wrong with the rows as they stand: the code of a broken promise, or null.
CREATE FUNCTION oracle.broken() RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF EXISTS (SELECT FROM oracle_t.parts p JOIN oracle_t.jobs j ON j.id = p.job_id
               WHERE p.deleted_at IS NULL AND j.deleted_at IS NOT NULL)
       OR EXISTS (SELECT FROM oracle_t.operations o JOIN oracle_t.parts p ON p.id = o.part_id
                  WHERE o.deleted_at IS NULL AND p.deleted_at IS NOT NULL)
       OR EXISTS (SELECT FROM oracle_t.parts c JOIN oracle_t.parts p ON p.id = c.parent_part_id
                  WHERE c.deleted_at IS NULL AND (p.deleted_at IS NOT NULL OR p.job_id <> c.job_id)) THEN
        RETURN 'FK_CONSTRAINT';
    END IF;
    IF EXISTS (WITH RECURSIVE up AS (SELECT id, parent_part_id AS at FROM oracle_t.parts WHERE deleted_at IS NULL
                                     UNION SELECT up.id, p.parent_part_id FROM up JOIN oracle_t.parts p ON p.id = up.at)
               SELECT FROM up WHERE at = id) THEN
        RETURN 'CIRCULAR_REFERENCE';
    END IF;
    RETURN NULL;
END $$;
