# shellcheck shell=bash
# The test suites of script/test, one function each. Source after common.sh, cluster.sh, count.sh and gateway.sh.
#
# WORK is the folder of this run: logs and clusters live there. Every suite counts its results once.

TEMPLATES=${ERYXON_CSV:-$ROOT/../shared/data/templates}
if [ -d "$TEMPLATES" ]; then TEMPLATES=$(cd "$TEMPLATES" && pwd); else TEMPLATES=; fi

# Runs a command into $WORK/<suite>.log and keeps its exit status in STATUS; the log is shown if it fails.
logged() {
    local log=$WORK/$1.log
    shift
    STATUS=0
    "$@" >"$log" 2>&1 || STATUS=$?
    if [ "$STATUS" -ne 0 ]; then grep -vE '^ok |^\[ +(OK|RUN) ' "$log" | tail -n "${LOG_LINES:-60}"; fi
}

# Runs function $2 with a fresh server named $1, then stops it and counts a crash in its log as a failure.
with_cluster() {
    local name=$1 folder=$WORK/cluster-$1
    shift
    if ! cluster_create "$folder" "fsync = off" "synchronous_commit = off" "full_page_writes = off" \
        "max_connections = 60" "log_line_prefix = '%m [%p] %d '" || ! cluster_start "$folder"; then
        count "$name server" 0 1
        return
    fi
    "$@" || count "$name (broken off)" 0 1
    cluster_stop "$folder"
    count_logs "$name server log" "$folder/log"
}

# Counts as test $1 whether none of the server logs that follow tells of a crash.
count_logs() {
    local name=$1 crashes
    shift
    if crashes=$(crash_lines "$@"); then
        say "$crashes"
        count "$name" 0 1
    else
        count "$name" 1 0
    fi
}

# Builds core, the gateway and their tests in SANITIZED, under AddressSanitizer and UndefinedBehaviorSanitizer.
SANITIZED=$ROOT/build/sanitized
build_sanitized() {
    cmake_build "$SANITIZED" -DCMAKE_BUILD_TYPE=Debug -DERYXON_WERROR=ON -DERYXON_SANITIZE=ON -DERYXON_GATEWAY=ON
}

# core and the gateway's parts without a server: GoogleTest.
suite_unit() {
    logged unit-build build_sanitized
    if [ "$STATUS" -ne 0 ]; then count "unit build" 0 1; return; fi
    logged unit ctest --test-dir "$SANITIZED" --output-on-failure
    count_ctest unit "$WORK/unit.log" "$STATUS"
}

# Configures and builds a CMake tree $1 with further options; another run that builds the same one waits.
cmake_build() {
    local build=$1
    shift
    mkdir -p "$build"
    (
        flock 9
        cmake -S "$ROOT" -B "$build" "$@" && cmake --build "$build" --parallel "$(nproc)"
    ) 9>"$build.lock"
}

