"""A log made by aics-tlog asks our witness, the way tlog-witness (C2SP) numbers its checks.

`probe_witness.py key` prints the log's verifier key; `probe_witness.py ask URL WITNESS_KEY` asks and prints the statuses.
"""
import hashlib
import json
import sys
import urllib.error
import urllib.request

from aics_tlog import Checkpoint, MerkleTree, parse_note, parse_vkey, sign_checkpoint, vkey_from_ed25519, verify_checkpoint, format_vkey
from aics_tlog.note import sign_note
from aics_witness import WitnessClient
from aics_witness.protocol import format_add_checkpoint_request
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ORIGIN = "log.example/probe"
KEY = Ed25519PrivateKey.from_private_bytes(bytes([42]) * 32)
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes([43]) * 32)


def tree(face):
    return MerkleTree([f"entry {i} {face if i >= 5 else ''}".encode() for i in range(300)])


TRUE, FORK = tree("true"), tree("fork")


def note(size, of=TRUE, key=KEY, origin=ORIGIN):
    return sign_checkpoint(Checkpoint(origin, size, of.root(size)), key, origin).to_bytes()


def request(old, size, of=TRUE, proof=None, **about):
    if proof is None:
        proof = of.consistency_proof(old, size) if 0 < old < size else []
    return format_add_checkpoint_request(old, proof, note(size, of, **about))


def post(url, body):
    asked = urllib.request.Request(f"{url}/add-checkpoint", data=body, method="POST")
    try:
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return answer.status, answer.headers["content-type"], answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers["content-type"], error.read().decode()


def shown(url):
    try:
        with urllib.request.urlopen(f"{url}/{hashlib.sha256(ORIGIN.encode()).hexdigest()}/checkpoint", timeout=10) as answer:
            return answer.read()
    except urllib.error.HTTPError as error:
        return error.code


def empty_with_another_root():
    text = f"{ORIGIN}\n0\n{'A' * 43}=\n"
    line = sign_note(text, KEY, ORIGIN)
    return b"old 0\n\n" + type(parse_note(note(1)))(text, [line]).to_bytes()


def flipped(body):
    at = body.rindex(b" ") + 30
    return body[:at] + (b"B" if body[at : at + 1] == b"A" else b"A") + body[at + 1 :]


def ask(url, witness_key):
    key = parse_vkey(witness_key)
    statuses = {"nothing cosigned yet": shown(url)}

    def case(name, body):
        status, kind, text = post(url, body)
        statuses[name] = [status, text.strip()] if kind == "text/x.tlog.size" else status
        return text

    case("1 not a request", b"hello\n")
    case("2 a number with a leading zero", request(0, 10).replace(b"old 0", b"old 00", 1))
    case("3 64 proof lines", b"old 1\n" + b"A" * 43 + b"=\n" + (b"A" * 43 + b"=\n") * 63 + b"\n" + note(10))
    case("4 too large", request(0, 10) + b"x" * 1_000_000)
    case("5 another log", request(0, 10, origin="log.example/other"))
    case("6 another key", request(0, 10, key=STRANGER))
    case("7 a false line of the log's key", flipped(request(0, 10)))
    case("8 old beyond the size", request(0, 10).replace(b"old 0", b"old 11", 1))
    case("9 an old size before any", request(5, 10))
    case("10 an empty log with another root", empty_with_another_root())
    case("11 a proof from nothing", request(0, 10, proof=[bytes(32)]))
    lines = case("12 the first", request(0, 10))
    statuses["the line"] = cosigned(note(10) + lines.encode(), key)
    case("13 the same again", request(10, 10))
    case("14 another old size", request(5, 20))
    case("15 a wrong proof", request(10, 20, proof=[bytes(32)] * 4))
    case("16 a fork at a larger size", request(10, 20, of=FORK))
    case("17 a fork at the same size", request(10, 10, of=FORK))
    statuses["shown"] = cosigned(shown(url), key)
    # Their client, with the conflicts it expects to recover from.
    client = WitnessClient(url, key)
    statuses["client"] = [
        cosigned(note(size) + client.submit(note(size), lambda old, new: TRUE.consistency_proof(old, new) if old else []).encode(), key)
        for size in (11, 200, 300)
    ]
    return statuses


def cosigned(bytes_, key):
    found = verify_checkpoint(parse_note(bytes_), vkey_from_ed25519(ORIGIN, KEY.public_key()), [key], 1, expected_origin=ORIGIN)
    return bool(found.ok)


if sys.argv[1] == "key":
    print(json.dumps(format_vkey(vkey_from_ed25519(ORIGIN, KEY.public_key()))))
else:
    print(json.dumps(ask(sys.argv[2], sys.argv[3])))
