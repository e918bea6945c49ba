"""Signs a resident in by authlib, an OpenID Connect library written by somebody else.

The resident's part (signing in, agreeing) is done over the city's own interface; everything else is authlib's:
address, PKCE, private_key_jwt, exchange, checking the ID token under the published keys. Prints what it learnt.
"""

import json
import sys
from urllib.parse import parse_qs, urlsplit

import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet, OKPKey

BASE, CLIENT, KEY_FILE, BACK, LOGIN, PASSWORD = sys.argv[1:]

found = requests.get(f"{BASE}/.well-known/openid-configuration", timeout=10).json()
with open(KEY_FILE, encoding="utf-8") as file:
    key = OKPKey.import_key(json.load(file))

session = OAuth2Session(
    CLIENT,
    key,
    scope="openid profile",
    redirect_uri=BACK,
    code_challenge_method="S256",
    token_endpoint_auth_method=PrivateKeyJWT(found["token_endpoint"], alg="EdDSA"),
)
verifier = "authlib-sends-a-verifier-of-more-than-43-characters"
address, state = session.create_authorization_url(found["authorization_endpoint"], code_verifier=verifier, nonce="n-authlib")

person = requests.Session()
signed_in = person.post(f"{BASE}/api/v1/session", json={"login": LOGIN, "password": PASSWORD}, timeout=10).json()
decision = {"query": urlsplit(address).query, "scopes": ["openid", "profile"]}
headers = {"x-csrf-token": signed_in["csrf_token"]}
back = person.post(f"{BASE}/api/v1/openid/authorization", json=decision, headers=headers, timeout=10).json()["to"]
assert parse_qs(urlsplit(back).query)["iss"] == [found["issuer"]]

token = session.fetch_token(found["token_endpoint"], authorization_response=back, state=state, code_verifier=verifier)
keys = KeySet.import_key_set(requests.get(found["jwks_uri"], timeout=10).json())
decoded = jwt.decode(token["id_token"], keys, algorithms=["EdDSA", "ES256"])
claims = CodeIDToken(
    decoded.claims,
    decoded.header,
    options={"iss": {"essential": True, "value": found["issuer"]}, "aud": {"essential": True, "value": CLIENT}},
    params={"nonce": "n-authlib", "access_token": token["access_token"], "client_id": CLIENT},
)
claims.validate()
userinfo = session.get(found["userinfo_endpoint"]).json()

try:
    session.fetch_token(found["token_endpoint"], authorization_response=back, state=state, code_verifier=verifier)
    replayed = "taken twice"
except Exception as error:  # whatever authlib raises, its word counts
    replayed = getattr(error, "error", str(error))

print(json.dumps({"claims": dict(claims), "userinfo": userinfo, "replayed": replayed}))
