#!/bin/bash
# Runs SecantusDB, which speaks MongoDB's protocol.
set -euo pipefail

: >/tmp/secantusd.toml
# Alone, as the official image is: as a replica set it would send its clients to the address that it listens on.
exec /opt/secantusdb/bin/secantusd-py --config /tmp/secantusd.toml --host 0.0.0.0 --port 27017 --standalone \
    --storage-path /data/db --sync-on-commit --cache-size 256M
