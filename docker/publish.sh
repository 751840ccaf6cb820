#!/usr/bin/env bash
# shellcheck source-path=SCRIPTDIR
#
# Brings images that passed their smoke test and the history gate into a registry, where each version is one thing for good.
set -euo pipefail

usage() {
    cat <<'HELP'
docker/publish.sh REGISTRY VERSION [SERVICE...]

Pushes bank/SERVICE:VERSION as REGISTRY/SERVICE:VERSION and prints REGISTRY/SERVICE@sha256:… for each, the name by which
it is deployed. Before anything is pushed, every one of them must

  * be an image of this engine, the one that `bank-deploy smoke` passed (its record is in target/images/smoke), and that
    reads what was ever written, as `bank-deploy history` saw (its record is in target/images/history);
  * not stand in the registry already as something else: a version is never written over. The same image again is fine.

After the push the registry's own description is read by digest and must name the image that was tested. What was
printed is also kept, in target/images/VERSION/SERVICE.published.

REGISTRY is HOST[:PORT][/PATH]. Signing in is `docker login`'s matter. Settings: BANK_IMAGE_PREFIX (bank),
BANK_IMAGES_DIR (target/images).
HELP
}

me=docker/publish.sh
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=lib.sh
source docker/lib.sh

case "${1:-}" in
    -h | --help) usage; exit 0 ;;
    -*) usage_error "what is '$1'?" ;;
esac
[ $# -ge 2 ] || usage_error "which registry, and which version?"
registry=${1%/}
version=$2
shift 2
[[ $registry =~ ^[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._/-]+)?$ ]] || usage_error "'$registry' is no registry; write HOST:PORT"
require_version "$version"
chosen=$(chosen_services "$@")
mapfile -t services <<<"$chosen"
require_engine

# An engine speaks plain HTTP with a registry on loopback; the command that reads manifests wants to be told.
insecure=()
if [[ $registry =~ ^(127\.|localhost) ]]; then insecure=(--insecure); fi

# ---- before ---------------------------------------------------------------------------

# has_passed TEST ID: whether the record of that test says so. By the image's id, so that a record of another build is of
# no use.
has_passed() {
    local record=$images_dir/$1/${2#sha256:}.json
    grep -q '"passed": *true' "$record" 2>/dev/null && grep -qF "\"$2\"" "$record"
}

# The ids that were looked at, by service: a tag may be moved meanwhile, an id not.
declare -A tested

refuse_untested() { # SERVICE
    local image=$prefix/$1:$version id
    id=$(image_id "$image") || die "there is no image $image; docker/build.sh $version $1 builds it"
    has_passed smoke "$id" || die "$image ($id) was not smoke-tested; bank-deploy smoke $image does it"
    has_passed history "$id" || die "$image ($id) did not pass the history gate; bank-deploy history $image does it"
    tested[$1]=$id
}

# manifest REFERENCE: what the registry has there, as JSON; nothing when there is no such thing.
manifest() {
    local errors=$work/errors
    if docker manifest inspect "${insecure[@]}" --verbose "$1" 2>"$errors"; then return; fi
    grep -qiE 'no such manifest|manifest unknown|not found|name unknown' "$errors" && return
    die "the registry $registry does not answer: $(tail -n 1 "$errors")"
}

# The id of the image that a manifest describes is the digest of its configuration.
configuration_of() { tr -d ' \n\t' <<<"$1" | sed -n 's/.*"config":{[^}]*"digest":"\(sha256:[0-9a-f]*\)".*/\1/p'; }

refuse_to_write_over() { # SERVICE
    local there
    there=$(manifest "$registry/$1:$version")
    if [ -n "$there" ] && [ "$(configuration_of "$there")" != "${tested[$1]}" ]; then
        die "$registry/$1:$version is there already and is another image; publish under another version"
    fi
}

# ---- the push -------------------------------------------------------------------------

push() { # SERVICE: prints REGISTRY/SERVICE@DIGEST
    local remote=$registry/$1:$version digest there
    docker tag "${tested[$1]}" "$remote"
    docker push "$remote" >"$work/push" 2>&1 ||
        die "pushing $remote failed: $(tail -n 1 "$work/push")"
    digest=$(sed -n 's/.*digest: \(sha256:[0-9a-f]*\).*/\1/p' "$work/push" | tail -n 1)
    [ -n "$digest" ] || die "pushing $remote told no digest"
    # By digest, so that nobody who moves the tag meanwhile is believed.
    there=$(manifest "$registry/$1@$digest")
    [ "$(configuration_of "$there")" = "${tested[$1]}" ] ||
        die "$registry/$1@$digest is not the image that was tested (${tested[$1]})"
    echo "$registry/$1@$digest"
}

work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
for service in "${services[@]}"; do refuse_untested "$service"; done
for service in "${services[@]}"; do refuse_to_write_over "$service"; done
mkdir -p "$images_dir/$version"
for service in "${services[@]}"; do
    reference=$(push "$service")
    echo "$reference"
    echo "$reference" >"$images_dir/$version/$service.published"
done
