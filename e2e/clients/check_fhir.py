"""Resources of FHIR held against the models of the package fhir.resources of PyPI (R4B, whose resources of this journey are
those of R4 4.0.1). Reads one resource a line; prints how many of each type fit, or ends with the first that does not."""
import collections
import importlib
import json
import sys

from pydantic import ValidationError

found = collections.Counter()


def check(resource: dict, where: str) -> None:
    kind = resource.get("resourceType", "?")
    model = getattr(importlib.import_module(f"fhir.resources.R4B.{kind.lower()}"), kind)
    try:
        model.model_validate(resource)
    except ValidationError as error:
        sys.exit(f"{where}: {kind} does not fit: {error}\n{json.dumps(resource, ensure_ascii=False)}")
    found[kind] += 1
    for entry in resource.get("entry", []):
        check(entry["resource"], f"{where}, entry")


for number, line in enumerate(sys.stdin, 1):
    check(json.loads(line), f"line {number}")
print(json.dumps(found))
