// Writes packages/ledger/src/licence/vectors.json: licences of core/credential, good and tampered, with the verdict the
// browser must give. Each is also put to the Rust verifier, so that both decide alike.
//
// node tools/licence-vectors.mjs PROGRAM, the example `credential` of dipper-credential.
import { execFileSync } from "node:child_process";
import { createECDH, createHash, createPrivateKey, createPublicKey, sign } from "node:crypto";
import { writeFileSync } from "node:fs";
import { deflateSync } from "node:zlib";

const [program] = process.argv.slice(2);
const NOW_S = 1_790_000_000;
const ISSUER = "https://city.example";
const LIST = `${ISSUER}/licences/status`;
const SECRET = Array.from({ length: 32 }, (_, at) => at + 1);
const OTHER = Array.from({ length: 32 }, (_, at) => at + 101);
/** RFC 8410 §7: what precedes the 32 bytes of an Ed25519 secret in PKCS #8. */
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");

const secretKey = (secret) => createPrivateKey({ key: Buffer.concat([PKCS8, Buffer.from(secret)]), format: "der", type: "pkcs8" });
const jwk = (secret, iss = ISSUER) => ({ ...createPublicKey(secretKey(secret)).export({ format: "jwk" }), kid: "licence-1", use: "sig", alg: "EdDSA", iss });
const keys = JSON.stringify({ keys: [jwk(SECRET)] });
const base64url = (text) => Buffer.from(text).toString("base64url");
const jws = (header, payload, secret = SECRET) => {
  const input = `${base64url(typeof header === "string" ? header : JSON.stringify(header))}.${base64url(typeof payload === "string" ? payload : JSON.stringify(payload))}`;
  return `${input}.${sign(null, Buffer.from(input), secretKey(secret)).toString("base64url")}`;
};
const HEADER = { alg: "EdDSA", typ: "dc+sd-jwt", kid: "licence-1" };
const digest = (text) => createHash("sha256").update(text).digest("base64url");

function rust(command) {
  return JSON.parse(execFileSync(program, { input: JSON.stringify(command), encoding: "utf8" }));
}

const claims = {
  issuer: ISSUER,
  vct: `${ISSUER}/licences/food_business_licence`,
  issued_at_s: NOW_S - 1_000,
  not_before_s: NOW_S - 1_000,
  expires_at_s: NOW_S + 1_000,
  status: { uri: LIST, index: 5 },
  always: { licence_no: "01M8C5TH02F2KS6TXV3F4SSCQP", licence_name: { "zh-CN": "食品经营许可证", en: "Food business licence" } },
  selective: { shop_name: "莲花面馆", manager_name: "李伟", activities: [{ "zh-CN": "热食类制售", en: "Hot meals" }] },
};
const issue = (more = {}, secret = SECRET) => rust({ do: "issue", secret, kid: "licence-1", claims: { ...claims, ...more }, decoys: 0 }).text;
const whole = issue();
const present = (names, text = whole) => rust({ do: "present", text, names }).text;
const list = (set, more = {}) => rust({ do: "status", secret: SECRET, kid: "licence-1", issuer: ISSUER, uri: LIST, bits: 2, entries: 1_000, set, now_s: NOW_S - 100, expires_at_s: NOW_S + 900, ...more }).text;
const token = (payload, header = {}, secret = SECRET) => jws({ ...HEADER, typ: "statuslist+jwt", ...header }, { iss: ISSUER, sub: LIST, iat: NOW_S, ttl: 300, ...payload }, secret);
const zlib = (bytes) => deflateSync(Buffer.from(bytes)).toString("base64url");

const [issued, first] = whole.split("~");
const [head, body, signature] = issued.split(".");
const payload = JSON.parse(Buffer.from(body, "base64url"));
const forged = (changed, header = HEADER) => `${jws(header, changed)}~`;
const disclosure = (...parts) => base64url(JSON.stringify(parts));
const clean = list([]);
const one = present(["shop_name"]);
const flip = (text, at) => `${text.slice(0, at)}${text[at] === "A" ? "B" : "A"}${text.slice(at + 1)}`;

