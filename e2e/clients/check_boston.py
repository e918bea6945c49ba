"""Holds the imported cases against the CSV file they came from, without any code of the server.

Reads the file with Python's csv, works out what each row must have become, and compares it with the tables of the SQLite
database, row by row and as counts. Prints a JSON summary; exits 1 with the first differences when something differs.

Usage: check_boston.py DATABASE FILE.csv
"""

import collections
import csv
import datetime
import json
import re
import sqlite3
import sys
import zoneinfo

database, path = sys.argv[1:]
ZONE = zoneinfo.ZoneInfo("America/New_York")


def instant_us(text):
    """Local time to microseconds UTC. fold=0 takes the first of an hour that occurs twice."""
    if not text:
        return None
    local = datetime.datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=ZONE)
    return int(local.timestamp()) * 1_000_000


def word(name):
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


expected = {}
counts = collections.Counter()
with open(path, encoding="utf-8", newline="") as file:
    for row in csv.DictReader(file):
        assert row["id"] not in expected, f"{row['id']} stands twice in the file"
        opened, target, closed = (instant_us(row[name]) for name in ("opened", "target", "closed"))
        is_closed = row["status"] == "Closed"
        expected[row["id"]] = {
            "closed": is_closed,
            "category": word(row["type"]),
            "office": word(row["department"]),
            "opened_at_us": opened,
            "closed_at_us": closed if is_closed else None,
            "flag": row["on_time"],
            "target": target,
            "lon": float(row["lon"]),
            "lat": float(row["lat"]),
        }
        counts[f"status {row['status']}"] += 1
        counts[f"on_time {row['on_time'] or 'blank'}"] += 1

connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
found = {
    row[0]: row[1:]
    for row in connection.execute(
        "SELECT source_id, outcome, category, handler, opened_at_us, closed_at_us, on_time, lon, lat, promised_at_us FROM cases WHERE source = 'boston311'"
    )
}
differences = []


def differ(source_id, what, here, there):
    differences.append(f"{source_id}: {what} is {here!r}, must be {there!r}")


for source_id, want in expected.items():
    if source_id not in found:
        differences.append(f"{source_id}: missing")
        continue
    outcome, category, handler, opened, closed, on_time, lon, lat, promised = found[source_id]
    if (outcome is not None) != want["closed"]:
        differ(source_id, "closed", outcome, want["closed"])
    for name, here in (("category", category), ("office", handler), ("opened_at_us", opened), ("closed_at_us", closed)):
        if here != want[name]:
            differ(source_id, name, here, want[name])
    if abs(lon - want["lon"]) > 1e-9 or abs(lat - want["lat"]) > 1e-9:
        differ(source_id, "place", (lon, lat), (want["lon"], want["lat"]))
    if promised != want["target"]:
        differ(source_id, "promised_at_us", promised, want["target"])
    # The flag of the file says nothing where it is blank; it says ONTIME where nothing was promised.
    if want["closed"] and want["target"] is not None and want["flag"]:
        if on_time != (1 if want["flag"] == "ONTIME" else 0):
            differ(source_id, "on_time", on_time, want["flag"])
for source_id in found.keys() - expected.keys():
    differences.append(f"{source_id}: not in the file")

by = lambda key, values: dict(sorted(collections.Counter(key(value) for value in values).items()))
summary = {
    "rows": len(expected),
    "cases": len(found),
    "differences": len(differences),
    "first": differences[:10],
    "by_status": by(lambda want: "closed" if want["closed"] else "open", expected.values()),
    "by_category": by(lambda want: want["category"], expected.values()),
    "by_office": by(lambda want: want["office"], expected.values()),
    "on_time": counts["on_time ONTIME"],
    "overdue": counts["on_time OVERDUE"],
    "blank": counts["on_time blank"],
    "without_target": sum(want["target"] is None for want in expected.values()),
}
print(json.dumps(summary))
sys.exit(1 if differences else 0)
