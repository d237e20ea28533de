# shellcheck shell=bash
# The parts of the measurement, one function each. Source after common.sh and cluster.sh; `run` sets the variables.

# Runs SQL files or commands in the database of the measurement, as psql's arguments say, and prints rows bare; ends the
# run if one fails.
bench_psql() {
    psql -qXAt -v ON_ERROR_STOP=1 -v calls="$CALLS" -v size="$SIZE" -d bench "$@" || die "broken off (see above)"
}

# As bench_psql, from the file $1 of this folder.
bench_file() {
    local file=$1
    shift
    bench_psql "$@" -f "$BULK/$file"
}

# Prints how many MB of shared buffers to take where $1 are wanted: at most a quarter of the memory that is free.
shared_buffers() {
    awk -v wanted="$1" '/^MemAvailable/ { free = int($2 / 4096); print free < wanted ? free : wanted }' /proc/meminfo
}

# Starts the cluster anew with shared buffers of $1 MB.
restart_with() {
    cluster_stop "$WORK/cluster" || die "the server does not stop"
    printf 'shared_buffers = %sMB\n' "$1" >>"$WORK/cluster/data/postgresql.conf"
    cluster_start "$WORK/cluster" || die "the server does not start"
}

# Makes the cluster and the database with all that the parts share.
start_database() {
    local file
    cluster_create "$WORK/cluster" "autovacuum = off" "fsync = off" "full_page_writes = off" "jit = off" \
        "max_wal_size = 16GB" "min_wal_size = 2GB" "checkpoint_timeout = 1h" \
        "shared_buffers = $(shared_buffers 1024)MB" &&
        cluster_start "$WORK/cluster" && as_server_user mkdir "$WORK/cluster/rows" && createdb bench ||
        die "no server to measure on"
    bench_file prepare.sql -v tenant="$TENANT" -v folder="$WORK/cluster/rows"
    for file in peers peer_nested peer_one arms scenarios rows memory views single; do bench_file "$file.sql"; done
}

# Measures the bulk scenarios in one session, rounds $1 to $2; $3 tells whether only those that script/test watches.
measure_bulk() {
    bench_file bulk_commands.sql -v first="$1" -v last="$2" -v guarded="$3" \
        -v script="$BULK/bulk_once.sql" >"$WORK/bulk.psql"
    bench_psql -f "$BULK/warm.sql" -f "$WORK/bulk.psql"
}

# All of them.
part_bulk() {
    bench_file bulk.sql
    measure_bulk 1 "$ROUNDS" no
}

# A CSV file, and the same records as JSON, in round $1.
measure_csv() {
    bench_file csv_once.sql -v arm=csv -v bodies=csv -v round="$1"
    bench_file csv_once.sql -v arm=json -v bodies='csv json' -v round="$1"
}

# A file of 100,000 jobs.
part_csv() {
    local round
    bench_file csv.sql -v lines=100000
    for ((round = 1; round <= ROUNDS; round++)); do measure_csv "$round"; done
    bench_psql -c "DELETE FROM bench.body WHERE name LIKE 'csv%'"
}

# Calls of 10 to 100,000 records: their cost, and the memory of one.
part_growth() {
    local round size
    for size in "${GROWTH_SIZES[@]}"; do
        bench_psql -c "CALL bench.make_bodies('size $size', $((100000 / size)), $size)"
    done
    for ((round = 1; round <= ROUNDS; round++)); do
        for size in "${GROWTH_SIZES[@]}"; do bench_file size_once.sql -v size="$size" -v round="$round"; done
    done
    restart_with 2  # pages that are touched for the first time count as private memory
    for size in "${GROWTH_SIZES[@]}"; do bench_file memory_once.sql -v size="$size"; done
    bench_psql -c "DELETE FROM bench.body WHERE name LIKE 'size %'"
    restart_with "$(shared_buffers 4096)"
    growth_rows
    restart_with "$(shared_buffers 1024)"
}

# Tables without rows, with a fifth of the rows, and with all of them; one after the other, for filling one takes long.
growth_rows() {
    local level=0 rows round
    for rows in 0 $((ROWS / 5)) "$ROWS"; do
        bench_psql -c "INSERT INTO bench.level VALUES ($level, $rows)"
        say "bench: filling a table with $rows rows" >&2
        bench_psql -c "CALL bench.fill($rows, $CALLS, $SIZE)"
        for ((round = 1; round <= ROUNDS; round++)); do
            bench_file rows_once.sql -v level="$level" -v rows="$rows" -v round="$round"
        done
        level=$((level + 1))
    done
}

# Sends the bodies of $1 sessions at once by arm $2, scenario $3, round $4.
sessions_once() {
    local first start n pids=()
    first=$([ "$3" = new ] && echo yes || echo no)
    say "bench: round $4, $1 sessions, $3, $2" >&2
    start=$(bench_file sessions_settle.sql -v sessions="$1" -v first="$first")
    for ((n = 1; n <= $1; n++)); do
        bench_file session.sql -v sessions="$1" -v scenario="$3" -v session="$n" -v arm="$2" \
            -v round="$4" -v start="$start" &
        pids+=($!)
    done
    for n in "${pids[@]}"; do wait "$n" || die "a session was broken off"; done
    bench_psql -c "CALL bench.check_sessions('$3', $1, '$2', $4)"
}

# One, two and four sessions at once.
part_sessions() {
    local round sessions arm
    bench_file sessions.sql
    for ((round = 1; round <= ROUNDS; round++)); do
        for sessions in 1 2 4; do
            for arm in json peer_set; do
                sessions_once "$sessions" "$arm" new "$round"
                sessions_once "$sessions" "$arm" unchanged "$round"
            done
        done
    done
}

# Single records.
part_single() {
    local round arm
    for ((round = 1; round <= ROUNDS; round++)); do
        for arm in upsert peer_one; do
            bench_file single_once.sql -v arm="$arm" -v round="$round" -v calls="$SINGLE_CALLS"
        done
    done
}
