// The SD-JWT as it travels (RFC 9901 §4): read it, and choose what of it to show (§7.2). Nothing here is verified.
import { sdHash } from "./binding.ts";
import { complete, parseDisclosure, type Disclosure } from "./disclosures.ts";
import { member, type JsonObject } from "./json.ts";
import { parseJws, type Jws } from "./jws.ts";
import { LicenceError } from "./rules.ts";

/** Longest SD-JWT read, in characters; as in core/credential, which counts bytes of what must be ASCII. */
export const MAX_SD_JWT_CHARS = 64 * 1024;

/** An SD-JWT of sound form. */
export interface SdJwt {
  /** The part the issuer signed, as text. */
  readonly issued: string;
  readonly jws: Jws;
  /** The claims with all disclosures in place; nobody has checked who signed them. */
  readonly claims: JsonObject;
  readonly disclosures: readonly (Disclosure & { readonly place: string })[];
  /** The Key Binding JWT; nobody has checked it. */
  readonly binding: Jws | undefined;
  /** What a Key Binding JWT must have as `sd_hash`. */
  readonly sd_hash: string;
}

/** Whether a text looks like an SD-JWT, sound or not: a JWS with tildes after it. */
export function isSdJwt(text: string): boolean {
  return /^[^~\s]*\.[^~\s]*\.[^~\s]*~[^\s]*$/.test(text.trim());
}

/** Reads the compact form and puts every disclosure in its place (§7.1 steps 1 and 3 to 5). */
export function parseSdJwt(text: string): SdJwt {
  if (text.length > MAX_SD_JWT_CHARS) throw new LicenceError("licence.too_large");
  const parts = text.split("~");
  const [issued, ...rest] = parts;
  const binding = rest.pop();
  if (issued === undefined || binding === undefined) throw new LicenceError("licence.form");
  const jws = parseJws(issued);
  const key_binding = binding === "" ? undefined : parseJws(binding);
  if (!jws || (binding !== "" && !key_binding)) throw new LicenceError("licence.token");
  if ((member(jws.payload, "_sd_alg") ?? "sha-256") !== "sha-256") throw new LicenceError("licence.hash");
  const disclosures = rest.map((part, index) => {
    const disclosure = parseDisclosure(part);
    if (!disclosure) throw new LicenceError("disclosure.form", index);
    return disclosure;
  });
  const { claims, places } = complete(jws.payload, disclosures);
  return {
    issued,
    jws,
    claims,
    disclosures: disclosures.map((one, at) => ({ ...one, place: places[at] ?? "" })),
    binding: key_binding,
    sd_hash: sdHash(text.slice(0, text.length - binding.length)),
  };
}

/** The text that shows the claims named and withholds all others; a claim is shown whole, with what is within it. */
export function present({ issued, disclosures }: SdJwt, names: ReadonlySet<string>): string {
  const shown = disclosures.filter(({ place }) => names.has(place)).map(({ text }) => text);
  return [issued, ...shown, ""].join("~");
}
