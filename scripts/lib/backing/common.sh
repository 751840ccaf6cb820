# shellcheck shell=bash
# What the three backing servers share: folders, ports, processes, packages.
#
# The invariant here: a process is ours only if its pid file names it and its command
# line carries an argument that no other process has. Nothing else is ever signalled.

: "${HOME:=/root}"
CACHE=$(realpath -m -- "${BANK_CACHE:-$HOME/.cache/bank}")/backing-services
RUN=$(realpath -m -- "${BANK_BACKING_DIR:-$HOME/.cache/bank/run}")
TIMEOUT=${BANK_BACKING_TIMEOUT:-120}
readonly CACHE RUN TIMEOUT

say() { printf 'backing-services: %s\n' "$*" >&2; }

die() {
    say "error: $*"
    exit 1
}

# ---- folders --------------------------------------------------------------------------

log_of() { echo "$RUN/$1/server.log"; }

# `down --purge` deletes in the run folder, so it has to be known as ours.
readonly RUN_MARKER=.bank-backing-services

is_run_folder() { [[ -e $RUN/$RUN_MARKER ]]; }

claim_run_folder() {
    if ! is_run_folder && [[ -n $(ls -A -- "$RUN" 2>/dev/null) ]]; then
        die "$RUN holds something else; set BANK_BACKING_DIR to a folder of its own"
    fi
    mkdir -p -- "$RUN" "$CACHE"
    touch -- "$RUN/$RUN_MARKER"
    local server
    for server in "${SERVERS[@]}"; do mkdir -p -- "$RUN/$server"; done
}

# One `up` or `down` at a time per cache: two checkouts must neither install into the
# same folder nor pick the same free port at once.
take_lock() {
    mkdir -p -- "$CACHE"
    exec {lock_file}>"$CACHE/lock"
    if ! flock -n "$lock_file"; then
        say "waits for another run of this script"
        flock -w 900 "$lock_file" || die "another run holds $CACHE/lock"
    fi
}

# ---- ports ----------------------------------------------------------------------------

# The port a server has, or would have if it were started now.
port_of() {
    case $1 in
    postgres) port_in postgres/port "${BANK_PG_PORT:-$POSTGRES_DEFAULT_PORT}" ;;
    kafka) port_in kafka/port "${BANK_KAFKA_PORT:-$KAFKA_DEFAULT_PORT}" ;;
    mongo) port_in mongo/port "${BANK_MONGO_PORT:-$MONGO_DEFAULT_PORT}" ;;
    esac
}

port_in() { cat -- "$RUN/$1" 2>/dev/null || echo "$2"; }

# Ports given out in this run, whose servers do not listen yet.
dealt_ports=()

port_is_free() {
    if [[ " ${dealt_ports[*]} " == *" $1 "* ]]; then return 1; fi
    ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# choose_port FILE VARIABLE DEFAULT: records a free port in FILE. A port that somebody
# asked for by name is used or refused; a default gives way to the next free one. After a
# crash the recorded port is taken again, so that `env` stays true.
choose_port() {
    local file=$RUN/$1 variable=$2 default=$3 port wanted
    wanted=${!variable:-}
    port=${wanted:-$(port_in "$1" "$default")}
    if [[ ! $port =~ ^[1-9][0-9]{0,4}$ ]]; then die "$variable: '$port' is not a port"; fi
    if ! port_is_free "$port"; then
        if [[ -n $wanted ]]; then die "$variable=$port, but another process listens there"; fi
        say "port $port is taken by another process ($variable chooses one)"
        port=$(next_free_port "$default")
        say "uses port $port instead"
    fi
    dealt_ports+=("$port")
    echo "$port" >"$file"
}

next_free_port() {
    local port
    for ((port = $1; port < $1 + 100; port++)); do
        if port_is_free "$port"; then
            echo "$port"
            return
        fi
    done
    die "no free port from $1 on"
}

# A running server cannot change its port.
refuse_to_move() {
    local variable wanted
    case $1 in
    postgres) variable=BANK_PG_PORT ;;
    kafka) variable=BANK_KAFKA_PORT ;;
    mongo) variable=BANK_MONGO_PORT ;;
    esac
    wanted=${!variable:-}
    if [[ -n $wanted && $wanted != "$(port_of "$1")" ]]; then
        die "$1 runs on port $(port_of "$1"), but $variable=$wanted: run \`down\` first"
    fi
}

# ---- processes ------------------------------------------------------------------------

