import { Problem, type Draft, type DraftInput, type Field, type PrefillView } from "@dipper/api";
import type { Photo } from "@dipper/ui";
import { beforeEach, describe, expect, it } from "vitest";
import { Filling } from "./filling.ts";
import { pendingIn, type PendingStore } from "./pending.ts";
import type { Port } from "./port.ts";

const base = { title: { "zh-CN": "?" }, required: true };
const FIELDS = [
  { ...base, id: "canteen", type: "choice", options: ["yes", "no"].map((id) => ({ id, title: {} })) },
  { ...base, id: "diners", type: "number", min: 1, max: 99, show_if: { field: "canteen", is: ["yes"] } },
  { ...base, id: "phone", type: "text", max: 20, format: "phone" },
  { ...base, id: "plan", required: false, type: "evidence", min: 0, max: 2 },
] as Field[];
const [CANTEEN, , PHONE] = FIELDS as [Field, Field, Field, Field];
const FILE = "a1".repeat(32);
const OFFLINE = new Problem(0, "offline", "no connection");

/** A server with one draft. Each of `fail` is thrown by one of the next calls: the call itself did not arrive, or only its answer. */
class Server implements Port {
  draft: Draft | undefined;
  saved: DraftInput[] = [];
  applied: { key: string; answers: Record<string, unknown> }[] = [];
  filed: string | undefined;
  fail: { cause: Problem; arrived: boolean }[] = [];

  prefill: PrefillView = { service: "s", level: "L1", connected: false, sources: [], values: {}, provenance: {} };
  findPrefill = async () => structuredClone(this.prefill);
  fetchPrefill = async () => structuredClone(this.prefill);
  findDraft = async () => structuredClone(this.draft);
  saveDraft = async (body: DraftInput) => {
    const fail = this.fail.shift();
    if (fail && !fail.arrived) throw fail.cause;
    if (body.version !== (this.draft?.version ?? 0)) throw new Problem(409, "draft_moved", "moved");
    this.saved.push(structuredClone(body));
    const draft = { service: "s", answers: body.answers, version: body.version + 1, updated_at: "2026-11-26T00:00:00Z", kept_until: "2026-12-26T00:00:00Z" };
    this.draft = { ...draft, ...(body.at ? { at: body.at } : {}) };
    if (fail) throw fail.cause;
    return draft;
  };
  deleteDraft = async () => {
    this.draft = undefined;
  };
  apply = async (key: string, answers: Record<string, unknown>) => {
    const fail = this.fail.shift();
    if (fail && !fail.arrived) throw fail.cause;
    const before = this.applied.find((one) => one.key === key);
    if (before && JSON.stringify(before.answers) !== JSON.stringify(answers)) {
      throw new Problem(400, "bad_parameter", "used", [{ field: "idempotency-key", message: "used" }]);
    }
    if (!before) this.applied.push({ key, answers });
    this.filed = "NO-1";
    this.draft = undefined;
    if (fail) throw fail.cause;
    return this.filed;
  };
  findFiled = async () => this.filed;
  upload = async () => FILE;
  present = async (licence: string, facts: readonly string[]) => `${licence}~${facts.join("~")}`;
}

function memory(): Storage {
  const held = new Map<string, string>();
  return { getItem: (key: string) => held.get(key) ?? null, setItem: (key: string, value: string) => void held.set(key, value), removeItem: (key: string) => void held.delete(key) } as Storage;
}

let server: Server;
let storage: Storage;
let pending: PendingStore;
let filling: Filling;

async function begin(): Promise<Filling> {
  pending = pendingIn(storage, "me", "s");
  const one = new Filling(server, pending);
  await one.open(FIELDS);
  return one;
}

beforeEach(async () => {
  server = new Server();
  storage = memory();
  filling = await begin();
});

