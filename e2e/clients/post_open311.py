"""A second Open311 client, on the standard library alone: posts a request, follows the token
where one is given, reads the request.

Written from the GeoReport v2 text, apart from the server. Usage: post_open311.py BASE FORMAT API_KEY SERVICE LAT LONG
"""

import http.client
import json
import sys
import urllib.parse
import xml.etree.ElementTree as ET

base, form, api_key, service, lat, long = sys.argv[1:]
host = urllib.parse.urlsplit(base).netloc


def call(method, path, fields=None):
    connection = http.client.HTTPConnection(host, timeout=30)
    body = urllib.parse.urlencode(fields) if fields is not None else None
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"} if body else {}
    connection.request(method, path, body=body, headers=headers)
    answer = connection.getresponse()
    text = answer.read().decode("utf-8")
    kind = answer.getheader("Content-Type")
    expected = {"json": "application/json", "xml": "text/xml"}[form]
    assert kind.startswith(expected), f"{path}: content type {kind}"
    return answer.status, parse(text)


def parse(text):
    """Records as a list of mappings, whatever the format."""
    if form == "json":
        whole = json.loads(text)
        assert isinstance(whole, list), "JSON answers are bare arrays"
        return whole
    root = ET.fromstring(text)
    assert text.lstrip().startswith("<?xml"), "XML begins with its declaration"
    return [{child.tag: child.text for child in record} for record in root]


fields = {
    "api_key": api_key,
    "service_code": service,
    "lat": lat,
    "long": long,
    "description": "Plain & <odd> \u8def\u706f\u4e0d\u4eae",
    "email": "someone@example.org",
}
status, created = call("POST", f"/open311/v2/requests.{form}", fields)
assert status in (200, 201), f"POST: {status} {created}"
record = created[0]
given = [key for key in ("service_request_id", "token") if record.get(key)]
assert len(given) == 1, f"a request has an id or a token, not {given}"
request_id = record.get("service_request_id")
if record.get("token"):
    status, followed = call("GET", f"/open311/v2/tokens/{urllib.parse.quote(record['token'])}.{form}")
    assert status == 200, f"token: {status} {followed}"
    assert followed[0]["token"] == record["token"]
    request_id = followed[0]["service_request_id"]
status, read = call("GET", f"/open311/v2/requests/{request_id}.{form}")
assert status == 200, f"request: {status}"
assert read[0]["description"] == fields["description"], read[0]

# What must be refused, and how.
refusals = {
    "no key": ("POST", f"/open311/v2/requests.{form}", {**fields, "api_key": ""}),
    "wrong key": ("POST", f"/open311/v2/requests.{form}", {**fields, "api_key": "not-a-key"}),
    "no service": ("POST", f"/open311/v2/requests.{form}", {**fields, "service_code": ""}),
    "unknown service": ("POST", f"/open311/v2/requests.{form}", {**fields, "service_code": "no-such-service"}),
    "no place": ("POST", f"/open311/v2/requests.{form}", {**fields, "lat": "", "long": ""}),
    "bad place": ("POST", f"/open311/v2/requests.{form}", {**fields, "lat": "north"}),
    "unknown request": ("GET", f"/open311/v2/requests/no-such-request.{form}", None),
    "unknown token": ("GET", f"/open311/v2/tokens/no-such-token.{form}", None),
    "bad status": ("GET", f"/open311/v2/requests.{form}?status=asleep", None),
    "bad date": ("GET", f"/open311/v2/requests.{form}?start_date=yesterday", None),
    "too long a span": ("GET", f"/open311/v2/requests.{form}?start_date=2026-01-01T00:00:00Z&end_date=2026-08-01T00:00:00Z", None),
}
refused = {}
for name, (method, path, body) in refusals.items():
    status, errors = call(method, path, body)
    refused[name] = status
    assert errors and errors[0].get("code") and errors[0].get("description"), f"{name}: {errors}"
print(json.dumps({"given": given[0], "request": read[0], "refused": refused}))
