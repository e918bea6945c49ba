import { expect, test } from "vitest";
import { creationOptions, deviceTitle, fromBase64url, isBound, requestOptions, toBase64url } from "./passkeys.ts";

test("bytes go to base64url and back", () => {
  for (const text of ["", "AA", "_-8", "AAECAwQFBgcICQ"]) expect(toBase64url(fromBase64url(text))).toBe(text);
});

test("passkeys are used under their own name and below it, nowhere else", () => {
  const table: [string, string | null | undefined, boolean][] = [
    ["dipper.example", "dipper.example", true],
    ["www.dipper.example", "dipper.example", true],
    ["evildipper.example", "dipper.example", false],
    ["127.0.0.1", "localhost", false],
    ["localhost", "localhost", true],
    ["localhost", null, false],
    ["localhost", undefined, false],
  ];
  for (const [host, bound, expected] of table) expect(isBound(host, bound), `${host} ${bound}`).toBe(expected);
});

test("options reach the browser with their bytes", () => {
  const made = creationOptions({ publicKey: { challenge: "AQI", user: { id: "Aw", name: "li" }, excludeCredentials: [{ id: "BA", type: "public-key" }], timeout: 5 } });
  expect(new Uint8Array(made.challenge as ArrayBuffer)).toEqual(new Uint8Array([1, 2]));
  expect(new Uint8Array(made.user.id as ArrayBuffer)).toEqual(new Uint8Array([3]));
  expect(new Uint8Array(made.excludeCredentials?.[0]?.id as ArrayBuffer)).toEqual(new Uint8Array([4]));
  expect(made.timeout).toBe(5);
  expect(requestOptions({ publicKey: { challenge: "AQI", rpId: "localhost" } })).toMatchObject({ rpId: "localhost", allowCredentials: [] });
});

test("a passkey is first called after the kind of its device", () => {
  expect(deviceTitle("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)")).toBe("iPhone");
  expect(deviceTitle("Mozilla/5.0 (Linux; Android 15; Pixel 9)")).toBe("Android");
  expect(deviceTitle("?")).toBe("Passkey");
});