describe("a draft", () => {
  it("is not made by looking at the first question", async () => {
    filling.look("canteen");
    await filling.save();
    expect([server.saved.length, filling.state.saving]).toEqual([0, "none"]);
  });

  it("is saved after a question, and goes on on another device where it was left", async () => {
    filling.answer(CANTEEN, "no");
    filling.look("phone");
    await filling.save();
    const other = await begin();
    expect([other.answers, other.state.at, other.state.kept_until]).toEqual([{ canteen: "no" }, "phone", "2026-12-26T00:00:00Z"]);
  });

  it("is not saved twice when nothing has changed, and holds no empty answers", async () => {
    filling.answer(CANTEEN, "no");
    filling.answer(PHONE, "  ");
    await Promise.all([filling.save(), filling.save()]);
    expect(server.saved).toEqual([{ answers: { canteen: "no" }, version: 0 }]);
  });

  it("stays here when it cannot be saved, says so, and is saved by the next try", async () => {
    server.fail = [{ cause: OFFLINE, arrived: false }];
    filling.answer(CANTEEN, "no");
    await filling.save();
    expect([filling.state.saving, filling.isUnsaved, filling.answers]).toEqual(["failed", true, { canteen: "no" }]);
    await filling.save();
    expect([filling.state.saving, filling.isUnsaved, filling.state.problem]).toEqual(["saved", false, undefined]);
  });

  it("is no conflict with itself when only the answer of a save was lost", async () => {
    server.fail = [{ cause: OFFLINE, arrived: true }];
    filling.answer(CANTEEN, "no");
    await filling.save();
    await filling.save();
    expect(filling.state.saving).toBe("saved");
  });

  describe("changed on another device", () => {
    beforeEach(async () => {
      filling.answer(CANTEEN, "no");
      await filling.save();
      const other = await begin();
      other.answer(CANTEEN, "yes");
      other.look("diners");
      await other.save();
      filling.answer(PHONE, "13800000000");
      await filling.save();
    });

    it("is not written over", () => {
      expect([filling.state.saving, filling.state.theirs?.answers, server.draft?.answers]).toEqual(["moved", { canteen: "yes" }, { canteen: "yes" }]);
    });

    it("waits for the person before it is saved again", async () => {
      await filling.save();
      expect(filling.state.saving).toBe("moved");
    });

    it("can be taken", () => {
      filling.takeTheirs();
      expect([filling.answers, filling.state.at, filling.isUnsaved]).toEqual([{ canteen: "yes" }, "diners", false]);
    });

    it("can be replaced by what is here", async () => {
      await filling.keepMine();
      expect([filling.state.saving, server.draft?.answers]).toEqual(["saved", { canteen: "no", phone: "13800000000" }]);
    });
  });

  it("handed in or thrown away elsewhere is not brought back unasked", async () => {
    filling.answer(CANTEEN, "no");
    await filling.save();
    server.draft = undefined;
    filling.answer(CANTEEN, "yes");
    await filling.save();
    expect([filling.state.saving, server.draft]).toEqual(["gone", undefined]);
    await filling.keepMine();
    expect(filling.state.saving).toBe("saved");
  });

  it("is thrown away whole", async () => {
    filling.answer(CANTEEN, "no");
    await filling.save();
    await filling.discard();
    expect([server.draft, filling.isBegun, filling.state.saving]).toEqual([undefined, false, "none"]);
  });

  it("leaves out answers to questions that the form has lost", async () => {
    server.draft = { service: "s", answers: { gone: "x", canteen: "no" }, version: 4, updated_at: "", kept_until: "" };
    const other = await begin();
    other.answer(CANTEEN, "yes");
    await other.save();
    expect(server.draft.answers).toEqual({ canteen: "yes" });
  });
});

describe("photos", () => {
  const photo: Photo = { key: "k", blob: new Blob(["x"]), url: "blob:x" };

  it("are sent when they are chosen, and the draft names them", async () => {
    await filling.upload("plan", photo);
    expect([filling.answers["plan"], filling.uploadsOf("plan"), server.draft?.answers]).toEqual([[FILE], [], { plan: [FILE] }]);
  });

  it("chosen twice are there once", async () => {
    await filling.upload("plan", photo);
    await filling.upload("plan", photo);
    expect(filling.answers["plan"]).toEqual([FILE]);
  });

  it("that did not arrive are kept and sent again", async () => {
    server.upload = async () => {
      throw OFFLINE;
    };
    await filling.upload("plan", photo);
    expect(filling.uploadsOf("plan").map(({ problem }) => problem?.code)).toEqual(["offline"]);
    server.upload = async () => FILE;
    await filling.uploadAgain("plan");
    expect([filling.uploadsOf("plan"), filling.answers["plan"]]).toEqual([[], [FILE]]);
  });
});

