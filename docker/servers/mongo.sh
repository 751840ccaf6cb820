#!/bin/bash
# Runs SecantusDB, which speaks MongoDB's protocol.
set -euo pipefail

: >/tmp/secantusd.toml
exec /opt/secantusdb/bin/secantusd-py --config /tmp/secantusd.toml --host 0.0.0.0 --port 27017 \
    --storage-path /data/db --sync-on-commit --cache-size 256M
