import { readFileSync } from "node:fs";
import openapiTS, { astToString, COMMENT_HEADER } from "openapi-typescript";
import { expect, it } from "vitest";

it("the client is the one that the API description makes (else: npm run gen)", { timeout: 60_000 }, async () => {
  const description = new URL("../../../../faces/http/openapi.json", import.meta.url);
  const made = COMMENT_HEADER + astToString(await openapiTS(description, { alphabetize: true }));
  expect(readFileSync(new URL("./generated.ts", import.meta.url), "utf8")).toBe(made);
});
