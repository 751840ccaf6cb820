#!/bin/bash
# Makes a cluster in $PGDATA unless there is one, with the superuser that the environment names, and runs PostgreSQL.
set -euo pipefail

if [ "$(id -u)" = 0 ]; then
    chown postgres: "$PGDATA"
    exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi
if [ ! -e "$PGDATA/PG_VERSION" ]; then
    password=${POSTGRES_PASSWORD:-}
    [ -z "${POSTGRES_PASSWORD_FILE:-}" ] || password=$(cat "$POSTGRES_PASSWORD_FILE")
    [ -n "$password" ] || { echo "POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE must be set" >&2; exit 1; }
    # Written beside it and then moved in: half a cluster is none.
    rm -rf "$PGDATA/.new"
    initdb -D "$PGDATA/.new" --username="${POSTGRES_USER:-postgres}" --pwfile=<(echo "$password") \
        --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8
    echo "host all all all scram-sha-256" >>"$PGDATA/.new/pg_hba.conf"
    version=$(cat "$PGDATA/.new/PG_VERSION")
    rm "$PGDATA/.new/PG_VERSION"
    mv "$PGDATA"/.new/* "$PGDATA/"
    rmdir "$PGDATA/.new"
    echo "$version" >"$PGDATA/PG_VERSION"
    echo "PostgreSQL init process complete"
fi
[ "${1:-}" = postgres ] && shift
exec postgres -D "$PGDATA" -c listen_addresses='*' -c unix_socket_directories=/tmp "$@"
