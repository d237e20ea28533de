# shellcheck shell=bash
# Private PostgreSQL clusters: a folder of their own, a socket in it, no TCP port. Source after common.sh.
#
# A cluster is a folder with data/ (PGDATA), log (the server's messages) and the socket. Clients connect by
# PGHOST=<folder>; nobody else on the machine can enter it.

# Makes the folder that will hold a cluster, owned by the server's user.
cluster_folder() {
    local owner
    owner=$(is_root && echo postgres || id -un)
    if [ -d "$1" ] && [ "$(stat -c %U "$1")" != "$owner" ]; then return 1; fi
    mkdir -p "$1" && chmod 700 "$1" && if is_root; then chown postgres: "$1"; fi
}

# Creates the cluster in folder $1 unless it is there; further arguments are lines for postgresql.conf.
cluster_create() {
    local folder=$1 line
    shift
    if [ -f "$folder/data/PG_VERSION" ]; then return 0; fi
    cluster_folder "$folder" || die "folder $folder belongs to somebody else"
    (cd "$folder" && as_server_user "$(pg_dir --bindir)/initdb" --pgdata="$folder/data" --username=postgres \
        --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync) >"$folder/initdb.log" ||
        { cat "$folder/initdb.log" >&2; return 1; }
    for line in "listen_addresses = ''" "unix_socket_directories = '$folder'" "logging_collector = off" "$@"; do
        printf '%s\n' "$line" >>"$folder/data/postgresql.conf"
    done
}

# Starts the cluster in folder $1 unless it runs, with POSTGRES as the program if that is set, and points libpq's
# environment at it.
cluster_start() {
    local folder=$1
    if ! cluster_runs "$folder"; then
        (cd "$folder" && as_server_user "$(pg_dir --bindir)/pg_ctl" --pgdata="$folder/data" --log="$folder/log" \
            --wait --silent ${POSTGRES:+-p "$POSTGRES"} start) ||
            { tail -n 20 "$folder/log" >&2; return 1; }
    fi
    cluster_use "$folder"
}

# Points libpq's environment at the cluster in folder $1.
cluster_use() {
    export PGHOST=$1 PGPORT=5432 PGUSER=postgres PGDATABASE=postgres
    unset PGSERVICE PGSSLMODE PGPASSWORD PGOPTIONS PGHOSTADDR
    PATH=$(pg_dir --bindir):$PATH
    export PATH
}

# Tells whether the server of folder $1 runs.
cluster_runs() { (cd / && as_server_user "$(pg_dir --bindir)/pg_ctl" --pgdata="$1/data" status) >/dev/null 2>&1; }

# Stops the server of folder $1 if it runs.
cluster_stop() {
    if cluster_runs "$1"; then
        (cd / && as_server_user "$(pg_dir --bindir)/pg_ctl" --pgdata="$1/data" --mode=fast --wait --silent stop)
    fi
}

# Restarts the server of folder $1 in a mode of pg_ctl (immediate: as after a crash).
cluster_restart() {
    (cd / && as_server_user "$(pg_dir --bindir)/pg_ctl" --pgdata="$1/data" --log="$1/log" --mode="$2" --wait --silent \
        restart)
}

# What a server's log says of a crash, of memory that was written over, and of what a transaction left open.
CRASH='terminated by signal (4|6|7|8|11)\b|TRAP:|PANIC:|WARNING:  (problem in |.* leak: |.*left non-empty SPI stack)'

# Prints such lines of server logs; succeeds if there are some.
crash_lines() { grep -nHE "$CRASH" "$@" 2>/dev/null; }
