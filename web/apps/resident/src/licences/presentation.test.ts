import golden from "@dipper/ledger/licence/vectors.json" with { type: "json" };
import { parseSdJwt } from "@dipper/ledger/licence";
import { describe, expect, it } from "vitest";
import { correctionFor, factsOf, namedFacts, presentationOf } from "./presentation.ts";

const vector = (name: string) => golden.vectors.find((one) => one.name === name)?.text ?? "";
const sd_jwt = vector("whole, in force");
const facts = ["activities", "shop_name", "manager_name"].map((claim) => ({ claim, title: { en: claim }, value: claim }));

describe("what a holder shows", () => {
  it("is what was ticked and nothing else", () => {
    expect(presentationOf(sd_jwt, ["shop_name"]).text).toBe(vector("one fact, in force"));
    expect(Object.keys(parseSdJwt(presentationOf(sd_jwt, []).text).claims)).not.toContain("shop_name");
  });

  it("fits one code, or says that it does not", () => {
    expect([2_331, 2_332, 2_953, 2_954].map(correctionFor)).toEqual(["M", "L", "L", undefined]);
    expect(presentationOf(sd_jwt, ["shop_name"])).toMatchObject({ ecc: "M", fits: true });
  });

  it("is taken from an address only where the licence has it", () => {
    const known = factsOf({ facts });
    expect(namedFacts("shop_name,iss,activities", known)).toEqual(["activities", "shop_name"]);
    for (const query of [undefined, "", null, ["shop_name"]]) expect(namedFacts(query, known)).toEqual([]);
  });
});
