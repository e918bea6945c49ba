"""Our licences read by the package sd-jwt of PyPI, and its own read by us.

`check_credential.py PROGRAM`, where PROGRAM is the example `credential` of dipper-credential:
`cargo build -p dipper-credential --example credential`. Needs `pip install sd-jwt==0.10.4`, which brings jwcrypto.
"""
import base64
import itertools
import json
import subprocess
import sys
import time
import zlib

from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS
from sd_jwt.common import SDObj
from sd_jwt.holder import SDJWTHolder
from sd_jwt.issuer import SDJWTIssuer
from sd_jwt.verifier import SDJWTVerifier

PROGRAM = sys.argv[1]
NOW_S = int(time.time())
ISSUER = "https://city.example/offices/market"
VCT = "https://city.example/licences/shop"
LIST = "https://city.example/status/1"
AUDIENCE, NONCE = "https://bank.example", "n-0S6_WzA2Mj"
SELECTIVE = {"shop_name": "莲花面馆", "operator": {"name": "李", "born": 1980}, "kinds": ["food", 1.5, None, True]}
checks = 0


def base64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def key(kind, first):
    """A key pair of fixed secret, for jwcrypto and as bytes for us."""
    secret = bytes(range(first, first + 32))
    if kind == "EdDSA":
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        private = Ed25519PrivateKey.from_private_bytes(secret)
    else:
        from cryptography.hazmat.primitives.asymmetric import ec

        private = ec.derive_private_key(int.from_bytes(secret, "big"), ec.SECP256R1())
    return JWK.from_pyca(private), list(secret)


ISSUER_KEY, ISSUER_SECRET = key("EdDSA", 1)
HOLDERS = {kind: key(kind, 60) for kind in ("EdDSA", "ES256")}
TRUSTED = {"keys": [{**ISSUER_KEY.export_public(as_dict=True), "kid": "1", "use": "sig", "alg": "EdDSA", "iss": ISSUER}]}


