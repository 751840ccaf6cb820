# shellcheck shell=bash disable=SC2034
# What the steps of the delivery test share: what this run calls its own, how it looks at something, and how it cleans up.
#
# The invariant here: what is removed at the end is named after this run, and a process is ended by the id that it was
# started with.

me=scripts/delivery-test
run=bank-delivery-$$
work=$(mktemp -d "${TMPDIR:-/tmp}/bank-delivery.XXXXXX")
version=0.0.1-test
checks=0

# docker/build.sh, docker/publish.sh and bank-deploy read these.
export BANK_IMAGE_PREFIX=$run BANK_IMAGES_DIR=$work/images

say() { printf '%s: %s\n' "$me" "$*" >&2; }

title() { printf '\n== %s (%ss)\n' "$*" "$SECONDS" >&2; }

die() {
    say "FAILED: $*"
    exit 1
}

# ok WHAT: counts what was just seen to be so.
ok() {
    checks=$((checks + 1))
    printf 'ok  %s\n' "$*" >&2
}

# expect WHAT COMMAND…: it succeeds.
expect() {
    local what=$1
    shift
    "$@" >"$work/out" 2>"$work/err" || {
        tail -n 30 "$work/out" "$work/err" >&2
        die "$what"
    }
    ok "$what"
}

# refused CODE TEXT WHAT COMMAND…: it fails with this exit code and says this in one line.
refused() {
    local code=$1 text=$2 what=$3 got=0
    shift 3
    "$@" >"$work/out" 2>"$work/err" || got=$?
    [ "$got" = "$code" ] || { cat "$work/out" "$work/err" >&2; die "$what: exit code $got, not $code"; }
    grep -qF -- "$text" "$work/err" || { cat "$work/err" >&2; die "$what: it does not say '$text'"; }
    [ "$(wc -l <"$work/err")" = 1 ] || { cat "$work/err" >&2; die "$what: more than one line"; }
    ok "$what is refused: $(cat "$work/err")"
}

# A port that nobody listens on now.
free_port() {
    local port
    for port in $(shuf -i 20000-29999 -n 50); do
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
    done
    die "no free port"
}

# until_so SECONDS COMMAND…: waits for it.
until_so() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < deadline)) || return 1
        sleep 0.2
    done
}

# end PID: politely, and not for ever.
end() {
    kill "$1" 2>/dev/null || return 0
    until_so 60 gone "$1" || kill -9 "$1" 2>/dev/null || true
}

gone() { ! kill -0 "$1" 2>/dev/null; }

services() { sed -n 's/^\[\([a-z-]*\)\]$/\1/p' docker/services.toml; }

# Functions that clean up, the last one first.
cleanups=()

clean_up() {
    local code=$? index
    trap - EXIT
    if [ "$code" != 0 ]; then say "ends with exit code $code; cleaning up"; fi
    for ((index = ${#cleanups[@]} - 1; index >= 0; index--)); do "${cleanups[index]}" >/dev/null 2>&1 || true; done
    rm -rf -- "$work"
    exit "$code"
}

# What every step needs: the engine and the images that services stand on.
prepare() {
    title "an engine"
    need_engine
    title "images of the servers"
    need_server_images
    title "the deploy tool"
    # The selection that scripts/test builds, so that what it left is used.
    cargo build -j2 --locked --quiet --workspace --bins --features distributed
    deploy=$CARGO_TARGET_DIR/debug/bank-deploy
}

apt_install() {
    [ "$(id -u)" = 0 ] || die "needs Debian packages and is not root; run: apt-get install $*"
    say "installs Debian packages: $*"
    {
        apt-get -q -o DPkg::Lock::Timeout=300 update &&
            DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "$@"
    } </dev/null >"$work/apt.log" 2>&1 || { tail -n 15 "$work/apt.log" >&2; die "apt-get install $* failed"; }
}
