"""What the services do and need: whom they call, how they are asked, how they stop, what they may. Each rule yields what is wrong."""

import re

from manifests import ROOT, WORKLOADS, containers_of, defaults, main_container, matches, name_of, pod_of, settings_of

SERVERS = {"postgres": 5432, "kafka": 9092, "mongo": 27017}


def asked_by(manifests, deployment):
    """Whom a service calls: other services and servers, by what it is told."""
    called = set()
    for key, value in settings_of(manifests, deployment).items():
        if match := re.match(r"http://([a-z-]+):8080", value):
            called.add(match[1])
        if key in ("BANK_BUS", "BANK_VIEWS"):
            called.add("kafka" if key == "BANK_BUS" else "mongo")
        if key in ("BANK_STORE_FILE", "BANK_VAULT_FILE", "BANK_AUDIT_FILE"):
            called.add("postgres")
    return called


def may(manifests, direction, labels, other, port):
    """Whether a policy lets these pods talk to (or hear) those on a port."""
    peers = "to" if direction == "egress" else "from"
    for policy in manifests.of("NetworkPolicy"):
        if matches(policy["spec"]["podSelector"], labels):
            for rule in policy["spec"].get(direction, []):
                if port in [each["port"] for each in rule.get("ports", [])]:
                    if any(matches(peer["podSelector"], other) for peer in rule.get(peers, []) if "podSelector" in peer):
                        return True
    return False


def calls_are_allowed_and_no_others(manifests):
    services = manifests.services()
    labels = {name: deployment["spec"]["template"]["metadata"]["labels"] for name, deployment in services.items()}
    closed = manifests.get("NetworkPolicy", "default-deny")
    if not closed or closed["spec"]["podSelector"] or set(closed["spec"]["policyTypes"]) != {"Ingress", "Egress"} or \
            closed["spec"].get("ingress") or closed["spec"].get("egress"):
        yield "NetworkPolicy default-deny does not deny everything to everybody"
    for name, deployment in services.items():
        called = asked_by(manifests, deployment)
        for other in services:
            if other == name:
                continue
            out = may(manifests, "egress", labels[name], labels[other], 8080)
            into = may(manifests, "ingress", labels[other], labels[name], 8080)
            if other in called and not (out and into):
                yield f"{name} calls {other}, and no policy lets it {'in' if out else 'out'}"
            if other not in called and (out or into):
                yield f"{name} does not call {other}, and a policy lets it"
        for server, port in SERVERS.items():
            out = may(manifests, "egress", labels[name], {"app.kubernetes.io/name": server}, port)
            if out != (server in called):
                yield f"{name} {'needs' if server in called else 'does not need'} {server}, and a policy says otherwise"


def pods_may_nothing_that_they_need_not(manifests):
    for workload in manifests.of(*WORKLOADS):
        pod, name = pod_of(workload), name_of(workload)
        context = pod.get("securityContext", {})
        if not context.get("runAsNonRoot") or context.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            yield f"{name} may run as root, or without seccomp"
        if pod.get("automountServiceAccountToken") is not False:
            yield f"{name} is given a token for the cluster"
        ours = workload in manifests.services().values()
        if ours and (context.get("runAsUser"), context.get("runAsGroup")) != (65532, 65532):
            yield f"{name} does not run as the user of the image"
        for container in containers_of(workload):
            own = container.get("securityContext", {})
            if own.get("allowPrivilegeEscalation") is not False or own.get("capabilities", {}).get("drop") != ["ALL"]:
                yield f"{name}: container {container['name']} may gain privileges"
            if ours and own.get("readOnlyRootFilesystem") is not True:
                yield f"{name}: container {container['name']} may write to its root"
            if "memory" not in container.get("resources", {}).get("limits", {}) or not container["resources"].get("requests"):
                yield f"{name}: container {container['name']} has no limit of memory, or asks for nothing"


def probes_ask_what_is_served(manifests):
    served = set(re.findall(r'\.route\("(/[a-z]+)"', (ROOT / "crates/service-kit/src/http/probes.rs").read_text()))
    listens = re.search(r"BANK_LISTEN=0\.0\.0\.0:(\d+)", (ROOT / "docker/Dockerfile").read_text())
    for name, deployment in manifests.services().items():
        container = main_container(deployment)
        if [port["containerPort"] for port in container.get("ports", [])] != [int(listens[1])]:
            yield f"{name} does not have the port on which images listen, {listens[1]}"
        for probe, path in (("startupProbe", "/livez"), ("livenessProbe", "/livez"), ("readinessProbe", "/readyz")):
            asked = container.get(probe, {}).get("httpGet", {}).get("path")
            if asked != path or asked not in served:
                yield f"{name}: {probe} asks {asked}, not {path}"


def there_is_time_to_stop(manifests):
    for name, deployment in manifests.services().items():
        drain = int(defaults(name)["drain"].removesuffix("s"))
        pause = main_container(deployment).get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        grace = pod_of(deployment).get("terminationGracePeriodSeconds", 30)
        if pause < 1:
            yield f"{name} is told to stop before nobody is sent to it any more"
        # Requests have the time, and then what is in hand of messages.
        if grace < pause + 2 * drain:
            yield f"{name} has {grace} s to stop, and needs {pause} s and twice {drain} s"


def migrations_run_first(manifests):
    for name, deployment in manifests.services().items():
        stores = {"BANK_STORE_FILE", "BANK_BUS"} & settings_of(manifests, deployment).keys()
        runs = [each["args"] for each in pod_of(deployment).get("initContainers", []) if each["name"] == "migrate"]
        if runs != ([["migrate"]] if stores else []):
            yield f"{name} {'has to' if stores else 'cannot'} migrate before it starts"
        images = {container["image"] for container in containers_of(deployment)}
        if len(images) != 1:
            yield f"{name} migrates with another image than it runs"


def scaling_follows_what_is_measured(manifests):
    source = "".join(path.read_text() for path in (ROOT / "crates/messaging/src").rglob("*.rs"))
    for scaler in manifests.of("HorizontalPodAutoscaler"):
        name, spec = scaler["spec"]["scaleTargetRef"]["name"], scaler["spec"]
        deployment = manifests.services().get(name)
        metrics = [each["external"]["metric"] for each in spec["metrics"] if each["type"] == "External"]
        for metric in metrics:
            if f'gauge!("{metric["name"]}", "subscription" =>' not in source:
                yield f"{name_of(scaler)}: no service measures {metric['name']} by subscription"
            if metric["selector"]["matchLabels"] != {"subscription": defaults(name)["subscription_id"]}:
                yield f"{name_of(scaler)} looks at another subscription than {name} has"
        partitions = re.search(r"partitions=(\d+)", settings_of(manifests, deployment).get("BANK_BUS", "")) if deployment else None
        if metrics and spec["maxReplicas"] > int(partitions[1] if partitions else 8):
            yield f"{name_of(scaler)} allows more pods than topics have partitions"
        if deployment and "replicas" in deployment["spec"]:
            yield f"{name} has a number of replicas, which every apply would set again"
    for name, deployment in manifests.services().items():
        claims = [volume for volume in pod_of(deployment).get("volumes", []) if "persistentVolumeClaim" in volume]
        if claims and (deployment["spec"].get("replicas"), deployment["spec"].get("strategy", {}).get("type")) != (1, "Recreate"):
            yield f"{name} has a volume that one node mounts at a time, and more than one pod"


RULES = [
    calls_are_allowed_and_no_others, pods_may_nothing_that_they_need_not, probes_ask_what_is_served, there_is_time_to_stop,
    migrations_run_first, scaling_follows_what_is_measured,
]
