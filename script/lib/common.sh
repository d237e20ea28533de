# shellcheck shell=bash
# Shared by the scripts: where things are, who runs what, and how to speak to the reader. Source it; it runs nothing.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
EXTENSION=eryxon_sync
: "${PG_CONFIG:=/usr/lib/postgresql/15/bin/pg_config}"
export PG_CONFIG LC_ALL=C.UTF-8

# Prints one line for the reader.
say() { printf '%s\n' "$*"; }

# Prints a reason to standard error and ends the script.
die() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 2
}

# Prints the comment at the head of a script as its help text.
print_help() { sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$1" | sed '/^set -/d'; }

is_root() { [ "$(id -u)" -eq 0 ]; }

# Runs a command with root's rights: directly, or by sudo.
as_root() {
    if is_root; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "needs root for: $* (neither root nor sudo here)"
    fi
}

# Runs a command as the user that owns servers: postgres for root, otherwise the caller. Servers refuse root.
as_server_user() {
    if is_root; then
        runuser -u postgres -- "$@"
    else
        "$@"
    fi
}

# Prints a directory that pg_config knows, such as --bindir.
pg_dir() { "$PG_CONFIG" "$1"; }

# Tells whether the caller may install into this PostgreSQL without more rights.
can_install() { [ -w "$(pg_dir --pkglibdir)" ] && [ -w "$(pg_dir --sharedir)/extension" ]; }

# Where the extension is built: in the checkout, but for a server of another kind.
BUILD_ROOT=$ROOT

# Builds the extension; arguments go to make.
build_extension() { make -C "$BUILD_ROOT" -s -j"$(nproc)" "$@" all; }

# Installs what build_extension made; only this step needs root, and only for a system PostgreSQL.
install_extension() {
    if can_install; then
        make -C "$BUILD_ROOT" -s "$@" install >/dev/null
    else
        as_root make -C "$BUILD_ROOT" -s PG_CONFIG="$PG_CONFIG" "$@" install >/dev/null
    fi
}
