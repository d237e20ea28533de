-- What the writers noted, the events, their deliveries and what the receiver saw, against each other. One line of TAP
-- for each check.

\set ON_ERROR_STOP on
\set QUIET on
\pset tuples_only on
\pset format unaligned
SET client_min_messages = warning;
SET jit = off;

CREATE TEMP TABLE told AS
SELECT e.position, e.id, e.row_id, e.type, e.occurred_at, d.id AS delivery, eryxon.message_id(d.id) AS message_id,
    d.status, d.attempt,
       (SELECT (c ->> 'old')::integer FROM jsonb_array_elements(e.changes) c WHERE c ->> 'field' = 'priority') AS old,
       (SELECT (c ->> 'new')::integer FROM jsonb_array_elements(e.changes) c WHERE c ->> 'field' = 'priority') AS new
  FROM eryxon.event e LEFT JOIN eryxon.delivery d ON d.position = e.position
 WHERE e.type LIKE 'job.%';
CREATE INDEX ON told (message_id);
CREATE INDEX ON told (row_id, position);

CREATE TEMP TABLE arrived AS
SELECT message_id, min(came) AS first_came, min(answered) AS first_answered, min(received_at)
    FILTER (WHERE answered IS NOT NULL) AS received_at,
       count(*) AS came, count(answered) AS answered, count(*) FILTER (WHERE behaviour IN ('reset', 'drop')
           AND reused) AS repeatable
  FROM request GROUP BY message_id;
CREATE UNIQUE INDEX ON arrived (message_id);
ANALYZE told; ANALYZE arrived; ANALYZE request; ANALYZE eryxon.delivery; ANALYZE eryxon.delivery_attempt;

-- Prints the verdict on a check: no row that its query finds may be there; the first ones are shown.
CREATE FUNCTION pg_temp.verdict(name text, query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    found text[];
BEGIN
    EXECUTE format('SELECT array_agg(q::text) FROM (%s LIMIT 5) q', query) INTO found;
    RETURN NEXT CASE WHEN found IS NULL THEN 'ok - ' ELSE 'not ok - ' END || name;
    RETURN QUERY SELECT '#   ' || f FROM unnest(found) f;
END
$$;

SELECT v.* FROM (VALUES
    ('each committed change made one event, each that was rolled back none', $$
        SELECT * FROM (SELECT (SELECT sum(events) FROM written) AS written, (SELECT count(*) FROM told) AS events) n
         WHERE n.written IS DISTINCT FROM n.events OR n.events = 0$$),
    ('an event''s old value is the new one of the row''s event before', $$
        SELECT * FROM (SELECT position, row_id, old, new, lag(new) OVER (PARTITION BY row_id
            ORDER BY position) AS before,
                              lag(position) OVER (PARTITION BY row_id ORDER BY position) IS NOT NULL AS later
                                  FROM told) t
         WHERE CASE WHEN later THEN old IS DISTINCT FROM before ELSE coalesce(old, 0) <> 0 END$$),
    ('a row''s last event has the row''s value', $$
        SELECT j.job_number, j.priority, t.new FROM jobs j
          LEFT JOIN (SELECT DISTINCT ON (row_id) row_id, new FROM told ORDER BY row_id, position DESC) t
              ON t.row_id = j.id
         WHERE j.priority <> coalesce(t.new, 0)$$),
    ('nothing is left in the outbox', $$SELECT statement, line, type FROM eryxon.event_outbox$$),
    ('each event has one delivery, and it is delivered', $$
        SELECT t.position, count(*), min(t.status) FROM told t GROUP BY t.position HAVING count(*) <> 1
            OR min(t.status) IS DISTINCT FROM 'delivered'$$),
    ('only events of jobs are delivered', $$
        SELECT d.* FROM own_delivery d LEFT JOIN told t ON t.delivery = d.id WHERE t.id IS NULL$$),
    ('every event arrived and was answered with 2xx', $$
        SELECT t.position, t.message_id, a.came FROM told t LEFT JOIN arrived a USING (message_id)
            WHERE coalesce(a.answered, 0) = 0$$),
    ('nothing arrived that was not committed', $$
        SELECT r.* FROM request r LEFT JOIN told t ON t.message_id = r.message_id
         WHERE t.id IS NULL OR r.event_id <> t.id OR r.row_id <> t.row_id OR r.priority IS DISTINCT FROM t.new
             AND r.event_id IS NOT NULL$$),
    ('signatures, time and type are right, and no request broke off', $$SELECT * FROM request
        WHERE fault IS NOT NULL$$),
    ('an event has the same webhook-id and the same body each time', $$
        SELECT event_id, count(*) FROM request WHERE event_id IS NOT NULL
         GROUP BY event_id HAVING count(DISTINCT message_id) > 1 OR count(DISTINCT fingerprint) > 1$$),
    ('no event came before the one before it of the same row had arrived', $$
        SELECT * FROM (SELECT t.row_id, t.position, a.first_came, lag(a.first_answered) OVER (PARTITION BY t.row_id
            ORDER BY t.position) AS before
                         FROM told t JOIN arrived a USING (message_id)) o
         WHERE o.first_came < o.before$$),
    ('each attempt is logged once', $$
        SELECT t.delivery, t.attempt, count(l.attempt), max(l.attempt) FROM told t LEFT
            JOIN eryxon.delivery_attempt l ON l.delivery_id = t.delivery
         GROUP BY t.delivery, t.attempt HAVING count(l.attempt) <> t.attempt OR max(l.attempt) <> t.attempt$$),
    ('each request is of a logged attempt', $$
        SELECT t.delivery, t.attempt, a.came, a.repeatable FROM told t JOIN arrived a USING (message_id)
            WHERE a.came - a.repeatable > t.attempt$$),
    ('each logged answer was given', $$
        SELECT l.delivery_id, l.status, l.number, r.number AS given
          FROM (SELECT delivery_id, status, count(*) AS number FROM eryxon.delivery_attempt WHERE status IS NOT NULL
              GROUP BY 1, 2) l
          JOIN told t ON t.delivery = l.delivery_id
          LEFT JOIN (SELECT message_id, status, count(*) AS number FROM request GROUP BY 1, 2) r
              ON r.message_id = t.message_id AND r.status = l.status
         WHERE l.number > coalesce(r.number, 0)$$),
    ('each delivered event has one attempt with 2xx', $$
        SELECT t.delivery FROM told t LEFT JOIN eryxon.delivery_attempt l ON l.delivery_id = t.delivery
            AND l.status BETWEEN 200 AND 299
         GROUP BY t.delivery HAVING count(l.attempt) <> 1$$)
    ) AS c(name, query), pg_temp.verdict(c.name, c.query) AS v;
