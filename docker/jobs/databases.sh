#!/bin/sh
# Creates the databases that the services' secrets name, each with an owner that sees no other; what is there stays, and
# passwords become those of the secrets. Runs in the PostgreSQL image, which has psql.
#
#   databases.sh FILE…    each with one postgres://USER:PASSWORD@HOST:PORT/DATABASE
#
# PGHOST, PGUSER and PGPASSWORD_FILE say who creates them.
set -eu

PGPASSWORD=$(cat "$PGPASSWORD_FILE")
export PGPASSWORD PGDATABASE=postgres

for file in "$@"; do
    url=$(cat "$file")
    rest=${url#postgres://}
    user=${rest%%:*}
    rest=${rest#*:}
    password=${rest%%@*}
    database=${rest##*/}
    database=${database%%\?*}
    # psql quotes what it is given by name; \gexec runs what the query before it answered. The password is given in the
    # environment, since anybody on the machine may read a program's arguments.
    BANK_PASSWORD="$password" psql -X -q -v ON_ERROR_STOP=1 -v user="$user" -v database="$database" <<'SQL'
\getenv password BANK_PASSWORD
SELECT format('CREATE ROLE %I LOGIN', :'user')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'user') \gexec
ALTER ROLE :"user" PASSWORD :'password';
SELECT format('CREATE DATABASE %I OWNER %I', :'database', :'user')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
SQL
    echo "database $database is there, owned by $user"
done
