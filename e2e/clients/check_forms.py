"""Reads JSON lines {"schema", "answers"} and says of each whether the answers fit, by PyPI jsonschema: a JSON list."""

import json
import sys

from jsonschema import Draft202012Validator

validators = {}
decided = []
for line in sys.stdin:
    case = json.loads(line)
    key = json.dumps(case["schema"], sort_keys=True)
    if key not in validators:
        Draft202012Validator.check_schema(case["schema"])
        validators[key] = Draft202012Validator(case["schema"])
    decided.append(validators[key].is_valid(case["answers"]))
json.dump(decided, sys.stdout)