# Prints the pid of the server's process if it lives and is ours, else nothing.
# The check by command line guards against pids that were given out again.
our_pid() {
    local pid
    pid=$(cat -- "$RUN/$1/pid" 2>/dev/null) || return 0
    if [[ $pid =~ ^[0-9]+$ ]] && arguments_of "$pid" | grep -xF -- "$("${1}_marker")" >/dev/null; then
        echo "$pid"
    fi
}

# A zombie has an empty command line, one that is gone has none: both print nothing.
arguments_of() { { tr '\0' '\n' <"/proc/$1/cmdline"; } 2>/dev/null || true; }

is_alive() { [[ -n $(arguments_of "$1") ]]; }

# spawn SERVER COMMAND...: starts a server that outlives this script and whoever called
# it. It keeps none of the caller's open files: a CI runner waits for the other end of
# its pipes to close, and the lock must not outlive `up`.
spawn() {
    local server=$1 log
    shift
    log=$(log_of "$server")
    if [[ -e $log ]]; then mv -f -- "$log" "$log.1"; fi
    (
        for fd in /proc/self/fd/*; do
            fd=${fd##*/}
            # 255 is where bash reads the script from; it is not inherited.
            if ((fd > 2 && fd != 255)); then exec {fd}>&-; fi
        done
        cd /
        exec setsid "$@" </dev/null >"$log" 2>&1
    ) &
    echo $! >"$RUN/$server/pid"
}

wait_until_it_answers() {
    local server=$1 pid deadline=$((SECONDS + TIMEOUT))
    pid=$(<"$RUN/$server/pid")
    until "${server}_answers"; do
        if ! is_alive "$pid"; then fail_with_log "$server: ended while starting" "$(log_of "$server")"; fi
        if ((SECONDS > deadline)); then
            fail_with_log "$server: no answer on port $(port_of "$server") for $TIMEOUT s" "$(log_of "$server")"
        fi
        sleep 0.1
    done
    # The answer must be our server's, not that of a stranger who was quicker at the port.
    if [[ -z $(our_pid "$server") ]]; then
        fail_with_log "$server: another process answers on port $(port_of "$server")" "$(log_of "$server")"
    fi
}

stop() {
    local server=$1 pid=$2 deadline=$((SECONDS + TIMEOUT)) polite last_resort
    read -r polite last_resort < <("${server}_signals")
    kill -s "$polite" "$pid" 2>/dev/null || true
    while is_alive "$pid"; do
        if ((SECONDS > deadline)); then
            say "$server: pid $pid ignores SIG$polite for $TIMEOUT s, sends SIG$last_resort"
            kill -s "$last_resort" "$pid" 2>/dev/null || true
            sleep 2
            if is_alive "$pid"; then die "$server: pid $pid does not end; see $(log_of "$server")"; fi
        fi
        sleep 0.05
    done
}

fail_with_log() {
    local message=$1 log=$2
    tail -n 15 -- "$log" 2>/dev/null | sed 's/^/    /' >&2 || true
    die "$message; see $log"
}

# ---- talking --------------------------------------------------------------------------

# ask PORT BYTES: sends BYTES (a printf format) and prints the first part of the answer
# as hex digits. Enough of a client to know that a server speaks its protocol, and it
# needs no program that might not be installed.
ask() {
    (
        exec 3<>"/dev/tcp/127.0.0.1/$1"
        # shellcheck disable=SC2059 # the bytes are the format
        printf "$2" >&3
        timeout 2 dd bs=4096 count=1 status=none <&3 | od -An -v -tx1 | tr -d ' \n'
    ) 2>/dev/null
}

json_string() {
    local text=${1//\\/\\\\}
    printf '"%s"' "${text//\"/\\\"}"
}

# ---- packages -------------------------------------------------------------------------

apt_install() {
    local log=$CACHE/apt.log
    if ((EUID != 0)); then die "needs Debian packages and is not root; run: apt-get install $*"; fi
    say "installs Debian packages: $*"
    # The postgresql package would create and start a system cluster, which nobody here
    # needs. Where this file exists already, the machine's owner has an opinion on that.
    local policy=/etc/postgresql-common/createcluster.conf
    if [[ " $* " == *" postgresql "* && ! -e $policy ]]; then
        mkdir -p "${policy%/*}"
        echo 'create_main_cluster = false' >"$policy"
    fi
    export DEBIAN_FRONTEND=noninteractive
    {
        apt-get -q -o DPkg::Lock::Timeout=300 update &&
            apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "$@"
    } </dev/null >"$log" 2>&1 || fail_with_log "apt-get install $* failed" "$log"
}