# libFuzzer targets over core, FUZZ_SECONDS each; a crash, leak or timeout fails.
suite_fuzz() {
    local build=$ROOT/build/fuzz target name
    logged fuzz-build cmake_build "$build" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_CXX_COMPILER=clang++-14 \
        -DERYXON_WERROR=ON -DERYXON_FUZZ=ON
    if [ "$STATUS" -ne 0 ]; then count "fuzz build" 0 1; return; fi
    for target in "$ROOT"/test/fuzz/*_fuzz.cpp; do
        name=$(basename "$target" .cpp)
        while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do wait -n || true; done
        fuzz_one "$build/test/fuzz/$name" "${name%_fuzz}" >"$WORK/$name.log" 2>&1 && touch "$WORK/$name.passed" &
    done
    wait
    for target in "$ROOT"/test/fuzz/*_fuzz.cpp; do
        name=$(basename "$target" .cpp)
        if [ -f "$WORK/$name.passed" ]; then
            count "fuzz ${name%_fuzz}" 1 0
        else
            tail -n 40 "$WORK/$name.log"
            count "fuzz ${name%_fuzz}" 0 1
        fi
    done
}

# Runs fuzzer $1 on topic $2 in a folder of its own, where its finds go; the corpora are only read. That of CSV begins
# with the files of test/corpus, too.
fuzz_one() {
    local folder=$WORK/fuzz/$2 corpora=()
    mkdir -p "$folder/found"
    if [ -d "$ROOT/test/fuzz/corpus/$2" ]; then corpora+=("$ROOT/test/fuzz/corpus/$2"); fi
    if [ "$2" = csv ]; then "$ROOT/test/fuzz/csv_seeds.pl" "$folder/seeds" && corpora+=("$folder/seeds"); fi
    (cd "$folder" && "$1" -max_total_time="$FUZZ_SECONDS" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        found ${corpora[@]+"${corpora[@]}"})
}

# pg_regress: SQL by topic, answers compared.
suite_regress() { with_cluster regress run_regress; }
run_regress() {
    logged regress make -C "$ROOT" -s installcheck ISOLATION=
    if [ "$STATUS" -ne 0 ]; then tail -n 200 "$ROOT/regression.diffs" 2>/dev/null || true; fi
    count_regress regress "$WORK/regress.log" "$STATUS"
}

# pg_isolation_regress: interleavings of sessions.
suite_isolation() { with_cluster isolation run_isolation; }
run_isolation() {
    logged isolation make -C "$ROOT" -s installcheck REGRESS=
    if [ "$STATUS" -ne 0 ]; then tail -n 200 "$ROOT/output_iso/regression.diffs" 2>/dev/null || true; fi
    count_regress isolation "$WORK/isolation.log" "$STATUS"
}

# pgTAP: each file in a new database that has the extensions pgtap and eryxon_sync.
suite_pgtap() { with_cluster pgtap run_pgtap; }
run_pgtap() {
    local file name
    createdb pgtap_template
    psql -qX -d pgtap_template -c 'CREATE EXTENSION pgtap' -c "CREATE EXTENSION $EXTENSION"
    export ERYXON_CSV=$TEMPLATES ERYXON_FILES=$ROOT/test/csv
    for file in "$ROOT"/test/pgtap/*.sql; do
        name=$(basename "$file" .sql)
        createdb -T pgtap_template "pgtap_$name"
        logged "pgtap-$name" pg_prove --verbose --dbname "pgtap_$name" "$file"
        count_tap "pgtap $name" "$WORK/pgtap-$name.log" "$STATUS"
    done
}

# Corpus: input as people have it, with what must come of it.
suite_corpus() { with_cluster corpus run_corpus; }
run_corpus() {
    logged corpus "$ROOT/test/corpus/run"
    count_summary corpus "$WORK/corpus.log" "$STATUS"
}

# TAP: tests with servers of their own (kill, dump and restore, races), run as the user that owns servers; all of them,
# or the one named $1.
suite_tap() {
    local folder=$WORK/tap-${1:-all} file name logs pgxs
    pgxs=$(dirname "$(pg_dir --pgxs)")/../test
    mkdir -p "$folder/test"
    if grep -qE 'ERYXON_GATEWAY' "$ROOT"/test/t/${1:-*}.pl; then
        logged tap-gateway gateway_build "$ROOT/build/gateway"
        if [ "$STATUS" -ne 0 ]; then count "tap gateway" 0 1; return; fi
        cp "$ROOT/build/gateway/src/gateway/eryxon-gateway" "$folder/"
    fi
    cp -r "$ROOT/test/t" "$folder/test/"
    cp -r "$ROOT/sql" "$ROOT/sample" "$folder/"
    if [ -n "$TEMPLATES" ]; then cp -r "$TEMPLATES" "$folder/templates"; fi
    if is_root; then chown -R postgres: "$folder"; fi
    for file in "$folder"/test/t/${1:-*}.pl; do
        name=$(basename "$file" .pl)
        logged "tap-$name" run_tap "$folder" "$file" "$pgxs"
        count_tap "tap $name" "$WORK/tap-$name.log" "$STATUS"
    done
    mapfile -t logs < <(find "$folder/tmp_check/log" -name '*.log' ! -name 'regress_log*' 2>/dev/null)
    count_logs "tap server logs" /dev/null "${logs[@]}"
}

# Runs one Perl test file $2 with the server's own test modules.
run_tap() {
    (cd "$1" && as_server_user env -u PGHOST -u PGPORT -u PGUSER -u PGDATABASE PATH="$(pg_dir --bindir):$PATH" \
        PG_CONFIG="$PG_CONFIG" PG_REGRESS="$3/regress/pg_regress" \
        TESTDIR="$1" TESTDATADIR="$1/tmp_check" TESTLOGDIR="$1/tmp_check/log" \
        ERYXON_GATEWAY="$1/eryxon-gateway" \
        ERYXON_CSV="${TEMPLATES:+$1/templates}" prove --verbose -I "$3/perl" -I "$1/test/t" "$2")
}

# Oracle: the same random calls to the engine and to a slow PL/pgSQL reading of the contract.
suite_oracle() { with_cluster oracle run_oracle; }
run_oracle() {
    STATUS=0
    "$ROOT/test/oracle/run" --cases "$ORACLE_CASES" ${ORACLE_SEED:+--seed "$ORACLE_SEED"} 2>&1 |
        tee "$WORK/oracle.log" | sed -n 's/^oracle:/  /p' || STATUS=$?
    if [ "$STATUS" -ne 0 ]; then tail -n 60 "$WORK/oracle.log" | cut -c 1-300; fi
    count_summary oracle "$WORK/oracle.log" "$STATUS"
}

# HTTP: PostgREST's statements, the gateway under sanitizers, nginx in front of it; servers of their own.
suite_http() {
    logged http-build build_sanitized
    if [ "$STATUS" -ne 0 ]; then count "http build" 0 1; return; fi
    logged http-packages npm --prefix "$ROOT/test/http" ci --no-audit --no-fund
    if [ "$STATUS" -ne 0 ]; then count "http packages (npm ci)" 0 1; return; fi
    STATUS=0
    "$ROOT/test/http/run" --build "$SANITIZED" 2>&1 | tee "$WORK/http.log" || STATUS=$?
    count_summary http "$WORK/http.log" "$STATUS"
}

# The admin pages in a browser, over the gateway under sanitizers. Pictures stay in web/test-results.
suite_web() {
    logged web-build build_sanitized
    if [ "$STATUS" -ne 0 ]; then count "web build" 0 1; return; fi
    STATUS=0
    "$ROOT/test/web/run" 2>&1 | tee "$WORK/web.log" || STATUS=$?
    count_summary web "$WORK/web.log" "$STATUS"
}

# Webhooks under load: writers, relays that are killed, a server that is restarted, a receiver that often fails.
suite_relay() {
    STATUS=0
    "$ROOT/test/relay/run" --no-install >"$WORK/relay.log" 2>&1 || STATUS=$?
    grep -E '^(not ok|#|\|)' "$WORK/relay.log" | sed 's/^/   /' || tail -n 20 "$WORK/relay.log"
    count_summary relay "$WORK/relay.log" "$STATUS"
}

# The demo from beginning to end, and the curl lines that it prints, as they stand.
suite_demo() {
    logged demo env ERYXON_DEMO="$WORK/demo" ERYXON_LISTEN=127.0.0.1:0 "$ROOT/script/demo"
    if [ "$STATUS" -eq 0 ]; then count demo 1 0; else count demo 0 1; fi
    grep '^curl ' "$WORK/demo.log" >"$WORK/demo.lines" || true
    logged demo-lines run_demo_lines
    count "demo curl lines" "$(grep -c '^{"success":true' "$WORK/demo-lines.log" || true)" "$STATUS"
    logged demo-pages run_demo_pages
    count "demo admin pages" "$((STATUS == 0))" "$((STATUS != 0))"
    count_logs "demo server log" "$WORK/demo/log"
    ERYXON_DEMO="$WORK/demo" "$ROOT/script/demo" --remove >/dev/null
}

# Fetches the admin pages at the address that the demo prints, signs in with its key, and tries the file that it names.
run_demo_pages() {
    local address key file
    file=$(grep -oE '/[^ ]+/new-orders.csv' "$WORK/demo.log")
    address=$(grep -oE 'http://[^ ]+/admin/' "$WORK/demo.log" | head -n 1)
    key=$(sed -n 's/^ *Key: *\(ery_live_[A-Za-z0-9_-]*\)$/\1/p' "$WORK/demo.log")
    curl -sSf "$address" | grep -q '<div id="app">' &&
        curl -sSf -H "Authorization: Bearer $key" "${address%/admin/}/api-admin/session" | grep -q '"admin": *true' &&
        curl -sSf -H "Authorization: Bearer $key" -H 'Content-Type: text/csv' --data-binary "@$file" \
            "${address%/admin/}/api-jobs/import?dry_run=true&external_source=FOUNDRY&date_format=DD-MM-YYYY" |
        grep -E '"errors": *1,.*"created": *3,.*"updated": *1,' >/dev/null
}

# Runs the three lines in order; fails at one that is not answered with success.
run_demo_lines() {
    local line answer
    [ "$(wc -l <"$WORK/demo.lines")" -eq 3 ] || return 1
    while read -r line; do
        answer=$(bash -c "$line" </dev/null)
        say "$answer"
        [[ $answer == '{"success":true'* ]] || return 1
    done <"$WORK/demo.lines"
}

# Speed: a few scenarios against SQL by hand, on a small size and with wide margins.
suite_bench() {
    STATUS=0
    "$ROOT/test/bench/run" --guard --no-install >"$WORK/bench.log" 2>"$WORK/bench.err" || STATUS=$?
    grep -E '^(not )?ok - ' "$WORK/bench.log" | sed 's/^/   /' || true
    # Another failure than a missed target: a crash in the server's log, say.
    if [ "$STATUS" -ne 0 ] && ! grep -q '^not ok - ' "$WORK/bench.log"; then
        tail -n 20 "$WORK/bench.log" "$WORK/bench.err"
    fi
    count_summary bench "$WORK/bench.log" "$STATUS"
}
