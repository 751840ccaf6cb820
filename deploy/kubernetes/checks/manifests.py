"""The documents that kustomize built, and how one finds in them what another names."""

import base64
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[3]
WORKLOADS = ("Deployment", "StatefulSet", "Job")


class Manifests:
    """All documents of one overlay."""

    def __init__(self, overlay, documents):
        self.overlay, self.documents = overlay, documents

    @classmethod
    def read(cls, overlay, path):
        return cls(overlay, [document for document in yaml.safe_load_all(Path(path).read_text()) if document])

    def text(self):
        """As YAML again, with what is base64 on one line each: the schemas take no others, which a cluster does."""
        for secret in self.of("Secret"):
            for key, value in secret.get("data", {}).items():
                secret["data"][key] = base64.b64encode(base64.b64decode(value)).decode()
        return yaml.safe_dump_all(self.documents)

    def of(self, *kinds):
        return [document for document in self.documents if document["kind"] in kinds]

    def get(self, kind, name):
        return next((document for document in self.of(kind) if document["metadata"]["name"] == name), None)

    def generated(self, kind, name):
        """The one whose name begins so, before the hash that kustomize adds; or that is called so."""
        return self.get(kind, name) or next(
            (each for each in self.of(kind) if each["metadata"]["name"].rpartition("-")[0] == name), None
        )

    def pods(self):
        """The labels of each pod that a workload makes, with the workload."""
        return [(workload["spec"]["template"]["metadata"]["labels"], workload) for workload in self.of(*WORKLOADS)]

    def selected(self, selector):
        return [workload for labels, workload in self.pods() if matches(selector, labels)]

    def services(self):
        """The deployments of the bank's own services, by name."""
        ours = [each for each in self.of("Deployment") if each["metadata"]["labels"].get("app.kubernetes.io/component") == "service"]
        return {each["metadata"]["name"]: each for each in ours}


def matches(selector, labels):
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    for expression in selector.get("matchExpressions") or []:
        if (labels.get(expression["key"]) in expression.get("values", [])) != (expression["operator"] == "In"):
            return False
    return True


def name_of(document):
    return f"{document['kind']} {document['metadata']['name']}"


def pod_of(workload):
    return workload["spec"]["template"]["spec"]


def containers_of(workload):
    return pod_of(workload).get("initContainers", []) + pod_of(workload)["containers"]


def main_container(workload):
    return pod_of(workload)["containers"][0]


def settings_of(manifests, workload):
    """What a service is told, by its ConfigMaps."""
    found = {}
    for source in main_container(workload).get("envFrom", []):
        found |= (manifests.get("ConfigMap", source["configMapRef"]["name"]) or {}).get("data", {})
    return found


def mounted_secrets(workload):
    """The files in /run/secrets, with the Secret and the key that each comes from."""
    mounts = {each["name"]: each["mountPath"] for each in main_container(workload).get("volumeMounts", [])}
    found = {}
    for volume in pod_of(workload).get("volumes", []):
        if mounts.get(volume["name"]) == "/run/secrets":
            for source in volume["projected"]["sources"]:
                for item in source["secret"]["items"]:
                    found[item["path"]] = (source["secret"]["name"], item["key"])
    return found


def catalog():
    """The services of docker/services.toml that run, which `bank`, the tools, does not."""
    entries = tomllib.loads((ROOT / "docker/services.toml").read_text())
    return {name: entry for name, entry in entries.items() if name != "bank"}


def settings_file(service):
    lines = (ROOT / f"docker/settings/{service}.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def defaults(service):
    return tomllib.loads((ROOT / f"services/{service}/src/default.toml").read_text())
