"""Sends a file with tuspy, each piece with its checksum, in two goes; says where it was sent."""

import json
import sys

from tusclient import client

base, path, headers = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
tus = client.TusClient(base + "/api/v1/uploads", headers=headers)
first = tus.uploader(path, chunk_size=5_000_000, metadata={"filename": "a.jpg"}, upload_checksum=True)
first.upload(stop_at=7_000_000)
second = tus.uploader(path, chunk_size=5_000_000, url=first.url, upload_checksum=True)
assert second.offset == first.offset > 0, (second.offset, first.offset)
second.upload()
print(second.url)
