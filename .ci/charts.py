"""Check the charts: helm's lint, the schemas of Kubernetes, the restricted profile, whose secrets; run by `.ci/chart`.

Kinds of operators (PostgreSQL's cluster, rules and monitors of Prometheus) have no schema that could be had: what is
looked at in them stands below.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import yaml
from helm_python import Chart, HelmError, lint

TOP = Path(__file__).parents[1]
CHARTS = TOP / "deploy" / "kubernetes"
VERSIONS = ("1.29", "1.37")
"""The oldest that the charts name, and the newest whose schemas are installed."""
FOREIGN = {"ServiceMonitor", "PrometheusRule", "Cluster"}
EVERYTHING: dict[str, Any] = {
    "image": {"digest": "sha256:" + "0" * 64, "pullSecrets": ["registry"]},
    "bus": {"certificateSecret": "bus-client"},
    "api": {
        "certificateSecret": "http",
        "hosts": ["figures.example.org"],
        "publicUrl": "https://figures.example.org",
        "trustedProxies": ["10.0.0.0/8"],
        "extraEnv": [{"name": "TONGHOP_KEEP_AUDIT", "value": "730"}],
    },
    "settings": {"TONGHOP_BEHIND_AFTER": "10"},
    "ingress": {"enabled": True, "className": "nginx", "annotations": {"a": "b"}},
    "monitoring": {"enabled": True, "labels": {"release": "prometheus"}},
    "networkPolicies": {"extraEgress": [{"to": [{"ipBlock": {"cidr": "10.1.0.0/16"}}]}]},
    "nodeSelector": {"disk": "ssd"},
    "tolerations": [{"key": "a", "operator": "Exists"}],
    "priorityClassName": "high",
}
REFUSED: tuple[dict[str, Any], ...] = (
    {"image": {"digest": "sha256:beef"}},
    {"settings": {"TONGHOP_OIDC_SECRET_FILE": "/etc/passwd"}},
    {"settings": {"LD_PRELOAD": "x"}},
    {"bus": {"replicas": 2}},
    {"bus": {"addresses": []}},
    {"bus": {"addresses": ["user:password@nats:4222"]}},
    {"database": {"name": "tonghop?sslmode=disable"}},
    {"database": {"addresses": ["a/b:5432"]}},
    {"api": {"publicUrl": "http://figures.example.org"}},
    {"api": {"replicas": 0}},
    {"unknown": 1},
)
"""Values that would be misunderstood, or would take protection away without a word."""


def main() -> int:
    for chart in ("tonghop", "postgres"):
        found = lint(CHARTS / chart, strict=True)
        assert not found["errors"], found
        for version in VERSIONS:
            for values in (None, EVERYTHING) if chart == "tonghop" else (None,):
                kinds = [checked(document, version) for document in documents(chart, values)]
                print(
                    f"{chart}, Kubernetes {version}, {'all values' if values else 'as shipped'}: {len(kinds)} objects"
                )
    refused()
    whose_secrets()
    as_shipped_elsewhere()
    namespace()
    known_settings()
    print("charts: in order")
    return 0


def documents(chart: str, values: dict[str, Any] | None = None) -> Iterator[dict[str, Any]]:
    name = "tonghop" if chart == "tonghop" else "tonghop-postgres"
    for path, text in Chart.load(CHARTS / chart).render(values=values, name=name, namespace="tonghop").items():
        if path.endswith(".yaml"):
            yield from filter(None, yaml.safe_load_all(text))


def checked(document: dict[str, Any], version: str) -> str:
    kind: str = document["kind"]
    if kind not in FOREIGN:
        kubernetes_validate.validate(document, version, strict=True)
    template = document["spec"].get("template") if kind in {"Deployment", "Job"} else None
    if template is not None:
        restricted(template["spec"])
    return kind


def restricted(pod: dict[str, Any]) -> None:
    """Hold a pod to the restricted profile, and to what goes beyond it here."""
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)
    assert all(set(volume) - {"name"} <= {"secret", "emptyDir", "configMap"} for volume in pod["volumes"])
    for container in pod["containers"] + pod.get("initContainers", []):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "privileged": False,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["limits"]["memory"], container["name"]
        assert all("hostPort" not in port for port in container.get("ports", []))
        given = [
            variable["name"]
            for variable in container["env"]
            if "PASSWORD" in variable["name"] and "FILE" not in variable["name"]
        ]
        assert not given, given


def refused() -> None:
    chart = Chart.load(CHARTS / "tonghop")
    for values in REFUSED:
        try:
            chart.validate_schema(chart.merge_values(values))
        except HelmError:
            continue
        raise AssertionError(f"these values are taken: {values}")


def whose_secrets() -> None:
    """Each process has its own secrets, and none of another's; of an authority it has the certificate, not the key."""
    for document in documents("tonghop"):
        if document["kind"] not in {"Deployment", "Job"}:
            continue
        part = document["metadata"]["labels"]["app.kubernetes.io/component"]
        if part == "maintenance":  # the owner's, and nothing runs there as shipped
            assert document["spec"]["replicas"] == 0
            part = "migrate"
        secrets = {
            volume["secret"]["secretName"]
            for volume in document["spec"]["template"]["spec"]["volumes"]
            if "secret" in volume
        }
        assert secrets == {f"tonghop-bus-{part}", f"tonghop-postgres-{part}", "nats-ca", "tonghop-postgres-ca"}, (
            part,
            secrets,
        )
        for volume in document["spec"]["template"]["spec"]["volumes"]:
            if volume["name"].endswith("-ca"):
                assert volume["secret"]["items"] == [{"key": "ca.crt", "path": "ca.crt"}], volume


