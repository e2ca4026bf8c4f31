"""Make a bill of materials (CycloneDX, JSON) of what `python -m tests.licences` writes; it comes by standard input.

`sbom.py FILE` writes it, the same bytes for the same packages, and holds it to the schema. Exit code 1 where it doesn't
keep to it.
"""

import json
import sys
import tomllib
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

target = Path(sys.argv[1])
project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
bill = json.load(sys.stdin)
licence = LicenseFactory().make_from_string


def component(package: dict[str, Any]) -> Component:
    """Describe a package, with the digests of all files of its version: by machine, one of them is installed."""
    name, version = package["name"], package["version"]
    url = PackageURL("pypi", None, name, version)
    digests = [digest.removeprefix("sha256:") for digest in package["digests"]]
    files = ExternalReference(
        type=ExternalReferenceType.DISTRIBUTION,
        url=XsUri(str(url)),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest) for digest in digests],
    )
    return Component(
        name=name,
        version=version,
        type=ComponentType.LIBRARY,
        purl=url,
        bom_ref=str(url),
        licenses=[licence(package["licence"])],
        external_references=[files],
    )


itself = Component(
    name=project["name"],
    version=project["version"],
    type=ComponentType.APPLICATION,
    bom_ref="tonghop",
    licenses=[licence(project["license"])],
)
found = {package["name"]: component(package) for package in bill["packages"]}
bom = Bom(components=found.values())
bom.metadata.component = itself
bom.register_dependency(itself, [found[name] for name in bill["itself"]])
for package in bill["packages"]:
    bom.register_dependency(found[package["name"]], [found[name] for name in package["needs"]])
written = json.loads(JsonV1Dot6(bom).output_as_string())
del written["metadata"]["timestamp"]  # when it was made is no part of what there is
written["serialNumber"] = ""
written["serialNumber"] = f"urn:uuid:{uuid5(NAMESPACE_URL, json.dumps(written, sort_keys=True))}"
text = json.dumps(written, indent=1, sort_keys=True) + "\n"
wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
if wrong is not None:
    sys.exit(f"{target}: {wrong}")
target.write_text(text)
sys.stdout.write(f"{target}: {len(found)} packages\n")
