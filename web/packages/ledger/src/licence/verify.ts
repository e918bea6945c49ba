// Verifying what somebody shows (RFC 9901 §7.3, SD-JWT VC, Token Status List §8.3). Asks nobody: keys, time and the
// status list are arguments. Who shows it is for `checkShowing`.
import type { Bound } from "./binding.ts";
import { isArray, isObject, member, type Json, type JsonObject } from "./json.ts";
import { checkHeader, checkSignature } from "./jws.ts";
import type { TrustedKey } from "./keys.ts";
import { LicenceError } from "./rules.ts";
import { parseSdJwt } from "./sd-jwt.ts";
import { findStatus, isWhole, readStatusRef, type StatusList, type StatusRef } from "./status.ts";

/** Seconds by which clocks may differ (RFC 7519 §4.1.4); as `dipper verify`. */
export const LEEWAY_S = 60;

/** Claims with a field of their own; the others are what the licence says. */
const NAMED = ["iss", "vct", "iat", "nbf", "exp", "cnf", "status"];

/** A licence its issuer signed. Whether it still counts is for {@link checkTimes} and {@link checkStatus}. */
export interface Licence {
  readonly issuer: string;
  readonly vct: string;
  /** What it says, in the order it says it. */
  readonly claims: JsonObject;
  /** Names of the claims that could have been withheld. */
  readonly chosen: ReadonlySet<string>;
  /** How many claims or parts were withheld, decoys included. */
  readonly withheld: number;
  readonly issued_at_s: number | undefined;
  readonly not_before_s: number | undefined;
  readonly expires_at_s: number | undefined;
  readonly status: StatusRef | undefined;
  /** What it is bound to. */
  readonly bound: Bound;
}

function wanted(claims: JsonObject, name: string): string {
  const value = member(claims, name);
  if (typeof value !== "string") throw new LicenceError("licence.claim", name);
  return value;
}

function time(claims: JsonObject, name: string): number | undefined {
  const value = member(claims, name);
  if (value !== undefined && !isWhole(value)) throw new LicenceError("licence.claim", name);
  return value;
}

/** Reads a licence and checks who signed it. */
export function openLicence(text: string, keys: readonly TrustedKey[]): Licence {
  const { jws, claims, disclosures, binding, sd_hash } = parseSdJwt(text);
  checkHeader(jws, "licence", "dc+sd-jwt");
  const issuer = wanted(jws.payload, "iss");
  checkSignature(jws, "licence", issuer, keys);
  const vct = wanted(claims, "vct");
  // `aud` names verifiers, and a page that anybody opens is none of them.
  if (member(claims, "aud") !== undefined) throw new LicenceError("licence.audience");
  const claim = member(claims, "status");
  const status = claim === undefined ? undefined : readStatusRef(claim);
  if (claim !== undefined && !status) throw new LicenceError("licence.claim", "status");
  const digests = member(jws.payload, "_sd");
  return {
    issuer,
    vct,
    claims: Object.fromEntries(Object.entries(claims).filter(([name]) => !NAMED.includes(name))),
    chosen: new Set(disclosures.map(({ place }) => place)),
    withheld: isArray(digests) ? digests.length - disclosures.length : 0,
    issued_at_s: time(claims, "iat"),
    not_before_s: time(claims, "nbf"),
    expires_at_s: time(claims, "exp"),
    status,
    bound: { holder: member(claims, "cnf"), binding, sd_hash },
  };
}

/** Refuses a licence whose time is over or to come. */
export function checkTimes({ not_before_s, expires_at_s }: Licence, now_s: number): void {
  if (expires_at_s !== undefined && expires_at_s + LEEWAY_S <= now_s) throw new LicenceError("licence.expired", expires_at_s);
  if (not_before_s !== undefined && now_s + LEEWAY_S < not_before_s) throw new LicenceError("licence.not_yet", not_before_s);
}

/** Refuses a licence that its issuer revoked or suspended; `list` must be the one it refers to. */
export function checkStatus({ issuer, status }: Licence, list: StatusList, now_s: number): void {
  if (!status) return;
  if (list.uri !== status.uri || list.issuer !== issuer) throw new LicenceError("list.other", status.uri);
  if (list.expires_at_s !== undefined && list.expires_at_s <= now_s) throw new LicenceError("list.expired", list.expires_at_s);
  const found = findStatus(list, status.index);
  if (found === undefined) throw new LicenceError("list.index", status.index);
  if (found !== 0) throw new LicenceError(found === 1 ? "status.revoked" : found === 2 ? "status.suspended" : "status.unknown", found);
}

/** A claim in the reader's language: texts of the pack are objects of language tags, several answers are an array. */
export function claimWords(value: Json, words: { text: (text: Record<string, string>) => string; list: (items: string[]) => string }): string {
  if (isArray(value)) return words.list(value.map((one) => claimWords(one, words)));
  if (isObject(value)) {
    const texts = Object.entries(value).filter((entry): entry is [string, string] => /^[a-z]{2,3}(-\w+)*$/i.test(entry[0]) && typeof entry[1] === "string");
    const isText = texts.length > 0 && texts.length === Object.keys(value).length;
    return isText ? words.text(Object.fromEntries(texts)) : JSON.stringify(value);
  }
  return typeof value === "string" ? value : String(value);
}
