// Passkeys: what the server asks goes to the device, the device's answer goes back. Binary members travel as base64url
// (WebAuthn Level 3 §5.1); turned by hand, for browsers before 2024 have no `parseCreationOptionsFromJSON`.
import { computed } from "vue";
import { api, ask } from "./client.ts";
import { Problem } from "./problem.ts";
import { enter, session } from "./session.ts";
import type { Session } from "./types.ts";

/** Code of a ceremony that the person, or the device for want of a passkey, broke off. */
export const PASSKEY_BROKEN_OFF = "passkey_broken_off";

type Json = Record<string, unknown>;
interface Asked {
  ceremony: string;
  options: Json;
}

/** Whether a page under `host` may use passkeys bound to `bound`: the same name, or one below it. */
export function isBound(host: string, bound: string | null | undefined): boolean {
  return Boolean(bound) && (host === bound || host.endsWith(`.${bound}`));
}

/** Whether passkeys can be used here: the city takes them under this name, and the browser knows them. */
export const passkeysHere = computed(
  () => typeof window !== "undefined" && "PublicKeyCredential" in window && isBound(window.location.hostname, session.value?.passkey_host),
);

export function fromBase64url(text: string): ArrayBuffer {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (char) => char.charCodeAt(0)).buffer;
}

export function toBase64url(bytes: ArrayBuffer): string {
  const binary = Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

const listed = (list: unknown): Json[] => (Array.isArray(list) ? list.map((one: Json) => ({ ...one, id: fromBase64url(String(one["id"])) })) : []);

/** Options as the browser takes them. */
export function creationOptions(json: Json): PublicKeyCredentialCreationOptions {
  const options = json["publicKey"] as Json;
  const user = options["user"] as Json;
  return {
    ...options,
    challenge: fromBase64url(String(options["challenge"])),
    user: { ...user, id: fromBase64url(String(user["id"])) },
    excludeCredentials: listed(options["excludeCredentials"]),
  } as unknown as PublicKeyCredentialCreationOptions;
}

export function requestOptions(json: Json): PublicKeyCredentialRequestOptions {
  const options = json["publicKey"] as Json;
  return {
    ...options,
    challenge: fromBase64url(String(options["challenge"])),
    allowCredentials: listed(options["allowCredentials"]),
  } as unknown as PublicKeyCredentialRequestOptions;
}

/** The answer of a device as JSON. */
function answerOf(credential: PublicKeyCredential): Json {
  const { response } = credential;
  const members: Json = { clientDataJSON: toBase64url(response.clientDataJSON) };
  if (response instanceof AuthenticatorAttestationResponse) {
    members["attestationObject"] = toBase64url(response.attestationObject);
    members["transports"] = response.getTransports?.() ?? [];
  } else if (response instanceof AuthenticatorAssertionResponse) {
    members["authenticatorData"] = toBase64url(response.authenticatorData);
    members["signature"] = toBase64url(response.signature);
    members["userHandle"] = response.userHandle ? toBase64url(response.userHandle) : null;
  }
  return { id: credential.id, rawId: toBase64url(credential.rawId), type: credential.type, response: members, extensions: {} };
}

/** Runs a ceremony; a person who breaks it off is no fault of anybody. */
async function answered(ceremony: Promise<Credential | null>): Promise<Json> {
  let credential: Credential | null;
  try {
    credential = await ceremony;
  } catch (cause) {
    const name = cause instanceof DOMException ? cause.name : "";
    if (name === "InvalidStateError") throw new Problem(409, "passkey_known", "this device has a passkey for this account already");
    throw new Problem(400, PASSKEY_BROKEN_OFF, name || "the device gave no answer");
  }
  if (!(credential instanceof PublicKeyCredential)) throw new Problem(400, PASSKEY_BROKEN_OFF, "the device gave no answer");
  return answerOf(credential);
}

const made = (asked: Asked): Promise<Json> => answered(navigator.credentials.create({ publicKey: creationOptions(asked.options) }));

/** What a passkey made here is called until its owner renames the device: the kind of device. */
export function deviceTitle(agent: string = navigator.userAgent): string {
  const kinds: [RegExp, string][] = [
    [/iPhone/u, "iPhone"],
    [/iPad/u, "iPad"],
    [/HarmonyOS/u, "HarmonyOS"],
    [/Android/u, "Android"],
    [/Macintosh/u, "Mac"],
    [/Windows/u, "Windows"],
    [/Linux/u, "Linux"],
  ];
  return kinds.find(([pattern]) => pattern.test(agent))?.[1] ?? "Passkey";
}

/** Makes an account without a password, and signs in. */
export async function registerByPasskey(body: { login: string; display_name: string }): Promise<Session> {
  const asked: Asked = await ask(api.POST("/api/v1/residents/passkey/options", { body }));
  const credential = await made(asked);
  return enter(await ask(api.POST("/api/v1/residents/passkey", { body: { ceremony: asked.ceremony, credential, title: deviceTitle() } })));
}

/** Signs in with whatever passkey the device has for this city. */
export async function signInByPasskey(): Promise<Session> {
  const asked: Asked = await ask(api.POST("/api/v1/session/passkey/options"));
  const credential = await answered(navigator.credentials.get({ publicKey: requestOptions(asked.options) }));
  return enter(await ask(api.POST("/api/v1/session/passkey", { body: { ceremony: asked.ceremony, credential } })));
}

/** Adds one more passkey to the account of who is signed in. */
export async function addPasskey(title: string): Promise<void> {
  const asked: Asked = await ask(api.POST("/api/v1/security/passkeys/options"));
  const credential = await made(asked);
  await ask(api.POST("/api/v1/security/passkeys", { body: { ceremony: asked.ceremony, credential, title } }));
}
