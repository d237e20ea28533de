# shellcheck shell=bash
# The ways of sending the same calls that `run` compares, one function each. Source after common.sh and cluster.sh.
#
# Each prints "calls/s p50-ms p99-ms calls errors server-CPU-ms-per-call". A scenario is a kind (new, unchanged) and a number of
# records per call.

# The function that a scenario with $1 records per call uses, and its route.
function_of() { if [ "$1" -eq 1 ]; then say api-jobs-sync; else say api-jobs-bulk-sync; fi; }
route_of() { if [ "$1" -eq 1 ]; then say PUT /api-jobs/sync; else say POST /api-jobs/bulk-sync; fi; }

# The processor time that a process has used, in ticks of 10 ms.
ticks_of() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$1/stat"; }

# wrk with $3 connections on the gateway: scenario $1 $2.
arm_gateway() {
    local method path before
    read -r method path < <(route_of "$2")
    before=$(ticks_of "$GATEWAY")
    wrk -t1 --timeout 30s -c "$3" -d "${SECONDS_EACH}s" -s "$HERE/load.lua" "$URL$path" -- \
        "$WORK/body-$2" "$1" $((KNOWN / $2)) "$CREDENTIAL" "$method" >"$WORK/wrk.out"
    awk -v before="$before" -v after="$(ticks_of "$GATEWAY")" '/^result/ {
        print $2, $3, $4, $5, $6, $5 ? (after - before) * 10 / $5 : "-" }' "$WORK/wrk.out"
}

# pgbench with script $4 as role $5: scenario $1 $2, $3 connections.
arm_pgbench() {
    local body=:body block=BLOCKNUM output
    if [ "$1" = new ]; then body="replace(:body, 'BLOCKNUM', :block::text)"; else block="(10000000 + :client_id)::text"; fi
    if [ "$block" = BLOCKNUM ]; then block="'BLOCKNUM'"; fi
    sed "s/@function@/$(function_of "$2")/; s/@size@/$2/; s/@body@/$body/; s/@block@/$block/" "$HERE/$4" >"$WORK/$4"
    rm -f "$WORK"/log.*
    output=$(pgbench -n -M prepared -c "$3" -j 2 -T "$SECONDS_EACH" -l --log-prefix="$WORK/log" -U "$5" -f "$WORK/$4" \
        -D started=0 -D number=0 -D role="$ROLE" -D claims="$CLAIMS" -D headers="$HEADERS" "$DATABASE" 2>&1) ||
        { say "$output" >&2; return 1; }
    cut -d' ' -f3 "$WORK"/log.* | sort -n | awk -v rate="$(say "$output" | awk '/^tps/ { print $3 }')" \
        -v failed="$(say "$output" | awk '/failed transactions/ { print $5 }')" \
        '{ v[NR] = $1 } END { print rate, v[int(NR * 0.5 + 0.5)] / 1000, v[int(NR * 0.99 + 0.999)] / 1000, NR, failed, "-" }'
}

arm_plain() { arm_pgbench "$1" "$2" "$3" plain.sql direct; }
arm_request() { arm_pgbench "$1" "$2" "$3" request.sql authenticator; }