def as_shipped_elsewhere() -> None:
    """Rules of Prometheus and roles of PostgreSQL are those of the other folders, none is left out."""
    (rule,) = [each for each in documents("tonghop", EVERYTHING) if each["kind"] == "PrometheusRule"]
    shipped = [
        group
        for name in ("alerts.yml", "slo.yml")
        for group in yaml.safe_load((TOP / "deploy" / "prometheus" / name).read_text(encoding="utf-8"))["groups"]
    ]
    assert rule["spec"]["groups"] == shipped
    (roles,) = [each for each in documents("postgres") if each["kind"] == "ConfigMap"]
    sql = (
        (TOP / "deploy" / "postgres" / "roles.sql").read_text(encoding="utf-8").replace("\\set ON_ERROR_STOP on\n", "")
    )
    assert roles["data"]["roles.sql"].startswith(sql.rstrip()), "roles.sql"
    assert not re.search(r"^\\", roles["data"]["roles.sql"], re.MULTILINE), "psql's own commands"
    (cluster,) = [each for each in documents("postgres") if each["kind"] == "Cluster"]
    assert cluster["spec"]["postgresql"]["pg_hba"][-1] == "hostnossl all all all reject"
    assert cluster["spec"]["instances"] >= 3
    assert all(isinstance(value, str) for value in cluster["spec"]["postgresql"]["parameters"].values())


def namespace() -> None:
    """`kubectl kustomize` makes the namespace, without a cluster."""
    with tempfile.TemporaryDirectory() as folder:
        for path in (CHARTS / "namespace").iterdir():
            (Path(folder) / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
        (Path(folder) / "signed.conf").write_text("operator: none\n", encoding="utf-8")
        kubectl = Path(sys.executable).parent / "kubectl"
        made = subprocess.run(
            [kubectl, "kustomize", folder], check=True, capture_output=True, text=True, timeout=60
        ).stdout
    for document in yaml.safe_load_all(made):
        kubernetes_validate.validate(document, VERSIONS[-1], strict=True)
    assert "pod-security.kubernetes.io/enforce: restricted" in made


def known_settings() -> None:
    """Every variable that the chart sets is one of the service's."""
    known = set(re.findall(r'"(TONGHOP_[A-Z_]+)": \(', (TOP / "services" / "settings.py").read_text(encoding="utf-8")))
    used: set[str] = set()
    for document in documents("tonghop", EVERYTHING):
        if document["kind"] == "ConfigMap":
            used |= set(document["data"])
        if document["kind"] in {"Deployment", "Job"}:
            (container,) = document["spec"]["template"]["spec"]["containers"]
            used |= {variable["name"] for variable in container["env"]}
    assert known, "no settings found"
    assert used <= known, used - known


if __name__ == "__main__":
    sys.exit(main())
