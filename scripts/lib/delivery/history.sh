# shellcheck shell=bash disable=SC2154
# Lets each image read what was ever written, and sees that what it could not take over is found.
#
# Incompatible code is planted from the other side, as a golden file that the code does not fit: an image of code that was
# really changed takes minutes to compile.

golden_files=crates/domain/tests/golden

history() {
    history_all
    refused 1 "there is no image $run/accounts:none" "a missing image" "$deploy" history "$run/accounts:none"
    refused 1 "does not answer" "an engine that is not there" \
        env DOCKER_HOST=unix:///nowhere/docker.sock "$deploy" history "$run/accounts:$version"
    mkdir -p "$work/nothing"
    refused 1 "there is no golden event" "a folder without golden events" \
        "$deploy" history --golden "$work/nothing" "$run/accounts:$version"
    refused 1 "nothing/sample.jsonl: No such file" "a sample that is not there" \
        "$deploy" history --sample "$work/nothing/sample.jsonl" "$run/accounts:$version"
    a_sample
    changed_shapes
    side_by_side
    not_the_program
    [ -z "$(docker ps --all --quiet --filter label=bank.history)" ] || die "the gate left containers"
    ok "the gate left nothing in the engine"
}

# Done once in a run.
history_all() {
    if [ -n "${examined:-}" ]; then return; fi
    build_all
    local images=() service
    for service in $(services); do images+=("$run/$service:$version"); done
    "$deploy" history "${images[@]}" >"$work/history.out" || { cat "$work/history.out" >&2; die "an image is not fit"; }
    cat "$work/history.out" >&2
    grep -q "api-gateway:$version is fit: it reads no events" "$work/history.out" || die "the gateway reads events"
    for service in $(services); do
        [ -s "$BANK_IMAGES_DIR/history/$(docker image inspect --format '{{.Id}}' "$run/$service:$version" | cut -d: -f2).json" ] ||
            die "$service has no record"
    done
    examined=1
    ok "every image folds every event and takes over every snapshot that was ever written"
}

# Of a bank that has written something.
a_sample() {
    "$CARGO_TARGET_DIR/debug/bank" demo --data-dir "$work/demo" >/dev/null || die "there is no demo"
    "$CARGO_TARGET_DIR/debug/bank" sample --data-dir "$work/demo" >"$work/sample.jsonl" || die "there is no sample"
    grep -q AccountDebited "$work/sample.jsonl" || die "the sample has no debit"
    expect "a sample of a living bank is folded" "$deploy" history --sample "$work/sample.jsonl" \
        "$run/accounts:$version" "$run/account-history:$version"
    sed 's/"balance":[0-9]*/"balance":"plenty"/' "$work/sample.jsonl" >"$work/bad-sample.jsonl"
    unread "sample.jsonl: accounts aggregate Account" "a sample that does not fit" --sample "$work/bad-sample.jsonl"
    unread "it failed before, when --sample was given" "a sample that is left out the next time"
    rm -r -- "$work/planted"
}

# plant PYTHON: a copy of the golden files at $work/golden, where PYTHON has changed `event`, the debit's fields.
plant() {
    rm -rf "$work/golden"
    cp -R "$golden_files" "$work/golden"
    python3 - "$work/golden" "$1" <<'PYTHON'
import json, os, sys
folder, change = sys.argv[1:]
path = os.path.join(folder, "AccountDebited.v1.json")
event = json.load(open(path))
exec(change)
if os.path.exists(path):
    json.dump(event, open(path, "w"))
PYTHON
}

# unread TEXT WHAT [OPTION…]: the gate finds it, and says so in a line of its own; nothing of it is left in the records.
unread() {
    local text=$1 what=$2 code=0
    shift 2
    "$deploy" history "$@" --images-dir "$work/planted" "$run/accounts:$version" >"$work/out" 2>"$work/err" || code=$?
    if [ $code != 1 ] || ! grep -qF -- "$text" "$work/out"; then
        cat "$work/out" "$work/err" >&2
        die "$what: exit code $code"
    fi
    grep -q '"passed":false' "$work"/planted/history/*.json || die "$what: the record says that it passed"
    ok "$what is found: $(head -n 1 "$work/out")"
}

changed_shapes() {
    local snapshots
    plant 'event["money"] = "55.00 USD"'
    unread "AccountDebited.v1.json: accounts aggregate AccountDebited v1" "a field of another type" --golden "$work/golden"
    plant 'del event["balance"]'
    unread "missing field" "a required field that is not there" --golden "$work/golden"
    plant 'os.rename(path, os.path.join(folder, "AccountCharged.v1.json"))'
    unread "parks what it must fold: AccountCharged.v1.json" "a type that was renamed" --golden "$work/golden"
    plant 'pass'
    # Of today's version: older ones are not used, the stream is replayed instead.
    snapshots=$(find "$work/golden/snapshots" -name 'account.v*.jsonl' | sort -V | tail -n 1)
    sed -i '/^{"snapshot"/s/"title":"Household"/"title":"Elsewhere"/' "$snapshots"
    unread "${snapshots##*/}: accounts snapshots of" "a snapshot that is no replay" --golden "$work/golden"
    plant 'event["channel"] = "branch"; del event["memo"]'
    expect "an optional field more, and one less, is folded" "$deploy" history --golden "$work/golden" \
        --images-dir "$work/planted" "$run/accounts:$version"
}

# What runs now meets what the next version writes.
side_by_side() {
    plant 'json.dump(event, open(os.path.join(folder, "AccountCharged.v1.json"), "w"))'
    expect "what runs now may park what is new" "$deploy" history --golden "$work/golden" --running "$run/accounts:$version"
    grep -q "would park AccountCharged.v1.json: accounts aggregate" "$work/out" || { cat "$work/out" >&2; die "it does not say so"; }
    grep -q "(dead-letter)" "$work/out" || die "it does not say what becomes of it"
    plant 'del event["balance"]; json.dump(event, open(os.path.join(folder, "AccountDebited.v1.next.json"), "w")); event["balance"] = 1'
    docker tag "$run/accounts:$version" "$run/accounts:now"
    unread "accounts:now, which runs now, cannot live beside it" "an image beside which the next cannot live" \
        --golden "$work/golden" --running "$run/accounts:now"
}

# An image that cannot say anything of it, such as one of before the gate.
not_the_program() {
    mkdir -p "$work/silent"
    printf 'FROM %s\nLABEL org.opencontainers.image.title=accounts\n' "$run/api-gateway:$version" >"$work/silent/Dockerfile"
    docker build --tag "$run/accounts:silent" "$work/silent" >/dev/null 2>&1 || die "the variant cannot be built"
    local code=0
    "$deploy" history --images-dir "$work/planted" "$run/accounts:silent" >"$work/out" 2>"$work/err" || code=$?
    if [ $code != 1 ] || ! grep -q "no report: error: unrecognized subcommand 'history'" "$work/out"; then
        cat "$work/out" "$work/err" >&2
        die "an image without the command: exit code $code"
    fi
    ok "an image that cannot tell is found: $(cat "$work/out")"
}
