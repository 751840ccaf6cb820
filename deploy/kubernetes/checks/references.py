"""What refers to what: selectors, volumes, settings, secrets and images. Each rule yields what is wrong, a line each."""

from manifests import (
    ROOT, WORKLOADS, catalog, containers_of, main_container, matches, mounted_secrets, name_of, pod_of, settings_file, settings_of,
)


def selectors_find_pods(manifests):
    for workload in manifests.of(*WORKLOADS):
        selector, labels = workload["spec"].get("selector"), workload["spec"]["template"]["metadata"]["labels"]
        if selector and not matches(selector, labels):
            yield f"{name_of(workload)} does not select its own pods"
    for service in manifests.of("Service"):
        found = manifests.selected({"matchLabels": service["spec"]["selector"]})
        if not found:
            yield f"{name_of(service)} selects no pod"
        ports = {port["name"] for workload in found for port in main_container(workload).get("ports", [])}
        for port in service["spec"]["ports"]:
            if port["targetPort"] not in ports:
                yield f"{name_of(service)} leads to port {port['targetPort']}, which its pods do not have"
    for budget in manifests.of("PodDisruptionBudget"):
        if len(manifests.selected(budget["spec"]["selector"])) != 1:
            yield f"{name_of(budget)} does not select the pods of one workload"
    for policy in manifests.of("NetworkPolicy"):
        if not manifests.selected(policy["spec"]["podSelector"]):
            yield f"{name_of(policy)} selects no pod"
        rules = policy["spec"].get("ingress", []) + policy["spec"].get("egress", [])
        for peer in [peer for rule in rules for peer in rule.get("from", []) + rule.get("to", [])]:
            if "podSelector" in peer and "namespaceSelector" not in peer and not manifests.selected(peer["podSelector"]):
                yield f"{name_of(policy)} names pods that there are not"


def names_lead_somewhere(manifests):
    for workload in manifests.of(*WORKLOADS):
        pod = pod_of(workload)
        account = pod.get("serviceAccountName")
        if account and not manifests.get("ServiceAccount", account):
            yield f"{name_of(workload)}: there is no ServiceAccount {account}"
        own = {each["metadata"]["name"] for each in workload["spec"].get("volumeClaimTemplates", [])}
        volumes = {volume["name"] for volume in pod.get("volumes", [])} | own
        for container in containers_of(workload):
            for source in container.get("envFrom", []):
                if not manifests.get("ConfigMap", source["configMapRef"]["name"]):
                    yield f"{name_of(workload)}: there is no ConfigMap {source['configMapRef']['name']}"
            for mount in container.get("volumeMounts", []):
                if mount["name"] not in volumes:
                    yield f"{name_of(workload)}: container {container['name']} mounts {mount['name']}, which is no volume"
        for volume in pod.get("volumes", []):
            claim = volume.get("persistentVolumeClaim", {}).get("claimName")
            if claim and not manifests.get("PersistentVolumeClaim", claim):
                yield f"{name_of(workload)}: there is no PersistentVolumeClaim {claim}"
            config = volume.get("configMap", {}).get("name")
            if config and not manifests.get("ConfigMap", config):
                yield f"{name_of(workload)}: there is no ConfigMap {config}"
    for scaler in manifests.of("HorizontalPodAutoscaler"):
        if not manifests.get("Deployment", scaler["spec"]["scaleTargetRef"]["name"]):
            yield f"{name_of(scaler)} scales nothing that there is"
    for ingress in manifests.of("Ingress"):
        for path in [path for rule in ingress["spec"]["rules"] for path in rule["http"]["paths"]]:
            if not manifests.get("Service", path["backend"]["service"]["name"]):
                yield f"{name_of(ingress)}: there is no Service {path['backend']['service']['name']}"


def services_are_those_of_docker(manifests):
    services = manifests.services()
    if set(services) != set(catalog()):
        yield f"there are {sorted(services)}, and in docker/services.toml {sorted(catalog())}"
    for name, deployment in services.items():
        for container in containers_of(deployment):
            image, _, version = container["image"].rpartition(":")
            if image.rpartition("/")[2] != name or not version or "/" in version:
                yield f"{name_of(deployment)}: container {container['name']} has the image {container['image']}, not one of {name} with a version"
        if not manifests.get("PodDisruptionBudget", name) or not manifests.get("Service", name):
            yield f"{name} has no Service or no PodDisruptionBudget"


def settings_are_those_of_docker(manifests):
    for name, deployment in manifests.services().items():
        told, written = settings_of(manifests, deployment), settings_file(name)
        for key in written.keys() - told.keys():
            yield f"{name} is not told {key}, which docker/settings/{name}.env has"
        # An overlay may say where servers are; all the rest is one truth.
        for key in told.keys() & written.keys():
            if told[key] != written[key] and key not in ("BANK_BUS", "BANK_VIEWS"):
                yield f"{name}: {key} is {told[key]}, and in docker/settings/{name}.env {written[key]}"
        for container in containers_of(deployment):
            for variable in container.get("env", []):
                if "value" in variable and any(word in variable["name"] for word in ("SECRET", "PASSWORD", "STORE", "VAULT", "AUDIT")):
                    yield f"{name}: {variable['name']} is a value, which belongs in a file"


def secrets_are_those_of_docker(manifests):
    drawn = {line.split()[1] for line in (ROOT / "docker/secrets.sh").read_text().splitlines() if line.startswith("write ")}
    stores = {secret for entry in catalog().values() for secret in entry.get("databases", [])}
    for name, deployment in manifests.services().items():
        entry, mounted = catalog().get(name, {}), mounted_secrets(deployment)
        wanted = set(entry.get("databases", []) + entry.get("secrets", []))
        if set(mounted) != wanted:
            yield f"{name} is given the secrets {sorted(mounted)}, and by docker/services.toml {sorted(wanted)}"
        for key, value in settings_of(manifests, deployment).items():
            if key.endswith("_FILE") and value.removeprefix("/run/secrets/") not in mounted:
                yield f"{name}: {key} is {value}, which is not mounted"
        for path, (secret, key) in mounted.items():
            if path not in drawn | stores:
                yield f"{name}: docker/secrets.sh draws no {path}"
            there = manifests.get("Secret", secret)
            if manifests.overlay == "local" and key not in (there or {}).get("data", {}):
                yield f"{name}: there is no Secret {secret} with a key {key}"
    if manifests.overlay != "local" and manifests.of("Secret"):
        yield "a Secret is in an overlay that is not for one machine"
    job = manifests.get("Job", "databases")
    if job and {path.rpartition("/")[2] for path in main_container(job)["args"]} != stores:
        yield "Job databases does not create the databases of docker/services.toml"


RULES = [selectors_find_pods, names_lead_somewhere, services_are_those_of_docker, settings_are_those_of_docker, secrets_are_those_of_docker]
