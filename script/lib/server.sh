# shellcheck shell=bash
# The PostgreSQL that the tests run on: the one of PG_CONFIG, one with assertions, built from Debian's source, or
# (chroot.sh) another major version. Source after common.sh.
#
# Servers that are made stay in $ERYXON_SERVERS, each in a folder whose name tells kind and major version, with a
# checksum of all that decides what comes out.

SERVER_KINDS=(default assert 17 18)
MAJOR=15
if is_root; then
    : "${ERYXON_SERVERS:=/var/cache/eryxon_sync}"
else
    : "${ERYXON_SERVERS:=${XDG_CACHE_HOME:-$HOME/.cache}/eryxon_sync}"
fi

# With assertions goes that freed memory is overwritten (CLOBBER_FREED_MEMORY) and that writing past a chunk is noticed;
# relations are closed at the first chance, and valgrind is told of every palloc.
ASSERT_OPTIONS=(--enable-cassert --enable-debug --enable-tap-tests --with-icu --with-openssl --with-libxml
    --without-readline --with-system-tzdata=/usr/share/zoneinfo
    'CFLAGS=-O1 -fno-omit-frame-pointer' 'CXXFLAGS=-O1 -fno-omit-frame-pointer'
    'CPPFLAGS=-DRELCACHE_FORCE_RELEASE -DUSE_VALGRIND')

# Makes PG_CONFIG that of a kind of server; the extension for it is built apart from the checkout. A kind is a function
# server_KIND, which makes the server if it is not there and leaves its folder in SERVER.
server_use() {
    if [ "$1" = default ]; then return; fi
    "server_$1"
    server_pgtap
    export PG_CONFIG=$SERVER/bin/pg_config
    BUILD_ROOT=$ROOT/build/server-$1
    server_sources
}

# A server with assertions.
server_assert() {
    SERVER=$ERYXON_SERVERS/assert-$MAJOR-$(server_checksum)
    server_make "PostgreSQL with assertions (some 6 minutes)" server_build
}

# A checksum of the version here, of the options and of how a server is built.
server_checksum() {
    { "$PG_CONFIG" --version; printf '%s\n' "${ASSERT_OPTIONS[@]}"; declare -f server_fetch server_compile; } |
        cksum | cut -d ' ' -f 1
}

# Makes folder SERVER unless it is complete, once, however many ask for it: tells the reader of $1 and runs the rest of
# the arguments.
server_make() {
    local what=$1 status=0
    shift
    if [ -f "$SERVER/complete" ]; then return; fi
    mkdir -p "$ERYXON_SERVERS"
    (cd / && as_server_user test -x "$ERYXON_SERVERS") ||
        die "servers cannot be run from $ERYXON_SERVERS; set ERYXON_SERVERS to a folder"
    exec 9>"$SERVER.lock"
    flock 9
    if [ ! -f "$SERVER/complete" ]; then
        say "== making $what, once, in $SERVER"
        ("$@" && touch "$SERVER/complete") >"$SERVER.log" 2>&1 9>&- || status=$?
        if [ "$status" -ne 0 ]; then
            tail -n 40 "$SERVER.log" >&2
            die "$what could not be made; all of it: $SERVER.log"
        fi
    fi
    exec 9>&-
}

# Fetches and builds the server in a folder that goes with the end.
server_build() {
    local work status=0
    work=$(mktemp -d "${TMPDIR:-/tmp}/eryxon-server.XXXXXX")
    (cd "$work" && server_fetch && server_compile) || status=$?
    rm -rf "$work"
    return "$status"
}

# Fetches PostgreSQL's source into the current folder from where this machine has its packages, and leaves apt's own
# settings alone.
server_fetch() {
    local list version
    mkdir -p apt/parts apt/lists/partial apt/cache
    for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        if [ -f "$list" ]; then sed -n 's/^deb\([[:space:]]\)/deb-src\1/p' "$list"; fi
    done >apt/parts/lines.list
    for list in /etc/apt/sources.list.d/*.sources; do
        if [ -f "$list" ]; then sed 's/^Types:.*/Types: deb-src/' "$list" && echo; fi
    done >apt/parts/stanzas.sources
    server_apt apt-get update || true
    # A mirror may have lost the newest.
    for version in $(server_apt apt-cache showsrc "postgresql-$MAJOR" | sed -n 's/^Version: //p' | sort -Vru); do
        if server_apt apt-get source --download-only "postgresql-$MAJOR=$version"; then break; fi
    done
    mkdir source &&
        tar -x --strip-components=1 -C source -f "$(ls postgresql-"$MAJOR"_*.orig.tar.*)"
}

# Runs a command of apt with lists and caches below the current folder.
server_apt() {
    local command=$1
    shift
    "$command" -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$PWD/apt/parts" \
        -o "Dir::State::lists=$PWD/apt/lists" -o "Dir::Cache=$PWD/apt/cache" -o "APT::Sandbox::User=$(id -un)" "$@"
}

# Builds and installs the source of the current folder: the server, its test programs and what the tests need of
# contrib.
server_compile() {
    rm -rf "$SERVER" && mkdir build && cd build &&
        ../source/configure -q --prefix="$SERVER" "${ASSERT_OPTIONS[@]}" &&
        make -s -j"$(nproc)" &&
        make -s install &&
        make -s -C contrib/pageinspect install &&
        install -D -m 644 ../source/src/tools/valgrind.supp "$SERVER/share/valgrind.supp"
}

# Puts Debian's pgTAP, which is nothing but SQL, into the server.
server_pgtap() {
    local from
    from=$("$PG_CONFIG" --sharedir)/extension
    cp -u "$from"/pgtap*.control "$from"/pgtap*.sql "$("$SERVER/bin/pg_config" --sharedir)/extension/"
}

# Brings the copy of the extension's source in BUILD_ROOT up to date: objects for two servers do not mix in one folder.
server_sources() {
    local file
    mkdir -p "$BUILD_ROOT/src" "$BUILD_ROOT/sql/install" "$BUILD_ROOT/sql/updates"
    (cd "$BUILD_ROOT" && find src sql/install sql/updates -name '*.[ch]pp' -o -name '*.sql') | while read -r file; do
        if [ ! -e "$ROOT/$file" ]; then rm "$BUILD_ROOT/$file"; fi
    done
    tar -C "$ROOT" --exclude='*.o' --exclude='*.d' -cf - \
        Makefile "$EXTENSION.control" exports.txt src sql/install sql/updates | tar -C "$BUILD_ROOT" -xf -
}
