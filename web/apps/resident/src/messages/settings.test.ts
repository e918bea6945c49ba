import type { NotificationSettings } from "@dipper/api";
import { describe, expect, it } from "vitest";
import { switchable, times, withQuiet, withSwitch } from "./settings.ts";

const NIGHT = { from: "22:00", to: "08:00" };
const settings: NotificationSettings = {
  channels: [
    { channel: "in_app", needs_address: false, confirmed: true },
    { channel: "email", needs_address: true, confirmed: true, address: "zhao@example.com" },
    { channel: "sms", needs_address: true, confirmed: false, address: "13800000000" },
    { channel: "push", needs_address: false, confirmed: true },
  ],
  groups: [{ id: "reports", title: {}, channels: ["email", "push"] }],
  quiet: NIGHT,
};

describe("how somebody wants to be told", () => {
  it("is switched for channels that reach them, and never for the list", () => {
    expect(switchable(settings)).toEqual(["email", "push"]);
  });

  it("is sent with the one switch that changed", () => {
    const base = { locale: "en", quiet: NIGHT };
    expect(withSwitch(settings, "reports", "email", false, "en")).toEqual({ ...base, groups: { reports: ["push"] } });
    expect(withSwitch(settings, "reports", "email", true, "en")).toEqual({ ...base, groups: { reports: ["push", "email"] } });
  });

  it("has other quiet hours, or none", () => {
    const later = { from: "23:00", to: "07:30" };
    expect(withQuiet(settings, later, "en")).toEqual({ groups: {}, locale: "en", quiet: later });
    expect(withQuiet(settings, undefined, "en")).toEqual({ groups: {}, locale: "en" });
  });

  it("offers every half hour and what is set", () => {
    expect(times("22:00")).toHaveLength(48);
    expect(times("22:10")).toHaveLength(49);
    expect(times("22:10").slice(44, 47)).toEqual(["22:00", "22:10", "22:30"]);
  });
});
