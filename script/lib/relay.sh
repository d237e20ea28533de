# shellcheck shell=bash
# Runs the gateway's relay and the sample receiver beside a private cluster. Source after common.sh, cluster.sh and
# gateway.sh.
#
# They live in the cluster's folder: bin/eryxon-gateway (the relay is the same program), relay.pid, relay.log,
# bin/receiver.py, receiver.pid, receiver.log, receiver.secret.

# Starts a program in folder $1 as the server's user under the name $2; further arguments are settings NAME=value and
# the command line.
companion_start() {
    local folder=$1 name=$2
    shift 2
    (cd "$folder" && umask 077 && as_server_user env "$@") </dev/null >"$folder/$name.log" 2>&1 &
    until grep -q . "$folder/$name.log" 2>/dev/null; do
        if ! kill -0 $! 2>/dev/null; then cat "$folder/$name.log" >&2; return 1; fi
        sleep 0.1
    done
}

# Tells whether the process of $1/$2.pid runs; $3 is part of its command line.
companion_runs() {
    local pid
    pid=$(cat "$1/$2.pid" 2>/dev/null) && { tr '\0' ' ' <"/proc/$pid/cmdline" | grep -q -- "$3"; } 2>/dev/null
}

# Stops the process of $1/$2.pid if it runs, and waits until it has gone; $3 is part of its command line.
companion_stop() {
    if companion_runs "$@"; then
        kill "$(cat "$1/$2.pid")"
        while companion_runs "$@"; do sleep 0.1; done
    fi
    rm -f "$1/$2.pid" "$1/$2.log"
}

# Starts the sample receiver in folder $1, without a secret yet; prints the address it listens on.
receiver_start() {
    local folder=$1
    receiver_stop "$folder"
    install -D -m 755 "$ROOT/sample/receiver.py" "$folder/bin/receiver.py"
    receiver_secret "$folder" </dev/null
    companion_start "$folder" receiver bash -c \
        'echo $$ >receiver.pid && exec python3 bin/receiver.py 0 receiver.secret' || return 1
    sed -n 's/^listening on //p' "$folder/receiver.log"
}

# Writes the receiver's secret from standard input where only it can read it.
receiver_secret() { (umask 077 && as_server_user tee "$1/receiver.secret" >/dev/null); }

# Prints what the receiver of folder $1 has verified.
receiver_events() { sed 1d "$1/receiver.log"; }

receiver_stop() { companion_stop "$1" receiver receiver.py; }

# Starts the program $2 as a relay beside the cluster in folder $1; further arguments are its flags. It reaches
# loopback, and nothing else that is not public.
relay_start() {
    local folder=$1 program=$2
    shift 2
    relay_stop "$folder"
    install -D -m 755 "$program" "$folder/bin/eryxon-relay"
    companion_start "$folder" relay bash -c 'echo $$ >relay.pid && exec bin/eryxon-relay relay "$@"' relay \
        --allow-http --allow-address 127.0.0.0/8 "$@"
}

relay_stop() { companion_stop "$1" relay eryxon-relay; }
