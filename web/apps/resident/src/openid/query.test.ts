import { expect, test } from "vitest";
import { withoutPrompt } from "./query.ts";

test("a sign-in that was asked for is not asked for again, everything else stays", () => {
  const table: [string, string][] = [
    ["client_id=a&prompt=login", "client_id=a"],
    ["prompt=login+consent&state=s%26t", "state=s%26t&prompt=consent"],
    ["prompt=select_account", ""],
    ["state=x", "state=x"],
  ];
  for (const [query, expected] of table) expect(withoutPrompt(query), query).toBe(expected);
});