/** Name, verdict of the browser, text, status list, and whether the keys are others. */
const cases = [
  ["whole, in force", "valid", whole, clean],
  ["one fact, in force", "valid", one, clean],
  ["no fact, no list", "not_checked", present([]), undefined],
  ["no status", "none", issue({ status: null }), clean],
  ["revoked", "status.revoked", one, list([[5, 1]])],
  ["suspended", "status.suspended", one, list([[5, 2]])],
  ["a status of no meaning", "status.unknown", one, list([[5, 3]])],
  ["its neighbours revoked", "valid", one, list([[4, 1], [6, 1]])],
  ["expired", "licence.expired", issue({ expires_at_s: NOW_S - 120 }), clean],
  ["to come", "licence.not_yet", issue({ not_before_s: NOW_S + 120 }), clean],
  ["a changed letter in the payload", "licence.token", flip(whole, head.length + 8), clean],
  ["another word in the payload", "licence.signature", `${head}.${base64url(JSON.stringify({ ...payload, licence_no: "X" }))}.${signature}~`, clean],
  ["a changed signature", "licence.signature", `${head}.${body}.${flip(signature, 10)}~`, clean],
  ["signed by another key", "licence.signature", issue({}, OTHER), clean],
  ["no algorithm", "licence.algorithm", `${base64url(JSON.stringify({ ...HEADER, alg: "none" }))}.${body}.~`, clean],
  ["a MAC", "licence.algorithm", forged(payload, { ...HEADER, alg: "HS256" }), clean],
  ["another type", "licence.type", forged(payload, { ...HEADER, typ: "JWT" }), clean],
  ["critical extensions", "licence.critical", forged(payload, { ...HEADER, crit: ["b64"] }), clean],
  ["another kid", "licence.key", forged(payload, { ...HEADER, kid: "licence-2" }), clean],
  ["another issuer", "licence.issuer", forged({ ...payload, iss: "https://other.example" }), clean],
  ["no issuer", "licence.claim", forged({ ...payload, iss: undefined }), clean],
  ["for other verifiers", "licence.audience", forged({ ...payload, aud: "https://bank.example" }), clean],
  ["a key of its own in the header", "licence.signature", `${jws({ ...HEADER, jwk: jwk(OTHER) }, payload, OTHER)}~`, clean],
  ["another hash", "licence.hash", forged({ ...payload, _sd_alg: "sha-512" }), clean],
  ["a name given twice", "licence.token", forged(`{"iss":"${ISSUER}",${JSON.stringify(payload).slice(1)}`), clean],
  ["a status of no list", "licence.claim", forged({ ...payload, status: {} }), clean],
  ["a changed fact", "disclosure.unreferenced", `${issued}~${disclosure("AAAAAAAAAAAAAAAAAAAAAA", "shop_name", "别的店")}~`, clean],
  ["a fact twice", "disclosure.twice", `${issued}~${first}~${first}~`, clean],
  ["a fact of no form", "disclosure.form", `${issued}~${base64url("[1]")}~`, clean],
  ["padding", "disclosure.form", `${issued}~${first}=~`, clean],
  ["a digest twice", "disclosure.digest_twice", forged({ ...payload, _sd: [digest(first), digest(first)] }), clean],
  ["a digest of no form", "disclosure.digest", forged({ ...payload, _sd: ["abc"] }), clean],
  ["an array element in the place of a claim", "disclosure.kind", `${forged({ ...payload, _sd: [digest(disclosure("s", 1))] })}${disclosure("s", 1)}~`, clean],
  ["a claim that stands there already", "disclosure.claim_twice", `${forged({ ...payload, _sd: [digest(disclosure("s", "licence_no", "X"))] })}${disclosure("s", "licence_no", "X")}~`, clean],
  ["an expiry that can be withheld", "disclosure.always", `${forged({ ...payload, exp: undefined, _sd: [digest(disclosure("s", "exp", 1))] })}${disclosure("s", "exp", 1)}~`, clean],
  ["a reserved name", "disclosure.reserved", `${forged({ ...payload, _sd: [digest(disclosure("s", "_sd", []))] })}${disclosure("s", "_sd", [])}~`, clean],
  ["no tilde", "licence.form", issued, clean],
  ["cut off", "disclosure.form", whole.slice(0, -3), clean, "licence.token"],
  ["a list of another type", "list.type", one, token({ status_list: { bits: 1, lst: zlib([0]) } }, { typ: "JWT" })],
  ["a list signed by another", "list.signature", one, token({ status_list: { bits: 1, lst: zlib([0]) } }, {}, OTHER)],
  ["a list of another issuer", "list.claim", one, token({ iss: "https://other.example", status_list: { bits: 1, lst: zlib([0]) } })],
  ["a list of another name", "list.other", one, list([], { uri: `${LIST}/2` })],
  ["a list that expired", "list.expired", one, list([], { expires_at_s: NOW_S - 1 })],
  ["a list that is too short", "list.index", one, token({ status_list: { bits: 8, lst: zlib([0, 0]) } })],
  ["a list of odd bits", "list.claim", one, token({ status_list: { bits: 3, lst: zlib([0]) } })],
  ["a list that is no zlib", "list.compression", one, token({ status_list: { bits: 1, lst: base64url("no zlib") } })],
  ["a list with something after its end", "list.compression", one, token({ status_list: { bits: 1, lst: Buffer.concat([deflateSync(Buffer.from([0])), Buffer.from([1])]).toString("base64url") } })],
  ["a list cut off", "list.compression", one, token({ status_list: { bits: 1, lst: deflateSync(Buffer.from([0])).subarray(0, -2).toString("base64url") } })],
  ["a list beyond the bound", "list.compression", one, token({ status_list: { bits: 1, lst: zlib(Buffer.alloc(1024 * 1024 + 1)) } })],
  ["the largest list", "valid", one, token({ status_list: { bits: 1, lst: zlib(Buffer.alloc(1024 * 1024)) } })],
];

