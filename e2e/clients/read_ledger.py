"""A stranger reads a log over HTTP with aics-tlog: signatures, cosignatures, every tile and every entry.

`read_ledger.py URL LOG_KEY QUORUM WITNESS_KEY…`
"""
import json
import sys
import urllib.request

from aics_tlog import HttpTileReader, audit_tiles, parse_note, parse_vkey, verify_checkpoint
from aics_tlog.checkpoint import parse_checkpoint

url, log_key, quorum, *witnesses = sys.argv[1:]
with urllib.request.urlopen(f"{url}/checkpoint", timeout=10) as answer:
    note = parse_note(answer.read())
checkpoint = parse_checkpoint(note.text)
found = verify_checkpoint(note, parse_vkey(log_key), [parse_vkey(key) for key in witnesses], int(quorum), expected_origin=checkpoint.origin)
report = audit_tiles(HttpTileReader(url, proxies={}), checkpoint.size, checkpoint.root)
print(json.dumps({"ok": bool(found.ok), "error": found.error, "size": checkpoint.size, "tiles": report.tiles, "bundles": report.bundles}))
