-- pgbench: the transaction that the gateway makes of one request, prepared and in one pipeline.
\if :started = 0
SELECT bench.body(@size@, @start@) AS body \gset
\set started 1
\endif
\set number :number + 1
\set block @next@
\startpipeline
BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
SELECT set_config('search_path', '"eryxon_api", "public"', true), set_config('role', :role, true),
    set_config('request.jwt.claims', :claims, true), set_config('request.method', 'POST', true),
    set_config('request.path', '/rpc/@function@', true), set_config('request.headers', :headers, true),
    set_config('request.cookies', '{}', true);
SELECT "eryxon_api"."pre_request"();
WITH pgrst_source AS (SELECT pgrst_call.pgrst_scalar
    FROM (SELECT "eryxon_api"."@function@"(@body@::json) pgrst_scalar) pgrst_call)
SELECT null::bigint AS total_result_set, pg_catalog.count(_postgrest_t) AS page_total,
    coalesce(json_agg(_postgrest_t.pgrst_scalar)->0, 'null')::character varying AS body,
    nullif(current_setting('response.headers', true), '') AS response_headers,
    nullif(current_setting('response.status', true), '') AS response_status
FROM (SELECT * FROM pgrst_source) _postgrest_t;
COMMIT;
\endpipeline
