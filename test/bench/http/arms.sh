# shellcheck shell=bash
# The ways of sending the same calls that `run` compares, one function each. Source after common.sh and cluster.sh.
#
# Each prints "calls/s p50-ms p99-ms calls errors server-CPU-ms-per-call". A scenario is a kind (new, unchanged) and a
# number of records per call.

# The function that a scenario with $1 records per call uses, and its route.
function_of() { if [ "$1" -eq 1 ]; then say api-jobs-sync; else say api-jobs-bulk-sync; fi; }
route_of() { if [ "$1" -eq 1 ]; then say PUT /api-jobs/sync; else say POST /api-jobs/bulk-sync; fi; }

# The processor time that a process has used, in ticks of 10 ms.
ticks_of() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$1/stat"; }

# wrk with $3 connections on the gateway: scenario $1 $2.
arm_gateway() {
    local method path before blocks=$((CONNECTIONS * 2))
    if [ "$2" -eq 1 ]; then blocks=$KNOWN; fi
    read -r method path < <(route_of "$2")
    before=$(ticks_of "$GATEWAY")
    wrk -t1 --timeout 30s -c "$3" -d "${SECONDS_EACH}s" -s "$HERE/load.lua" "$URL$path" -- \
        "$WORK/body-$2" "$1" "$blocks" "$CREDENTIAL" "$method" >"$WORK/wrk.out"
    awk -v before="$before" -v after="$(ticks_of "$GATEWAY")" '/^result/ {
        print $2, $3, $4, $5, $6, $5 ? (after - before) * 10 / $5 : "-" }' "$WORK/wrk.out"
}

# Fills in script $4 for scenario $1 $2. Large known bodies are not built anew, for that would cost too much: each
# connection sends a block of its own again and again.
write_script() {
    local body="replace(:body, 'BLOCKNUM', :block::text)" start="'BLOCKNUM'" next
    case $1-$2 in
        new-*) next="20000000 + :client_id * 1000000 + :number" ;;
        unchanged-1) next="10000000 + (:client_id * 1999 + :number) % $KNOWN" ;;
        *) body=:body start="(10000000 + :client_id)::text" next=0 ;;
    esac
    sed "s/@function@/$(function_of "$2")/; s/@size@/$2/; s/@body@/$body/; s/@start@/$start/; s/@next@/$next/" \
        "$HERE/$4" >"$WORK/$4"
}

# pgbench with script $4 as role $5: scenario $1 $2, $3 connections.
arm_pgbench() {
    local output
    write_script "$@"
    rm -f "$WORK"/log.*
    output=$(pgbench -n -M prepared -c "$3" -j 2 -T "$SECONDS_EACH" -l --log-prefix="$WORK/log" -U "$5" -f "$WORK/$4" \
        -D started=0 -D number=0 -D role="$ROLE" -D claims="$CLAIMS" -D headers="$HEADERS" "$DATABASE" 2>&1) ||
        { say "$output" >&2; return 1; }
    cut -d' ' -f3 "$WORK"/log.* | sort -n | awk -v rate="$(say "$output" | awk '/^tps/ { print $3 }')" \
        -v failed="$(say "$output" | awk '/failed transactions/ { print $5 }')" \
        '{ v[NR] = $1 }
         END { print rate, v[int(NR * 0.5 + 0.5)] / 1000, v[int(NR * 0.99 + 0.999)] / 1000, NR, failed, "-" }'
}

arm_plain() { arm_pgbench "$1" "$2" "$3" plain.sql direct; }
arm_request() { arm_pgbench "$1" "$2" "$3" request.sql authenticator; }
