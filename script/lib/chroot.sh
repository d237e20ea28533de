# shellcheck shell=bash
# Other major versions than Debian's own: a later Debian in a folder, by debootstrap, in which script/test runs again.
# Source after common.sh, count.sh and server.sh.
#
# The folder is made once and stays as it is: a run lies over it in memory (overlayfs, in mounts that nobody else sees)
# and is gone at its end, but for the objects, which stay in the checkout's build folder. So runs of several checkouts
# do not meet.

# Which Debian has which PostgreSQL.
declare -A CHROOT_SUITES=([17]=trixie [18]=sid)

# What is installed there. postgresql-server-dev-* is unpacked without what it depends on: a compiler that only JIT
# needs.
CHROOT_PACKAGES=(g++ make libssl-dev libsimdjson-dev libcsv-dev perl libipc-run-perl
    libtap-parser-sourcehandler-pgtap-perl)

# Keeps the packages' scripts from making clusters and starting servers, and dpkg from waiting for the disk; a mirror
# that stands still is good enough.
CHROOT_SETTINGS='
    printf "%s\n" force-unsafe-io path-exclude="/usr/share/doc/*" path-exclude="/usr/share/man/*" \
        path-exclude="/usr/share/locale/*" >/etc/dpkg/dpkg.cfg.d/test
    printf "#!/bin/sh\nexit 101\n" >/usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d
    mkdir -p /etc/postgresql-common && echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
    printf "APT::Install-Recommends false;\nAcquire::Check-Valid-Until false;\n" >/etc/apt/apt.conf.d/test'

# Tells whether a kind of server is one of these.
is_chroot() { [ -n "${CHROOT_SUITES[$1]:-}" ]; }

# Prints why none can be made here, if so.
chroot_hindrance() {
    if ! is_root && ! { command -v sudo >/dev/null && sudo -n true 2>/dev/null; }; then
        say "needs root, or sudo without a password"
    elif ! as_root unshare --mount true 2>/dev/null; then
        say "root may not mount here"
    fi
}

# Runs script/test in the chroot of version $1, with the further arguments, and counts what it says.
chroot_test() {
    local version=$1 hindrance
    shift
    hindrance=$(chroot_hindrance)
    if [ -n "$hindrance" ]; then count_skipped "$version" "$hindrance"; return; fi
    "$ROOT/script/bootstrap" --chroot
    SERVER=$ERYXON_SERVERS/$version-$(chroot_checksum "$version")
    server_make "Debian ${CHROOT_SUITES[$version]} with PostgreSQL $version (some 3 minutes)" chroot_make "$version"
    chroot_sources "$ROOT/build/server-$version"
    logged "$version" chroot_run "$ROOT/build/server-$version" "/usr/lib/postgresql/$version/bin/pg_config" \
        --no-bootstrap "$@"
    grep -E '^(== .*(PostgreSQL|done)|   .* passed, )' "$WORK/$version.log" || true
    count_summary "$version" "$WORK/$version.log" "$STATUS"
}

# A checksum of all that decides what comes out.
chroot_checksum() {
    { say "${CHROOT_SUITES[$1]} ${CHROOT_PACKAGES[*]} $CHROOT_SETTINGS"; declare -f chroot_make chroot_install; } |
        cksum | cut -d ' ' -f 1
}

# Makes the folder SERVER: root/ with a Debian that has PostgreSQL $1.
chroot_make() {
    as_root rm -rf "$SERVER" && mkdir "$SERVER" &&
        as_root debootstrap --variant=minbase "${CHROOT_SUITES[$1]}" "$SERVER/root" "$(debian_mirror)" &&
        chroot_install "$1"
}

# Prints where this machine has Debian's packages from.
debian_mirror() {
    apt-get indextargets --format '$(ORIGIN) $(LABEL) $(REPO_URI)' | sed -n 's/^Debian Debian //p' | head -n 1 | grep .
}

# Installs PostgreSQL $1 and what building and testing need into SERVER.
chroot_install() {
    chroot_enter "$SERVER/root" sh -ec "$CHROOT_SETTINGS
        export DEBIAN_FRONTEND=noninteractive
        apt-get -q update
        apt-get -q -y install ${CHROOT_PACKAGES[*]} postgresql-$1 postgresql-$1-pgtap
        cd /tmp && apt-get -q download postgresql-server-dev-$1 && dpkg -x postgresql-server-dev-$1_*.deb /
        apt-get clean"
}

# Runs a command in the chroot $1, with mounts and processes of its own that end with it.
chroot_enter() {
    as_root unshare --mount --pid --fork --kill-child bash -ec '
        mount -t proc proc "$1/proc"
        exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 chroot "$@"' - "$@"
}

# Brings the copy of the checkout in folder $1 up to date.
chroot_sources() {
    BUILD_ROOT=$1
    server_sources
    rm -rf "$1/test" "$1/script" "$1/docs" "$1/sample" &&
        cp -r "$ROOT/test" "$ROOT/script" "$ROOT/docs" "$ROOT/sample" "$1/"
}

# Runs script/test of the folder $1 with the PG_CONFIG $2 and further arguments, over the chroot.
chroot_run() {
    as_root unshare --mount --pid --fork --kill-child bash -ec '
        chroot=$1 checkout=$2 work=$3 config=$4
        shift 4
        mkdir -p "$work/over" "$work/tmp" && chmod 1777 "$work/tmp"
        mount -t tmpfs tmpfs "$work/over"
        mkdir "$work/over/upper" "$work/over/work" "$work/over/root"
        mount -t overlay -o "lowerdir=$chroot,upperdir=$work/over/upper,workdir=$work/over/work" \
            overlay "$work/over/root"
        cd "$work/over/root"
        mkdir -p srv/eryxon_sync dev/shm
        mount --bind "$checkout" srv/eryxon_sync
        mount --bind "$work/tmp" tmp
        mount -t proc proc proc
        mount -t tmpfs tmpfs dev/shm
        exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
            PG_CONFIG="$config" OPTIMIZE="-O1 -g0" chroot . srv/eryxon_sync/script/test "$@"' \
        - "$SERVER/root" "$1" "$WORK" "${@:2}"
}
