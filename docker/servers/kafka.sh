#!/bin/bash
# Writes KAFKA_SOME_SETTING of the environment as some.setting, formats the folder unless it is, and runs the broker.
set -euo pipefail

settings=/tmp/server.properties
KAFKA_LOG_DIRS=${KAFKA_LOG_DIRS:-/var/lib/kafka/data}
export KAFKA_LOG_DIRS
env | while IFS='=' read -r name value; do
    case $name in
    KAFKA_HEAP_OPTS | KAFKA_OPTS) ;;
    KAFKA_*)
        name=${name#KAFKA_}
        printf '%s=%s\n' "$(printf %s "${name//_/.}" | tr '[:upper:]' '[:lower:]')" "$value"
        ;;
    esac
done >"$settings"

# shellcheck disable=SC2086 # the options are several words
run() { java ${KAFKA_HEAP_OPTS:--Xmx512m} -cp '/opt/kafka/libs/*' "$@"; }

if [ ! -e "$KAFKA_LOG_DIRS/meta.properties" ]; then
    # Sixteen bytes in URL-safe base64; the beginning keeps it from starting with a dash.
    id=${CLUSTER_ID:-$({ printf bank; head -c 12 /dev/urandom; } | base64 | tr '+/' '-_' | tr -d '=')}
    run kafka.tools.StorageTool format -t "$id" -c "$settings"
fi
# shellcheck disable=SC2086 # the options are several words
exec java ${KAFKA_HEAP_OPTS:--Xmx512m} -XX:+ExitOnOutOfMemoryError -cp '/opt/kafka/libs/*' kafka.Kafka "$settings"
