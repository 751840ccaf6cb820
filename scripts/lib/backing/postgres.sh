# shellcheck shell=bash
# PostgreSQL from Debian's package, with a cluster of its own.

readonly POSTGRES_DEFAULT_PORT=25432

postgres_kind() { echo real; }
postgres_product() {
    local bin
    bin=$(postgres_bin)
    if [[ -n $bin ]]; then "$bin/postgres" --version | sed -E 's/.*(PostgreSQL)\) ([^ ]+).*/\1 \2/'; else echo PostgreSQL; fi
}
postgres_marker() { postgres_data; }
# SIGINT is a fast shutdown: clients are cut off, the data is left clean. SIGTERM would
# wait for every client to leave. SIGQUIT leaves recovery to the next start.
postgres_signals() { echo INT QUIT; }
postgres_url() { echo "postgres://bank:bank@127.0.0.1:$(port_of postgres)/postgres"; }

postgres_packages() {
    if [[ -z $(postgres_bin) ]]; then echo postgresql; fi
}

postgres_ports() { choose_port postgres/port BANK_PG_PORT "$POSTGRES_DEFAULT_PORT"; }

# The Debian package is all there is to install.
postgres_install() { :; }

# The programs that fit the cluster: its own version, or the newest for a new cluster.
postgres_bin() {
    local version
    version=$(cat -- "$(postgres_data)/PG_VERSION" 2>/dev/null || true)
    { compgen -G "/usr/lib/postgresql/${version:-*}/bin/postgres" || true; } |
        sort -V | tail -n 1 | xargs -r dirname
}

# PostgreSQL refuses to run as root. `setpriv` becomes the other user by exec, so that the
# pid stays the one we recorded; the empty environment keeps the caller's PG* settings out.
as_postgres_user() {
    if ((EUID == 0)); then
        echo setpriv --reuid=postgres --regid=postgres --init-groups env -i LANG=C.UTF-8
    else
        echo env -i LANG=C.UTF-8
    fi
}

# Where `postgres_choose_data_folder` decided, for all commands to agree.
postgres_data() {
    cat -- "$RUN/postgres/data-folder" 2>/dev/null || echo "$RUN/postgres/data"
}

# User postgres cannot pass through a closed home folder such as /root, and opening that
# for everybody is not ours to do.
postgres_choose_data_folder() {
    local become folder=$RUN/postgres/data
    if [[ -e $RUN/postgres/data-folder ]]; then return; fi
    read -ra become < <(as_postgres_user)
    if ! (cd / && "${become[@]}" test -x "$RUN/postgres"); then
        folder=/var/lib/postgresql/bank-$(sha256sum <<<"$RUN" | head -c 8)
    fi
    echo "$folder" >"$RUN/postgres/data-folder"
}

postgres_start() {
    local become bin data
    postgres_choose_data_folder
    read -ra become < <(as_postgres_user)
    data=$(postgres_data)
    bin=$(postgres_bin)
    if [[ -z $bin ]]; then
        die "postgres: $data needs PostgreSQL $(<"$data/PG_VERSION"); \`down --purge\` deletes it"
    fi
    if [[ ! -e $data/PG_VERSION ]]; then postgres_create_cluster "$bin" "$data"; fi

    say "postgres: starts"
    spawn postgres "${become[@]}" "$bin/postgres" -D "$data" -p "$(port_of postgres)" \
        -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
        -c fsync=on -c synchronous_commit=on \
        -c max_connections=200 -c shared_buffers=256MB
}

# Made beside its place and then moved, so that a half-made cluster is never taken for one.
postgres_create_cluster() {
    local become bin=$1 data=$2 password=$2.password log=$RUN/postgres/initdb.log
    read -ra become < <(as_postgres_user)
    say "postgres: creates a cluster in $data"
    rm -rf -- "$data.new"
    mkdir -m 700 -- "$data.new"
    echo bank >"$password"
    if ((EUID == 0)); then chown postgres: -- "$data.new" "$password"; fi
    (cd / && "${become[@]}" "$bin/initdb" -D "$data.new" --username=bank --pwfile="$password" \
        --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8) >"$log" 2>&1 ||
        fail_with_log "postgres: initdb failed" "$log"
    rm -f -- "$password"
    mv -- "$data.new" "$data"
}

postgres_answers() {
    [[ $("$(postgres_bin)/psql" -XAtqc 'select 1' "$(postgres_url)?connect_timeout=2" 2>/dev/null) == 1 ]]
}
