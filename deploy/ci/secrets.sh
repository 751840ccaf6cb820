#!/usr/bin/env bash
# Draws the secrets of the CI: files that compose hands to the containers that need them.
set -euo pipefail

usage() {
    cat <<'HELP'
deploy/ci/secrets.sh [FOLDER]

Writes what is missing into FOLDER (deploy/ci/secrets, which git and the images ignore), and changes nothing that is there:

  admin-password                       of Jenkins' user `admin`
  agent-key, agent-key.pub             the controller's key to the agent
  agent-host-key, agent-host-key.pub   by which the controller knows the agent

The folder is closed to others (0700). Needs ssh-keygen (openssh-client).
HELP
}

case "${1:-}" in
    -h | --help) usage; exit 0 ;;
    -*) echo "deploy/ci/secrets.sh: what is '$1'? see deploy/ci/secrets.sh --help" >&2; exit 2 ;;
esac
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
folder=${1:-deploy/ci/secrets}
command -v ssh-keygen >/dev/null || { echo "deploy/ci/secrets.sh: ssh-keygen is missing; install openssh-client" >&2; exit 1; }

mkdir -p -- "$folder"
chmod 700 -- "$folder"
if [ ! -e "$folder/admin-password" ]; then
    # Beside it and then moved, so that a file is there whole or not at all. No line's end: it would be part of the word.
    head -c 24 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"$folder/.admin-password"
    chmod 444 "$folder/.admin-password"
    mv -- "$folder/.admin-password" "$folder/admin-password"
fi
for name in agent-key agent-host-key; do
    if [ -e "$folder/$name" ] && [ -e "$folder/$name.pub" ]; then continue; fi
    rm -f -- "$folder/.$name" "$folder/.$name.pub"
    ssh-keygen -q -t ed25519 -N '' -C "$name" -f "$folder/.$name"
    # The containers' users are others than the one who draws them.
    chmod 444 "$folder/.$name.pub"
    mv -- "$folder/.$name.pub" "$folder/$name.pub"
    mv -- "$folder/.$name" "$folder/$name"
done
# The controller reads its key as its own user; sshd reads its host key as root and wants it closed to others.
chmod 444 -- "$folder/agent-key"
chmod 400 -- "$folder/agent-host-key"
