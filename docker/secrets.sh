#!/usr/bin/env bash
# Draws the secrets of a bank in containers: random words, in files that compose hands to the services that need them.
set -euo pipefail

usage() {
    cat <<'HELP'
docker/secrets.sh [FOLDER]

Writes what is missing into FOLDER (default: secrets, which git and the images ignore), and changes nothing that is
there:

  postgres-password    of the superuser `bank`
  accounts-store transfers-store customers-store webhooks-store vault audit
                       the URL of a database, with a user and a password of its own
  internal-secret      what the services show each other
  sealing-secret       what the key follows from under which the signing secrets of webhooks are sealed

The folder is closed to others (0700). The files in it can be read by whoever reaches them, because the services run as a
user of their own.
HELP
}

case "${1:-}" in
    -h | --help) usage; exit 0 ;;
    -*) usage >&2; exit 2 ;;
esac
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=${1:-secrets}

word() { head -c 24 /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }

# write NAME VALUE: beside it and then moved, so that a file is there whole or not at all.
write() {
    if [ -e "$folder/$1" ]; then return; fi
    printf '%s\n' "$2" >"$folder/.$1"
    chmod 444 "$folder/.$1"
    mv "$folder/.$1" "$folder/$1"
}

mkdir -p -- "$folder"
chmod 700 -- "$folder"
write postgres-password "$(word)"
write internal-secret "$(word)"
write sealing-secret "$(word)"
for name in accounts-store transfers-store customers-store webhooks-store vault audit; do
    user=${name%-store}
    write "$name" "postgres://$user:$(word)@postgres:5432/bank_$user"
done