const vectors = cases.map(([name, verdict, text, status, also]) => {
  const answer = rust({ do: "verify", text, keys: JSON.parse(keys), issuer: ISSUER, now_s: NOW_S, status });
  const theirs = answer.error ?? answer.status;
  if ((answer.error === undefined) !== /^(valid|not_checked|none)$/.test(verdict)) throw new Error(`${name}: the browser must say ${verdict}, core/credential says ${theirs}`);
  return { name, verdict: also ?? verdict, rust: theirs, text, ...(status === undefined ? {} : { status }) };
});
/** The device of a holder, and codes it shows: name, who shows it or the rule that is broken, text. */
const DEVICE = SECRET.map((byte) => byte + 32);
const deviceJwk = (secret) => {
  const pair = createECDH("prime256v1");
  pair.setPrivateKey(Buffer.from(secret));
  const point = pair.getPublicKey();
  return { crv: "P-256", kty: "EC", x: point.subarray(1, 33).toString("base64url"), y: point.subarray(33).toString("base64url") };
};
const AUDIENCE = "urn:dipper:shown-in-person";
const copy = issue({ holder: deviceJwk(DEVICE) });
const name = present(["shop_name"], copy);
const bind = (text, { secret = DEVICE, alg = "ES256", audience = AUDIENCE, now_s = NOW_S - 20 } = {}) => rust({ do: "bind", text, alg, secret, nonce: "n-1", audience, now_s }).text;
/** What the device would never sign. */
const misbind = (header, payload, text = name) => {
  const d = Buffer.from(DEVICE).toString("base64url");
  const key = createPrivateKey({ key: { ...deviceJwk(DEVICE), d }, format: "jwk" });
  const said = { iat: NOW_S, aud: AUDIENCE, nonce: "n-1", sd_hash: digest(text), ...payload };
  const input = [{ alg: "ES256", typ: "kb+jwt", ...header }, said].map((part) => base64url(JSON.stringify(part))).join(".");
  return `${text}${input}.${sign("sha256", Buffer.from(input), { key, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
};
const ed = jwk(SECRET.map((byte) => byte + 64));
const codes = [
  ["by its device", "device", bind(name)],
  ["by a device with Ed25519", "device", bind(issue({ holder: { kty: "OKP", crv: "Ed25519", x: ed.x } }), { alg: "EdDSA", secret: SECRET.map((byte) => byte + 64) })],
  ["a copy without signature", "copy", name],
  ["bound to no device", "anyone", one],
  ["a picture of a code", "binding.time", bind(name, { now_s: NOW_S - 400 })],
  ["made in the future", "binding.time", bind(name, { now_s: NOW_S + 400 })],
  ["made for a bank", "binding.audience", bind(name, { audience: "https://bank.example" })],
  ["with the signature of other facts", "binding.hash", `${present([], copy)}${bind(name).slice(name.length)}`],
  ["a changed signature", "binding.signature", flip(bind(name), bind(name).length - 20)],
  ["without nonce", "binding.claim", misbind({}, { nonce: "" })],
  ["without time", "binding.claim", misbind({}, { iat: undefined })],
  ["of another type", "binding.type", misbind({ typ: "JWT" }, {})],
  ["of another algorithm", "binding.algorithm", misbind({ alg: "EdDSA" }, {})],
  ["with critical extensions", "binding.critical", misbind({ crit: [] }, {})],
].map(([name, shows, text]) => {
  const answer = rust({ do: "verify", text, keys: JSON.parse(keys), issuer: ISSUER, now_s: NOW_S, shown: true });
  if ((answer.error === undefined) !== (shows === "device")) throw new Error(`${name}: the browser must say ${shows}, core/credential says ${answer.error ?? "device"}`);
  return { name, shows, rust: answer.error ?? "device", text };
});

const file = new URL("../packages/ledger/src/licence/vectors.json", import.meta.url);
writeFileSync(file, `${JSON.stringify({ now_s: NOW_S, keys, vectors, codes }, undefined, 1)}\n`);
console.log(`${vectors.length} vectors, ${codes.length} codes`);
