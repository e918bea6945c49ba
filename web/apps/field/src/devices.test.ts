import { expect, test } from "vitest";
import { arrivalOf, deviceOf, directionOf, roughly, type Device } from "./devices.ts";

test("a label, a name and an installer's code name a device, and nothing else does", () => {
  for (const [text, expected] of [
    ["https://city.example/field/devices/cover-17", "cover-17"],
    ["http://127.0.0.1:8080/field/devices/AA%3ABB", "AA:BB"],
    ["https://city.example/field/devices/cover-17?from=label", "cover-17"],
    [" lamp-1\n", "lamp-1"],
    ['{"device":"lamp-1","password":"secret"}', "lamp-1"],
    ["https://city.example/field/cases/1", undefined],
    ["https://evil.example/x", undefined],
    ["https://city.example/field/devices/%E0%A4%A", undefined],
    ["{broken", undefined],
    ['{"device":7}', undefined],
    ["", undefined],
    ["a b", undefined],
    ["-x", undefined],
  ] as const)
    expect(deviceOf(text), text).toBe(expected);
});

test("bearings fall into eight directions", () => {
  expect([0, 22, 23, 45, 180, 337, 338, 359.9, -90].map(directionOf)).toEqual(["n", "n", "ne", "ne", "s", "nw", "n", "n", "w"]);
});

test("distances are said as well as a phone knows them", () => {
  expect([3, 12, 99, 104, 996, 1_000, 1_449].map((one) => roughly(one))).toEqual([
    { km: false, n: 5 },
    { km: false, n: 10 },
    { km: false, n: 100 },
    { km: false, n: 100 },
    { km: false, n: 1_000 },
    { km: true, n: 1 },
    { km: true, n: 1.4 },
  ]);
});

test("a reading settles it, and the newest fault says what is wrong", () => {
  const at = (s: number) => new Date(1_000_000 + s * 1_000).toISOString();
  const since = 1_000_000;
  const device = (more: Partial<Device>) => ({ standing: "silent", ...more }) as Device;
  expect(arrivalOf(device({}), since)).toEqual({ state: "waiting" });
  expect(arrivalOf(device({ heard_at: at(-5) }), since)).toEqual({ state: "waiting" });
  expect(arrivalOf(device({ heard_at: at(5), clock_ahead_seconds: 3 }), since)).toEqual({ state: "heard", clock_off_s: undefined });
  expect(arrivalOf(device({ heard_at: at(5), clock_ahead_seconds: -7_200 }), since)).toEqual({ state: "heard", clock_off_s: -7_200 });
  const fault = { at: at(6), kind: "credentials" as const, message: "m" };
  expect(arrivalOf(device({ heard_at: at(5), fault }), since)).toEqual({ state: "fault", kind: "credentials", message: "m" });
  expect(arrivalOf(device({ heard_at: at(7), fault }), since)).toMatchObject({ state: "heard" });
  expect(arrivalOf(device({ fault: { ...fault, at: at(-1) } }), since)).toEqual({ state: "waiting" });
  expect(arrivalOf(device({ standing: "quarantined", reason: "it floods", fault }), since)).toEqual({ state: "shut_out", reason: "it floods" });
});
