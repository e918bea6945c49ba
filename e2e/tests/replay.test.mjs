// Real series of the past are told again: devices register, bring weeks of the past over MQTT, and go on where they ended.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { barriers, launch, overflow, person, shoot } from "../lib/browser.mjs";
import { BIN, ROOT, SHARED, SURROUNDINGS, addUser, folder, until } from "../lib/dipper.mjs";
import { listening, readingsOf, stopped } from "../lib/fleet.mjs";
import { signInAll } from "../lib/staff.mjs";

const REAL = process.env["SERIES"] ?? (SHARED && path.join(SHARED, "data/iot"));
const HOUR = 3_600_000;

/** Starts the demo's process; what it says is in `said`. */
function replay(t, { data, mqtt }, series, weeks) {
  const flags = ["demo", "replay", "--data", data, "--pack", "packs/demo", "--series", series, "--weeks", String(weeks), "--mqtt", `127.0.0.1:${mqtt}`];
  const child = spawn(BIN, flags, { cwd: ROOT, env: SURROUNDINGS, stdio: ["ignore", "ignore", "pipe"] });
  const one = { said: "", ended: new Promise((resolve) => child.on("exit", resolve)) };
  child.stderr.on("data", (chunk) => (one.said += chunk));
  one.stop = () => (child.kill("SIGTERM"), one.ended);
  t.after(one.stop);
  return one;
}

/** What is kept of a property; nothing of a device that the city has not taken in yet. */
const kept = (reader, device, property) => readingsOf(reader, device, property).catch(() => []);

/** Two weeks of a car park, every half hour of the day: Mondays it holds 100 more than on other days. */
function carPark() {
  const rows = ["SystemCodeNumber,Capacity,Occupancy,LastUpdated", "Old Mill,400,-5,2016-10-03 00:10:00"];
  for (let day = 0; day < 14; day++) {
    for (let half = 0; half < 48; half++) {
      const at = new Date(Date.UTC(2016, 9, 3 + day, 0, 30 * half)).toISOString().slice(0, 19).replace("T", " ");
      rows.push(`Old Mill,400,${half + (day % 7 === 0 ? 100 : 0)},${at}`);
    }
  }
  return `${rows.join("\n")}\n`;
}

test("real series are replayed", { timeout: 300_000 }, async (t) => {
  const home = await folder(t);
  const data = path.join(home, "data");
  const accounts = { admin: await addUser({ data }, "admin", ["admin:supervision_centre:yaoguang"]) };
  const server = await listening(t, { data });
  const { admin } = await signInAll(server.base, accounts);
  const city = { data, mqtt: server.mqtt };

  await t.test("without the folder it says so in one line, and that is all", async () => {
    const one = replay(t, city, path.join(home, "nowhere"), 1);
    assert.equal(await one.ended, 0);
    assert.match(one.said, /^no real series are replayed: .*nowhere is not there\n$/);
  });

  const made = path.join(home, "made");
  await mkdir(made);
  await writeFile(path.join(made, "parking_birmingham_2016.csv"), carPark());
  const id = "replay-car-park-feed-old-mill";
  let before;
  await t.test("a device brings the past, at the hour and the weekday of the wall clock", async () => {
    const one = replay(t, city, made, 1);
    await until("it speaks", () => /1 devices replay/.test(one.said));
    assert.match(one.said, /1 places, 672 rows; 1 beyond what the sensor can give \(parking_birmingham_2016.csv line 2: occupied -5/);
    before = await until("the past is there", async () => {
      const found = await kept(admin, id, "occupied");
      return 336 <= found.length && found;
    });
    for (const [at, value] of before) {
      const local = new Date(at + 8 * HOUR);
      const half = local.getUTCHours() * 2 + local.getUTCMinutes() / 30;
      assert.equal(value, half + (local.getUTCDay() === 1 ? 100 : 0), local.toISOString());
    }
    const newest = before.at(-1)[0];
    assert.ok(newest <= Date.now() && Date.now() - newest <= HOUR / 2 + 60_000, `the newest is of ${new Date(newest).toISOString()}`);
    assert.equal(await one.stop(), 0);
  });

  await t.test("it goes on where it ended, and tells nothing twice", async () => {
    const one = replay(t, city, made, 1);
    await until("it speaks", () => /1 devices replay/.test(one.said));
    // A reading of the half hour that may have begun meanwhile, and no other.
    const after = await readingsOf(admin, id, "occupied");
    assert.ok(after.length - before.length <= 1, `${before.length}, then ${after.length}`);
    const { health } = await admin.get(`/devices/${id}`).then((device) => ({ health: device.fault }));
    assert.equal(health ?? null, null, "nothing it sent was refused");
    assert.equal(await one.stop(), 0);
  });

  await t.test("the real series", { skip: !(REAL && existsSync(REAL)) && "skipped: no shared data" }, async () => {
    const one = replay(t, city, REAL, 2);
    await until("they speak", () => /56 devices replay/.test(one.said), 60_000);
    const parking = "replay-car-park-feed-bhmbccmkt01";
    await until("a car park is there", async () => 100 < (await kept(admin, parking, "occupied")).length, 60_000);
    await until("air is there", async () => 200 < (await kept(admin, "replay-air-monitor-aotizhongxin", "pm2_5")).length, 60_000);
    await until("passers-by are there", async () => 200 < (await kept(admin, "replay-pedestrian-counter-birrarung-marr", "passers")).length, 60_000);
    const browser = await launch(t);
    const { page, faults } = await person(browser, server.base, "desk");
    await page.goto(`/centre/sign-in?then=${encodeURIComponent("/devices")}`);
    await page.locator("input[autocomplete=username]").fill(accounts.admin.login);
    await page.locator("input[type=password]").fill(accounts.admin.password);
    await page.getByRole("button", { name: /^(登录|Sign in)$/ }).click();
    await page.waitForURL("**/centre/devices");
    for (const [device, shot] of [[parking, "replay-parking"], ["replay-air-monitor-aotizhongxin", "replay-air"], ["replay-pedestrian-counter-birrarung-marr", "replay-pedestrian"], ["replay-electricity-meter-10006414", "replay-meter"]]) {
      await page.goto(`/centre/devices/${device}`);
      await page.getByRole("button", { name: "7 天", exact: true }).first().click({ timeout: 5_000 });
      await page.waitForTimeout(1_500);
      await shoot(page, shot);
      assert.deepEqual([...(await barriers(page)), ...faults, await overflow(page)], [0], device);
    }
    assert.equal(await one.stop(), 0);
  });
  await stopped(server);
});