def ours(do, **command):
    """Asks our program."""
    done = subprocess.run([PROGRAM], input=json.dumps({"do": do, **command}), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def expect(what, got, wanted):
    global checks
    checks += 1
    if got != wanted:
        sys.exit(f"{what}: got {got!r}, wanted {wanted!r}")


def subsets(names):
    return itertools.chain.from_iterable(itertools.combinations(names, size) for size in range(len(names) + 1))


def verify_ours(text, **command):
    return ours("verify", text=text, keys=TRUSTED, issuer=ISSUER, vct=VCT, now_s=int(time.time()), **command)


def theirs(text, alg=None):
    """What sd-jwt makes of a text; with `alg`, key binding is checked too."""
    verifier = SDJWTVerifier(text, lambda issuer, header: ISSUER_KEY if header["kid"] == "1" else None)
    if alg:
        # The constructor would ask for ES256 alone.
        verifier._verify_key_binding_jwt(AUDIENCE, NONCE, sign_alg=alg)
    return verifier.get_verified_payload()


def we_issue(alg):
    holder, secret = HOLDERS[alg]
    claims = {
        "issuer": ISSUER, "vct": VCT, "issued_at_s": NOW_S, "not_before_s": NOW_S, "expires_at_s": NOW_S + 600,
        "holder": holder.export_public(as_dict=True), "status": {"uri": LIST, "index": 3},
        "always": {"number": "JY1"}, "selective": SELECTIVE,
    }
    issued = ours("issue", secret=ISSUER_SECRET, kid="1", claims=claims, decoys=3)["text"]
    fixed = {
        "iss": ISSUER, "vct": VCT, "iat": NOW_S, "nbf": NOW_S, "exp": NOW_S + 600, "number": "JY1",
        "status": {"status_list": {"idx": 3, "uri": LIST}},
    }
    for chosen in subsets(SELECTIVE):
        wanted = {**fixed, **{name: SELECTIVE[name] for name in chosen}}
        shown = ours("present", text=issued, names=chosen)["text"]
        bound = ours("bind", text=shown, alg=alg, secret=secret, nonce=NONCE, audience=AUDIENCE, now_s=NOW_S)["text"]
        for text, checked in ((shown, None), (bound, alg)):
            payload = theirs(text, checked)
            cnf = payload.pop("cnf")
            expect("the holder's key", JWK(**cnf["jwk"]).thumbprint(), holder.thumbprint())
            expect(f"ours with {chosen}, read by theirs", payload, wanted)
        # Our licence, their wallet.
        wallet = SDJWTHolder(issued)
        wallet.create_presentation({name: True for name in chosen}, NONCE, AUDIENCE, holder, sign_alg=alg)
        answer = verify_ours(wallet.sd_jwt_presentation, nonce=NONCE, audience=AUDIENCE)
        expect(f"ours with {chosen}, shown by theirs", answer.get("claims"), {name: wanted[name] for name in ("number", *chosen)})
    return issued


def they_issue(alg, decoys):
    holder, secret = HOLDERS[alg]
    claims = {
        "iss": ISSUER, "vct": VCT, "iat": NOW_S, "exp": NOW_S + 600, "number": "JY1",
        SDObj("shop_name"): "莲花面馆",
        SDObj("address"): {SDObj("street"): "瑶光路", "city": "瑶光市"},
        "kinds": [SDObj("food"), "retail", SDObj({SDObj("detail"): 1})],
    }
    header = {"typ": "dc+sd-jwt", "kid": "1"}
    issued = SDJWTIssuer(claims, ISSUER_KEY, holder, sign_alg="EdDSA", add_decoy_claims=decoys, extra_header_parameters=header)
    issued = issued.sd_jwt_issuance
    choices = [
        ({}, {"kinds": ["retail"]}),
        ({"shop_name": True}, {"kinds": ["retail"], "shop_name": "莲花面馆"}),
        ({"address": True}, {"kinds": ["retail"], "address": {"city": "瑶光市"}}),
        ({"address": {"street": True}}, {"kinds": ["retail"], "address": {"street": "瑶光路", "city": "瑶光市"}}),
        ({"kinds": [True]}, {"kinds": ["food", "retail"]}),
        ({"kinds": [False, False, {"detail": True}]}, {"kinds": ["retail", {"detail": 1}]}),
    ]
    for choice, wanted in choices:
        wallet = SDJWTHolder(issued)
        wallet.create_presentation(choice, NONCE, AUDIENCE, holder, sign_alg=alg)
        answer = verify_ours(wallet.sd_jwt_presentation, nonce=NONCE, audience=AUDIENCE)
        expect(f"theirs with {choice}, read by us", answer.get("claims"), {"number": "JY1", **wanted})
        expect("bound", (answer["key_bound"], answer["status"]), (True, "none"))
    for names in subsets(["shop_name", "address", "kinds"]):
        shown = ours("present", text=issued, names=names)["text"]
        bound = ours("bind", text=shown, alg=alg, secret=secret, nonce=NONCE, audience=AUDIENCE, now_s=NOW_S)["text"]
        payload = theirs(bound, alg)
        answer = verify_ours(bound, nonce=NONCE, audience=AUDIENCE)
        seen = {name: value for name, value in payload.items() if name not in ("iss", "vct", "iat", "exp", "cnf")}
        expect(f"theirs shown by us with {names}, read by both", answer.get("claims"), seen)
    return issued


def refusals(text):
    """What we refuse of what they made."""
    first, *rest = text.split("~")
    head, payload, signature = first.split(".")
    none = base64url(json.dumps({"alg": "none", "typ": "dc+sd-jwt", "kid": "1"}).encode())
    unknown = base64url(b'["salt","n",1]')
    cases = {
        "issuer-signed JWT: the signature does not verify": f"{head}.{payload}.{signature[:-4]}AAAA~",
        "issuer-signed JWT: the signature algorithm must be EdDSA or ES256, and that of the key": f"{none}.{payload}.~",
        "disclosure 0 is referenced by no digest": f"{first}~{unknown}~",
        "disclosure 1 stands twice": f"{first}~{rest[0]}~{rest[0]}~",
    }
    for error, case in cases.items():
        expect("a refusal", verify_ours(case), {"error": error})
    expect("no binding", verify_ours(text, nonce=NONCE, audience=AUDIENCE), {"error": "key binding is missing"})


def statuses(licence):
    """Our list read with zlib and jwcrypto alone, and a list made with them read by us."""
    values = {0: 1, 3: 0, 5: 2, 999: 3}
    token = ours(
        "status", secret=ISSUER_SECRET, kid="1", issuer=ISSUER, uri=LIST, bits=2, entries=1000, set=list(values.items()),
        now_s=NOW_S, expires_at_s=NOW_S + 600,
    )["text"]
    signed = JWS()
    signed.deserialize(token)
    signed.verify(ISSUER_KEY)
    expect("typ", signed.jose_header["typ"], "statuslist+jwt")
    payload = json.loads(signed.payload)
    compressed = payload["status_list"]["lst"]
    packed = zlib.decompress(base64.urlsafe_b64decode(compressed + "=" * (-len(compressed) % 4)))
    read = {index: packed[index // 4] >> (index % 4 * 2) & 3 for index in range(1000)}
    expect("our list, read by theirs", {index: value for index, value in read.items() if value}, {k: v for k, v in values.items() if v})
    expect("valid", verify_ours(licence, status=token).get("status"), "valid")
    errors = {0: None, 1: "the licence is revoked", 2: "the licence is suspended", 3: "the licence has status 3"}
    for value, error in errors.items():
        packed = bytes([value << 6]) + bytes(99)
        body = {"sub": LIST, "iat": NOW_S, "ttl": 60, "status_list": {"bits": 2, "lst": base64url(zlib.compress(packed, 9))}}
        made = JWS(json.dumps(body))
        made.add_signature(ISSUER_KEY, alg="EdDSA", protected=json.dumps({"alg": "EdDSA", "typ": "statuslist+jwt", "kid": "1"}))
        expect("their list, read by us", verify_ours(licence, status=made.serialize(compact=True)).get("error"), error)


for kind in HOLDERS:
    statuses(we_issue(kind))
    refusals(they_issue(kind, decoys=False))
    they_issue(kind, decoys=True)
print(f"{checks} comparisons agree")