describe("handing in", () => {
  beforeEach(async () => {
    filling.answer(CANTEEN, "no");
    filling.answers["diners"] = "12";
    filling.answer(PHONE, " 138 0000 0000 ");
    await filling.save();
  });

  it("sends what is asked, and happens once for two presses", async () => {
    expect(await Promise.all([filling.submit(), filling.submit()])).toEqual(["NO-1", "NO-1"]);
    expect(server.applied.map(({ answers }) => answers)).toEqual([{ canteen: "no", phone: "138 0000 0000" }]);
    expect([pending.find(), filling.isUnsaved]).toEqual([undefined, false]);
  });

  it("happens once when the answer was lost and it is tried again", async () => {
    server.fail = [{ cause: OFFLINE, arrived: true }];
    await expect(filling.submit()).rejects.toBe(OFFLINE);
    expect(await filling.submit()).toBe("NO-1");
    expect(server.applied.length).toBe(1);
  });

  it("finds the first one when the answers were changed after its answer was lost", async () => {
    server.fail = [{ cause: OFFLINE, arrived: true }];
    await expect(filling.submit()).rejects.toBe(OFFLINE);
    filling.answer(PHONE, "13900000000");
    expect([await filling.submit(), filling.state.arrived, server.applied.length]).toEqual(["NO-1", "NO-1", 1]);
  });

  it("finds it when the next answer cannot be saved because the draft is gone", async () => {
    server.fail = [{ cause: OFFLINE, arrived: true }];
    await expect(filling.submit()).rejects.toBe(OFFLINE);
    filling.answer(PHONE, "13900000000");
    await filling.save();
    expect([filling.state.arrived, filling.state.saving]).toEqual(["NO-1", "saved"]);
  });

  it("finds it when the page was loaded anew in between", async () => {
    server.fail = [{ cause: OFFLINE, arrived: true }];
    await expect(filling.submit()).rejects.toBe(OFFLINE);
    const anew = await begin();
    expect([anew.state.arrived, anew.isBegun]).toEqual(["NO-1", false]);
  });

  it("does not take an old try for a new one", async () => {
    server.fail = [{ cause: OFFLINE, arrived: false }];
    await expect(filling.submit()).rejects.toBe(OFFLINE);
    await server.deleteDraft();
    const anew = await begin();
    expect([anew.state.arrived, pending.find()]).toEqual([undefined, undefined]);
  });

  it("shows a licence instead of photos at that moment, with the facts asked for alone", async () => {
    const title = { "zh-CN": "?" };
    const field = { ...base, id: "old", type: "evidence", min: 1, max: 2, licence: { of: "food", title, facts: [{ claim: "phone", title }] } } as Field;
    const one = new Filling(server, pending);
    await one.open([...FIELDS, field]);
    one.answer(CANTEEN, "no");
    one.giveLicence("old", "L-1");
    one.suggest("phone", "13811112222");
    one.suggest("canteen", "yes");
    await one.save();
    expect(server.draft?.answers).toMatchObject({ canteen: "no", phone: "138 0000 0000", old: { licence: "L-1" } });
    await one.submit();
    expect(server.applied[0]?.answers["old"]).toEqual({ presentation: "L-1~phone" });
    one.photograph("old");
    expect([one.answers["old"], one.isPhotographed("old")]).toEqual([[], true]);
  });

  it("is not tried while an answer is wrong", async () => {
    filling.answer(PHONE, "call me");
    await expect(filling.submit()).rejects.toThrow();
    expect(server.applied).toEqual([]);
  });
});
