# shellcheck shell=bash disable=SC2154
# Pushes the images to a registry, and sees what may not be pushed refused.

publish() {
    local service reference
    smoke_all
    history_all
    start_registry
    refused 1 "does not answer" "a registry that is not there" docker/publish.sh 127.0.0.1:1 "$version" accounts
    refused 2 "no service is called 'loans'" "an unknown service" docker/publish.sh "$registry" "$version" loans
    refused 1 "there is no image $run/accounts:none" "a version that was not built" \
        docker/publish.sh "$registry" none accounts
    docker tag "${BANK_BASE_IMAGE:-gcr.io/distroless/cc-debian12:nonroot}" "$run/accounts:untested"
    refused 1 "was not smoke-tested" "an untested image" docker/publish.sh "$registry" untested accounts
    [ "$(curl -fsS "http://$registry/v2/_catalog" | tr -d ' \n')" = '{"repositories":[]}' ] ||
        die "something was published all the same"
    ok "nothing of that came into the registry"

    expect "every image is published" docker/publish.sh "$registry" "$version"
    cp "$work/out" "$work/published"
    for service in $(services); do
        reference=$(cat "$BANK_IMAGES_DIR/$version/$service.published")
        [[ $reference =~ ^$registry/$service@sha256:[0-9a-f]{64}$ ]] || die "$service is published as '$reference'"
    done
    expect "publishing again changes nothing" docker/publish.sh "$registry" "$version"
    cmp -s "$work/out" "$work/published" || die "the digests are other ones now"
    come_back
    write_over
}

# What comes back by digest is what was tested.
come_back() {
    local reference id
    reference=$(cat "$BANK_IMAGES_DIR/$version/accounts.published")
    id=$(docker image inspect --format '{{.Id}}' "$run/accounts:$version")
    docker pull --quiet "$reference" >/dev/null || die "$reference cannot be pulled"
    [ "$(docker image inspect --format '{{.Id}}' "$reference")" = "$id" ] || die "another image came back"
    ok "what is pulled by digest is the image that was tested"
}

# A record is of no use when it says that the test was not passed.
a_failed_record() {
    local id record
    id=$(docker image inspect --format '{{.Id}}' "$run/accounts:other")
    for record in smoke history; do
        record=$BANK_IMAGES_DIR/$record/${id#sha256:}.json
        cp "$record" "$work/record"
        sed 's/"passed": *true/"passed": false/g' "$work/record" >"$record"
        refused 1 "$run/accounts:other" "an image that failed its $(basename "${record%/*}")" \
            docker/publish.sh "$registry" other accounts
        cp "$work/record" "$record"
    done
}

# Another tested image under a version that is taken.
write_over() {
    local before after
    before=$(curl -fsSI -H 'Accept: application/vnd.docker.distribution.manifest.v2+json' \
        "http://$registry/v2/accounts/manifests/$version" | tr -d '\r' | grep -i docker-content-digest)
    docker tag "$run/accounts:$version" "$run/accounts:kept"
    variant other <<<'LABEL changed=yes'
    "$deploy" smoke "$run/accounts:other" >/dev/null || die "the other image is not fit"
    refused 1 "did not pass the history gate" "an image that was not shown what was ever written" \
        docker/publish.sh "$registry" other accounts
    "$deploy" history "$run/accounts:other" >/dev/null || die "the other image does not read what was ever written"
    a_failed_record
    docker tag "$run/accounts:other" "$run/accounts:$version"
    refused 1 "is there already and is another image" "another image under a version that is taken" \
        docker/publish.sh "$registry" "$version" accounts
    docker tag "$run/accounts:kept" "$run/accounts:$version"
    after=$(curl -fsSI -H 'Accept: application/vnd.docker.distribution.manifest.v2+json' \
        "http://$registry/v2/accounts/manifests/$version" | tr -d '\r' | grep -i docker-content-digest)
    [ "$before" = "$after" ] || die "the version was written over"
    ok "the version in the registry is as it was"
}
