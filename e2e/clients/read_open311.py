"""Reads an Open311 server with PyPI `georeport`, in both formats, and says what it found as JSON.

Usage: read_open311.py BASE REQUEST_ID
"""

import json
import sys

from georeport import GeoReport

base, request_id = sys.argv[1:]
found = {}
for kind in ("json", "xml"):
    client = GeoReport(f"{base}/open311/v2", output_format=kind)
    services = client.get_service_list()
    # Only a service that says so has a definition.
    asking = [service for service in services if str(service["metadata"]).lower() == "true"]
    definition = client.get_service_definition(asking[0]["service_code"]) if asking else None
    requests = client.get_service_requests(status="open,closed")
    one = client.get_service_request(request_id)
    # Its XML reader gives one request as a mapping, and a list of one likewise.
    first = one[0] if isinstance(one, list) else one
    found[kind] = {
        "services": sorted(service["service_code"] for service in services),
        "names": sorted(service["service_name"] for service in services),
        "definition": definition["service_code"] if definition else None,
        "requests": len(requests) if isinstance(requests, list) else 1,
        "one": {key: first.get(key) for key in ("service_request_id", "status", "service_code", "description", "lat", "long")},
    }
print(json.dumps(found))
