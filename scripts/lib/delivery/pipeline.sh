# shellcheck shell=bash disable=SC2154
# Runs the stages of the Jenkinsfile for one service against the engine and the registry of this run: the same lines that
# Jenkins runs, in their order, up to a deployment beside servers of docker-compose.yml.
#
# The service is `transfers`: its tests need no servers, and to be ready it needs nobody but customers, whose keys it checks
# tokens with.

pipeline() {
    pipeline_tools
    expect "the pipeline's own tests pass" scripts/ci-test
    pipeline_compose_file
    build_all
    [ -n "${registry:-}" ] || start_registry
    pipeline_servers
    pipeline_settings
    pipeline_on_a_branch
    pipeline_on_main
    pipeline_on_a_tag
    pipeline_stops
    pipeline_remove || die "something of the environment cannot be removed"
    ok "nothing is left of it"
}

pipeline_tools() {
    local missing=()
    command -v jq >/dev/null || missing+=(jq)
    command -v mvn >/dev/null || missing+=(maven)
    command -v java >/dev/null || missing+=(openjdk-17-jre-headless)
    command -v ssh-keygen >/dev/null || missing+=(openssh-client)
    [ ${#missing[@]} = 0 ] || apt_install "${missing[@]}"
}

pipeline_compose_file() {
    local program
    program=$(compose_program)
    expect "the secrets of the CI are drawn" deploy/ci/secrets.sh "$work/ci-secrets"
    expect "and its compose file is well-formed" env BANK_CI_SOURCE=https://git.example.org/bank.git \
        "BANK_CI_SECRETS=$work/ci-secrets" "$program" --file deploy/ci/compose.yml config --quiet
}

# Only what the service stands on, with its databases.
pipeline_servers() {
    local program
    program=$(compose_program)
    pipeline_name=p$$
    pipeline_secrets=$work/pipeline-secrets
    pipeline_composed=(env "BANK_SECRETS=$pipeline_secrets" "BANK_REGISTRY=$run" "BANK_VERSION=$version" "$program"
        --project-name "$pipeline_name-servers" --file docker-compose.yml)
    cleanups+=(pipeline_remove)
    docker/secrets.sh "$pipeline_secrets"
    expect "the servers are up, and customers" timeout 300 "${pipeline_composed[@]}" up --wait --wait-timeout 240 customers
}

pipeline_remove() {
    docker ps --all --quiet --filter "name=^$pipeline_name-" | xargs -r docker rm --force --volumes
    "${pipeline_composed[@]}" down --volumes --remove-orphans --timeout 20 || return
    docker volume ls --quiet --filter "name=^$pipeline_name-" | xargs -r docker volume rm --force
    [ -z "$(docker ps --all --quiet --filter "name=^$pipeline_name-")" ]
} >/dev/null 2>&1

pipeline_settings() {
    mkdir -p "$work/desired"
    printf 'name = "%s"\nnetwork = "%s-servers_bank"\nsecrets = "%s"\nregistry = "%s"\nbind = "127.0.0.1:%s"\n[services]\ntransfers = "published"\n' \
        "$pipeline_name" "$pipeline_name" "$pipeline_secrets" "$registry" "$(free_port)" >"$work/desired/staging.toml"
    cp "$work/desired/staging.toml" "$work/desired/production.toml"
    export BANK_CI_DIR=$work/ci BANK_CI_JUNIT=$work/junit BANK_CI_REGISTRY=$registry BANK_CI_DESIRED=$work/desired BANK_DEPLOY=$deploy
}

# stages [OPTION…]: runs them, and leaves the lines about them in $work/out.
stages() { deploy/ci/run-stages --service transfers "$@"; }

# ran RESULT STAGE…: these ended so in the last run.
ran() {
    local result=$1 stage
    shift
    for stage in "$@"; do
        grep -qE "^$result +$stage +[0-9.]+ s" "$work/out" || { cat "$work/out" >&2; die "the stage '$stage' is not $result"; }
    done
}

pipeline_on_a_branch() {
    expect "all stages pass on a branch" stages --branch some-work --env BUILD_NUMBER=1
    cat "$work/out" >&2
    ran ok Choose Lint Test Image "Smoke test" "History gate"
    ran skipped Publish "Deploy to staging" "Deploy to production"
    python3 - "$work/junit/transfers.xml" <<'PYTHON' || die "the report of the tests is wrong"
import sys, xml.etree.ElementTree as xml
suite = xml.parse(sys.argv[1]).getroot()
assert int(suite.get("tests")) >= 2 and suite.get("failures") == suite.get("errors") == "0", suite.attrib
PYTHON
    ok "and its tests are reported"
    if [ "${BANK_SBOM:-cyclonedx}" = cyclonedx ]; then
        [ "$(find "$work/ci/bills" -name '*.cdx.json' | wc -l)" = 1 ] || die "there is no bill of materials to archive"
        ok "and there is one bill of materials to archive"
    fi
    [ -z "$(docker ps --all --quiet --filter "name=^$pipeline_name-transfers")" ] || die "a branch was deployed"
    ok "and nothing is deployed of it"
}

# What was tested on the branch is not built for main again: only what comes after it is run.
pipeline_on_main() {
    expect "main is published and deployed to staging" stages --branch main --from Publish
    cat "$work/out" >&2
    ran ok Publish "Deploy to staging"
    ran skipped "Deploy to production"
    pipeline_version=$(cat "$work/ci/version")
    pipeline_serves
}

# What runs is the version that the stages worked on.
pipeline_serves() {
    "$deploy" --json status "$work/desired/staging.toml" >"$work/status" || die "there is no status"
    python3 - "$work/status" "$pipeline_version" <<'PYTHON' || die "transfers does not run: $(cat "$work/status")"
import json, sys
found, = [each for each in json.load(open(sys.argv[1])) if each["service"] == "transfers"]
assert found["ready"] and found["version"] == sys.argv[2], found
PYTHON
    ok "transfers runs in version $pipeline_version"
}

pipeline_on_a_tag() {
    local code=0
    if stages --tag v1.0.0 --from "Deploy to production" --approve >"$work/out" 2>"$work/err"; then
        die "what was chosen on main went to production as a release"
    fi
    grep -qF "version $pipeline_version was chosen, not the release v1.0.0" "$work/err" || { cat "$work/err" >&2; die "it is refused for another reason"; }
    ok "what was chosen on main does not go to production as a release"
    # The release, as its own build would have chosen and published it.
    docker tag "$run/transfers:$version" "$registry/transfers:1.0.0"
    docker push --quiet "$registry/transfers:1.0.0" >/dev/null || die "the release cannot be pushed"
    echo 1.0.0 >"$work/ci/version"
    stages --tag v1.0.0 --from "Deploy to staging" >"$work/out" 2>"$work/err" || code=$?
    if [ $code != 1 ] || ! grep -q '^FAILED  *Deploy to production .*--approve' "$work/out"; then
        cat "$work/out" "$work/err" >&2
        die "production does not ask: exit code $code"
    fi
    ran skipped "Deploy to staging"
    ok "a release asks before production"
    expect "and is deployed when somebody says so" stages --tag v1.0.0 --from "Deploy to production" --approve
    ran ok "Deploy to production"
}

# A stage that fails is the last one.
pipeline_stops() {
    local code=0
    stages --branch main --from Publish --env BANK_CI_REGISTRY=127.0.0.1:1 >"$work/out" 2>"$work/err" || code=$?
    if [ $code != 1 ] || [ "$(wc -l <"$work/out")" != 1 ]; then
        cat "$work/out" "$work/err" >&2
        die "a stage that fails is not the last one: exit code $code"
    fi
    ran FAILED Publish
    ok "a stage that fails is the last one"
    refused 2 "SERVICE is one of changed all" "a service that there is not" deploy/ci/run-stages --service loans
    refused 2 "no stage is called 'Bild'" "a stage that there is not" deploy/ci/run-stages --only Bild
}
