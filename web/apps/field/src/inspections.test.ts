import type { OutItem } from "@dipper/api";
import { describe, expect, it } from "vitest";
import { BEGIN, END, endOf, reopened, type Run } from "./inspections.ts";

const run: Run = {
  id: "01",
  inspection: "rooms",
  started_at: "2026-11-28T08:00:00Z",
  said: { door: { at: "2026-11-28T08:01:00Z", value: true, note: "" }, oil: { at: "2026-11-28T08:02:00Z", value: 61, note: "" } },
  ending: true,
};

describe("an inspection whose end waits", () => {
  const item = (kind: string, of: string, state: OutItem["state"]) => ({ id: `${kind}${of}`, kind, body: { run: of, inspection: "rooms" }, state }) as OutItem;

  it("finds its own end among what waits", () => {
    const items = [item(BEGIN, "01", "waiting"), item(END, "02", "waiting"), item(END, "01", "conflict")];
    expect(endOf("01", items)?.state).toBe("conflict");
    expect(endOf("03", items)).toBeUndefined();
  });

  it("is open again when it was refused, without what the server lacks", () => {
    const open = reopened(run, ["oil", "never-heard-of"]);
    expect(open.ending).toBeUndefined();
    expect(Object.keys(open.said)).toEqual(["door"]);
    expect(run.said["oil"], "nothing is changed in place").toBeDefined();
  });
});
