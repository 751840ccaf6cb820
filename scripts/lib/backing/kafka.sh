# shellcheck shell=bash
# Apache Kafka from its Maven artifacts: one KRaft node that is broker and controller.

readonly KAFKA_VERSION=4.1.1
readonly KAFKA_DEFAULT_PORT=29092
readonly KAFKA_DEFAULT_CONTROLLER_PORT=29093
readonly KAFKA_JARS=$CACHE/kafka-$KAFKA_VERSION

kafka_kind() { echo real; }
kafka_product() { echo "Apache Kafka $KAFKA_VERSION"; }
kafka_marker() { echo "$RUN/kafka/server.properties"; }
kafka_signals() { echo TERM KILL; }
kafka_data() { echo "$RUN/kafka/data"; }

kafka_packages() {
    if [[ -z $(kafka_java) ]]; then echo openjdk-17-jre-headless; fi
    if [[ ! -d $KAFKA_JARS ]] && ! command -v mvn >/dev/null; then echo maven; fi
}

kafka_ports() {
    choose_port kafka/port BANK_KAFKA_PORT "$KAFKA_DEFAULT_PORT"
    choose_port kafka/controller-port BANK_KAFKA_CONTROLLER_PORT "$KAFKA_DEFAULT_CONTROLLER_PORT"
}

# Kafka 4 needs Java 17, which need not be the machine's first Java.
kafka_java() {
    local java
    for java in "${JAVA_HOME:-/nowhere}/bin/java" "$(command -v java || true)" /usr/lib/jvm/java-17-*/bin/java; do
        if [[ -x $java ]] && (($(java_version "$java") >= 17)); then
            echo "$java"
            return
        fi
    done
}

# The first number of `openjdk version "17.0.15"`; 1 for the old style, `"1.8.0"`.
java_version() {
    local words
    words=$("$1" -version 2>&1) || true
    if [[ $words =~ version\ \"([0-9]+) ]]; then echo "${BASH_REMATCH[1]}"; else echo 0; fi
}

# Fetched beside its place and then moved: the folder is there whole or not at all.
kafka_install() {
    local work=$KAFKA_JARS.new log=$CACHE/kafka-maven.log
    if [[ -d $KAFKA_JARS ]]; then return; fi
    say "kafka: fetches its jars"
    rm -rf -- "$work"
    mkdir -p -- "$work"
    cat >"$work/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>bank</groupId>
  <artifactId>kafka-jars</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>$KAFKA_VERSION</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId>
      <artifactId>slf4j-simple</artifactId>
      <version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
POM
    (cd "$work" && mvn -B -Dmaven.repo.local="$work/repository" \
        org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
        -DincludeScope=runtime -DoutputDirectory="$work/jars") </dev/null >"$log" 2>&1 ||
        fail_with_log "kafka: Maven failed" "$log"
    mv -- "$work/jars" "$KAFKA_JARS"
    rm -rf -- "$work"
}

kafka_start() {
    local java data log=$RUN/kafka/format.log
    java=$(kafka_java)
    data=$(kafka_data)
    kafka_write_settings
    if [[ ! -e $data/meta.properties ]]; then
        say "kafka: formats $data"
        rm -rf -- "$data"
        "$java" -cp "$KAFKA_JARS/*" kafka.tools.StorageTool format \
            -t "$(kafka_new_cluster_id)" -c "$RUN/kafka/server.properties" >"$log" 2>&1 ||
            fail_with_log "kafka: formatting failed" "$log"
    fi
    say "kafka: starts"
    spawn kafka "$java" -Xmx512m -XX:+ExitOnOutOfMemoryError \
        -Dorg.slf4j.simpleLogger.showDateTime=true -Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS \
        -cp "$KAFKA_JARS/*" kafka.Kafka "$RUN/kafka/server.properties"
}

# Sixteen bytes in URL-safe base64, as `StorageTool random-uuid` makes them, without the
# second that a Java start takes. The fixed beginning keeps it from starting with a dash.
kafka_new_cluster_id() {
    { printf bank; head -c 12 /dev/urandom; } | base64 | tr '+/' '-_' | tr -d '='
}

# The replication settings default to three brokers; here is one. Fewer partitions of the
# internal topics make the first consumer and the first transaction quicker.
kafka_write_settings() {
    local port controller_port
    port=$(port_of kafka)
    controller_port=$(<"$RUN/kafka/controller-port")
    cat >"$RUN/kafka/server.properties" <<SETTINGS
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller_port
listeners=BROKER://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller_port
advertised.listeners=BROKER://127.0.0.1:$port
listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=BROKER
controller.listener.names=CONTROLLER
log.dirs=$(kafka_data)

auto.create.topics.enable=false
num.partitions=3
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=10
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=10
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
SETTINGS
}

# A Metadata request (API 3, version 0, no topics named). The broker opens its port before
# the cluster counts it in; only a list of at least one broker means that it takes work.
kafka_answers() {
    local answer
    answer=$(ask "$(port_of kafka)" \
        '\0\0\0\x12\0\x03\0\0\0\0\0\x01\0\x04bank\0\0\0\0') || return 1
    # Length, correlation id, then the number of brokers: eight hex digits each.
    [[ $answer =~ ^.{8}00000001([0-9a-f]{8}) && ${BASH_REMATCH[1]} != 00000000 ]]
}
