// The key this device shows licences with. The browser makes it and never gives it out, not even to this page: it signs,
// and that is all. One for each person who signs in here; who clears the browser's data gets a new one.
import { api, ask, keptInBrowser, serverNow, type Kept } from "@dipper/api";
import { encodeBase64url, parseSdJwt, present, proofOf, SHOWN_AUDIENCE, showTo, type DeviceKey } from "@dipper/ledger/licence";

const CURVE = { name: "ECDSA", namedCurve: "P-256" } as const;
const SIGNING = { name: "ECDSA", hash: "SHA-256" } as const;

/** Why a licence cannot be shown here: this browser has no keys, as on a page without HTTPS. */
export class NoKeys extends Error {}

const kept = keptInBrowser("dipper.device");

async function pairOf(party: string, store: Kept): Promise<CryptoKeyPair> {
  const name = `licences/${party}`;
  const found = await store.get<CryptoKeyPair>(name);
  if (found) return found;
  const made = await crypto.subtle.generateKey(CURVE, false, ["sign", "verify"]);
  await store.set(name, made);
  return made;
}

/** The key of a person on this device, made when it is first needed. */
export async function deviceKey(party: string, store: Kept = kept): Promise<DeviceKey> {
  if (!globalThis.crypto?.subtle) throw new NoKeys();
  const { privateKey, publicKey } = await pairOf(party, store).catch(() => {
    throw new NoKeys();
  });
  const { kty = "", crv = "", x = "", y = "" } = await crypto.subtle.exportKey("jwk", publicKey);
  return {
    algorithm: "ES256",
    jwk: { kty, crv, x, y },
    sign: async (message) => new Uint8Array(await crypto.subtle.sign(SIGNING, privateKey, message.slice())),
  };
}

function now_s(): number {
  return Math.floor(serverNow() / 1000);
}

/** A copy of a licence for this device, from the office that issued it. Kept by nobody: it is asked for anew each time. */
export async function copyFor(key: DeviceKey, id: string, issuer: string): Promise<string> {
  const proof = await proofOf(key, issuer, id, now_s());
  return (await ask(api.POST("/api/v1/licences/{id}/copies", { params: { path: { id } }, body: { proof } }))).sd_jwt;
}

/** What is shown to whoever reads the screen: the facts chosen, signed for this moment. */
export function showNow(key: DeviceKey, text: string): Promise<string> {
  const nonce = encodeBase64url(crypto.getRandomValues(new Uint8Array(16)));
  return showTo(key, text, SHOWN_AUDIENCE, nonce, now_s());
}

/** A licence as an office of the city is shown it with an application: the facts asked for, and no others. */
export async function presentTo(service: string, party: string, id: string, facts: readonly string[]): Promise<string> {
  const path = { id: service };
  const key = await deviceKey(party);
  const asked = await ask(api.POST("/api/v1/services/{id}/presentation-request", { params: { path } }));
  const copy = await copyFor(key, id, asked.audience);
  return showTo(key, present(parseSdJwt(copy), new Set(facts)), asked.audience, asked.nonce, now_s());
}
