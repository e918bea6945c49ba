"""A licence read by the package sd-jwt of PyPI, and its status by zlib and jwcrypto alone: JSON of what they say.

`check_licence.py LICENCE KEYS STATUS`, three files: what was shown, `/licences/keys`, `/licences/status`.
"""

import base64
import json
import pathlib
import sys
import zlib

from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS
from sd_jwt.verifier import SDJWTVerifier

text, keys, token = (pathlib.Path(name).read_text().strip() for name in sys.argv[1:])
trusted = {(key["iss"], key["kid"]): JWK(**{name: key[name] for name in ("kty", "crv", "x")}) for key in json.loads(keys)["keys"]}

verifier = SDJWTVerifier(text, lambda issuer, header: trusted[issuer, header["kid"]])
claims = verifier.get_verified_payload()
# Who shows it signed for somebody: for whom stands in what they signed, and that is what a verifier compares.
binding = text.rsplit("~", 1)[1]
if binding:
    said = json.loads(base64.urlsafe_b64decode(binding.split(".")[1] + "=="))
    verifier._verify_key_binding_jwt(said["aud"], said["nonce"])

signed = JWS()
signed.deserialize(token)
signed.verify(trusted[claims["iss"], signed.jose_header["kid"]])
payload = json.loads(signed.payload)
place = claims["status"]["status_list"]
assert signed.jose_header["typ"] == "statuslist+jwt" and payload["sub"] == place["uri"]
bits, compressed = payload["status_list"]["bits"], payload["status_list"]["lst"]
packed = zlib.decompress(base64.urlsafe_b64decode(compressed + "=" * (-len(compressed) % 4)))
per_byte = 8 // bits
status = packed[place["idx"] // per_byte] >> (place["idx"] % per_byte * bits) & (1 << bits) - 1
print(json.dumps({"claims": claims, "status": status, "bound": bool(binding)}))
