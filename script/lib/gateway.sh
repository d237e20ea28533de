# shellcheck shell=bash
# Builds eryxon-gateway and runs it beside a private cluster. Source after common.sh and cluster.sh.
#
# A gateway lives in its cluster's folder: bin/eryxon-gateway, gateway.pid, gateway.log.

# Builds the gateway in folder $1; further arguments go to CMake.
gateway_build() {
    local build=$1
    shift
    cmake -S "$ROOT" -B "$build" -DERYXON_GATEWAY=ON -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF "$@" >/dev/null &&
        cmake --build "$build" --parallel "$(nproc)" --target eryxon-gateway >/dev/null
}

# Starts the program $2 beside the cluster in folder $1 as the server's user; further arguments are settings NAME=value
# for its environment. Prints the address it listens on.
gateway_start() {
    local folder=$1 program=$2
    shift 2
    gateway_stop "$folder"
    install -D -m 755 "$program" "$folder/bin/eryxon-gateway"
    (cd "$folder" && as_server_user env "$@" bash -c 'echo $$ >gateway.pid && exec bin/eryxon-gateway serve') \
        </dev/null >"$folder/gateway.log" 2>&1 &
    until gateway_address "$folder"; do
        if [ -s "$folder/gateway.pid" ] && ! gateway_runs "$folder"; then
            cat "$folder/gateway.log" >&2
            return 1
        fi
        sleep 0.1
    done
}

# Prints the address that the gateway of folder $1 says it listens on.
gateway_address() { sed -n 's/^eryxon-gateway: listening on //p' "$1/gateway.log" 2>/dev/null | grep .; }

# Tells whether the gateway of folder $1 runs.
gateway_runs() {
    local pid
    pid=$(cat "$1/gateway.pid" 2>/dev/null) && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = eryxon-gateway ]
}

# Stops the gateway of folder $1 if it runs, and waits until it has gone.
gateway_stop() {
    if gateway_runs "$1"; then
        kill "$(cat "$1/gateway.pid")"
        while gateway_runs "$1"; do sleep 0.1; done
    fi
    rm -f "$1/gateway.pid" "$1/gateway.log"
}
