import type { FeeView } from "@dipper/api";
import { describe, expect, it } from "vitest";
import en from "../locales/en.ts";
import zhCN from "../locales/zh-CN.ts";
import { isTold, isWaiting, stateWord, toneOf, yuan } from "./standing.ts";

const fee = (state?: FeeView["state"], payable = false): FeeView => ({ amount: 1_000, currency: "CNY", payable, fees: [], refunds: [], refunded: 0, ...(state ? { state } : {}) });
const STATES = ["created", "authorised", "capture_retry", "captured", "failed", "expired", "refunding", "refunded"] as const;

describe("a fee", () => {
  it("has words in both languages for every state, and before the first payment", () => {
    for (const state of [undefined, ...STATES]) {
      for (const words of [zhCN.fee, en.fee] as Record<string, string>[]) {
        expect(words[`state_${stateWord(fee(state))}`], state).toBeTruthy();
        expect(words[`help_${stateWord(fee(state))}`], state).toBeTruthy();
      }
    }
  });

  it("is looked at again only while the gateway has not settled it", () => {
    expect(STATES.filter((state) => isWaiting(fee(state)))).toEqual(["created", "authorised", "capture_retry"]);
    expect([isWaiting(fee()), isWaiting(undefined)]).toEqual([false, false]);
  });

  it("is told good only when the money is here or back", () => {
    expect(STATES.filter((state) => toneOf(fee(state)) === "good")).toEqual(["captured", "refunded"]);
    expect(toneOf(fee())).toBe("calm");
  });

  it("is not told when a case ended without anything paid", () => {
    expect(isTold(fee(), false)).toBe(false);
    expect([isTold(fee(), true), isTold(fee("refunded"), false), isTold(fee(undefined, true), false)]).toEqual([true, true, true]);
  });

  it.each([[1_000, "10.00"], [5, "0.05"], [123_456_789, "1,234,567.89"]])("of %d fen is %s yuan", (fen, expected) => {
    expect([yuan(fen, "zh-CN"), yuan(fen, "en")]).toEqual([expected, expected]);
  });
});
