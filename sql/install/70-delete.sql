-- Deleting and restoring, and the triggers that turn a DELETE into a soft delete.

CREATE FUNCTION @extschema@.eryxon_delete(entity text, id uuid, hard boolean DEFAULT false) RETURNS jsonb
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_delete';
COMMENT ON FUNCTION @extschema@.eryxon_delete(text, uuid, boolean) IS
'Deletes a row of the tenant, softly unless hard is true.
Its children among the attached entities go with it. Error P0002 if the tenant has no such row.';

CREATE FUNCTION @extschema@.eryxon_delete_external(entity text, external_source text, external_id text,
                                                   hard boolean DEFAULT false) RETURNS jsonb
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_delete_external';
COMMENT ON FUNCTION @extschema@.eryxon_delete_external(text, text, text, boolean) IS
'As eryxon_delete, by external key.';

CREATE FUNCTION @extschema@.eryxon_restore(entity text, id uuid) RETURNS jsonb
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'eryxon_restore';
COMMENT ON FUNCTION @extschema@.eryxon_restore(text, uuid) IS
'Brings a soft-deleted row back with exactly what went with it.
All or nothing: a natural key taken meanwhile is an error.';

CREATE FUNCTION eryxon.soft_delete() RETURNS trigger
    LANGUAGE C AS 'MODULE_PATHNAME', 'eryxon_soft_delete';
COMMENT ON FUNCTION eryxon.soft_delete IS
'BEFORE DELETE FOR EACH ROW of attached tables: marks the row and what hangs on it, and keeps it. Where
soft_delete_noted() follows, it only notes the row.';

CREATE FUNCTION eryxon.soft_delete_noted() RETURNS trigger
    LANGUAGE C AS 'MODULE_PATHNAME', 'eryxon_soft_delete_noted';
COMMENT ON FUNCTION eryxon.soft_delete_noted IS
'AFTER DELETE FOR EACH STATEMENT of attached tables: marks the rows that soft_delete() noted, with what hangs on them.';

CREATE FUNCTION eryxon.note_move() RETURNS trigger
    LANGUAGE C AS 'MODULE_PATHNAME', 'eryxon_note_move';
COMMENT ON FUNCTION eryxon.note_move IS
'BEFORE UPDATE FOR EACH ROW of partitioned tables: tells soft_delete() that the row only moves, should it move.
Any update may: another trigger can change its tenant.';
