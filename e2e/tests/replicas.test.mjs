// Several processes of one city take what devices say, one of them judges it; each is killed, and NATS as well.
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { addUser, folder, must, run, until } from "../lib/dipper.mjs";
import { checkKept, Lamp, listening, registerAll, stopped } from "../lib/fleet.mjs";
import { Mqtt } from "../lib/mqtt.mjs";
import { nats } from "../lib/nats.mjs";
import { postgres, withTools } from "../lib/postgres.mjs";
import { signInAll } from "../lib/staff.mjs";

const LAMPS = 24;
const JUDGES = /this process judges what devices say/;

test("two processes take readings by NATS, one judges, and each may be killed", { timeout: 400_000 }, async (t) => {
  const [root, databases] = [await folder(t), await postgres(t)];
  const stream = await nats(t, root);
  if (!stream || !databases) return t.skip("no nats-server or no postgresql");
  const city = { data: path.join(root, "data"), database: await databases.database() };
  const accounts = {
    admin: await addUser(city, "admin", ["admin:supervision_centre:yaoguang"]),
    chief: await addUser(city, "chief", ["duty_chief:supervision_centre:yaoguang"]),
  };
  const args = ["--nats", stream.url, "--lake-store", `file://${path.join(root, "store")}`];
  const start = async (seal, more = {}) => {
    const server = await listening(t, city, { args, env: { DIPPER_SEAL: String(seal), DIPPER_LAKE_ROLL_MINUTES: "1" }, ...more });
    return Object.assign(server, { people: await signInAll(server.base, accounts) });
  };
  let a = await start(true);
  await until("the first one judges", () => JUDGES.test(a.log()));
  let b = await start(false);
  const names = Array.from({ length: LAMPS }, (_, number) => `lamp-${number}`);
  const lamps = [...(await registerAll(a.people.admin, "street_lamp", names))].map(([id, password]) => new Lamp(id, password));
  const coverNames = ["near", "far", "later", "last"].map((name) => `cover-${name}`);
  const covers = await registerAll(a.people.admin, "manhole_cover", coverNames);
  const open = async (id, { mqtt }) => {
    const cover = new Mqtt(id, covers.get(id));
    // What one process registered another one knows within a second.
    await until(`${id} is let in`, async () => (await cover.connect(mqtt)) === 0);
    await cover.publish(`devices/${id}/readings`, '{"tilt": 47}');
    await cover.drop();
  };
  const alarmOf = (id, { people: { chief } }, within_ms) =>
    until(`the alarm of ${id}`, async () => (await chief.get(`/alarms?device=${id}`)).items[0], within_ms);
  let [going, count] = [true, 0];
  t.after(() => (going = false));
  const load = (some, port) => Promise.all(some.map((lamp) => lamp.speak(port, () => going, () => count++)));

  await t.test("what either takes both have, and one alarm is raised of it", async () => {
    await open("cover-near", a);
    await open("cover-far", b);
    for (const id of ["cover-near", "cover-far"]) {
      const [here, there] = [await alarmOf(id, a), await alarmOf(id, b)];
      assert.equal(here.id, there.id);
      for (const { people } of [a, b]) {
        const tilt = await until(`the reading of ${id}`, async () => (await people.chief.get(`/devices/${id}`)).values.find((one) => one.property === "tilt"));
        assert.equal(tilt.value, 47);
      }
    }
    assert.ok(!JUDGES.test(b.log()), "the second one does not judge");
  });

  await t.test("the one that does not judge is asked all the same", async () => {
    const { id } = await alarmOf("cover-far", b);
    await b.people.chief.post(`/alarms/${id}/deeds`, { deed: "acknowledge" });
    const noted = async () => (await a.people.chief.get("/alarms?device=cover-far")).items[0].acknowledged_at;
    await until("it is noted everywhere", noted);
    const silence = { devices: ["lamp-0"], until: new Date(Date.now() + 3_600_000).toISOString(), reason: "replaced today" };
    const { id: begun } = await b.people.chief.post("/alarm-silences", silence);
    assert.deepEqual((await a.people.chief.get("/alarm-silences")).map((one) => one.id), [begun]);
  });

  await t.test("the one that judges is killed under load: the other goes on", async (t) => {
    const [half, rest] = [lamps.slice(0, LAMPS / 2), lamps.slice(LAMPS / 2)];
    const loading = [load(half, a.mqtt), load(rest, b.mqtt)];
    await until("some readings", () => count >= 1_000, 60_000);
    const began = performance.now();
    await a.kill();
    await open("cover-later", b);
    await alarmOf("cover-later", b, 40_000);
    t.diagnostic(`an alarm ${Math.round(performance.now() - began)} ms after whoever judges was killed`);
    assert.match(b.log(), JUDGES);
    a = await start(true, { mqtt: a.mqtt });
    const sofar = count;
    await until("both take readings again", () => count >= sofar + 1_000, 60_000);
    going = false;
    await Promise.all(loading);
    assert.equal((await a.people.chief.get("/alarms?device=cover-later")).items.length, 1);
    assert.ok(!JUDGES.test(a.log()), "one judges at a time");
  });

  await t.test("NATS is killed under load: devices wait, and go on", async () => {
    going = true;
    const loading = [load(lamps.slice(0, LAMPS / 2), a.mqtt), load(lamps.slice(LAMPS / 2), b.mqtt)];
    let sofar = count;
    await until("some readings", () => count >= sofar + 500, 60_000);
    await stream.kill();
    await wait(1_000);
    sofar = count;
    await wait(1_000);
    assert.equal(count, sofar, "nothing is acknowledged that is not kept");
    assert.ok(await stream.start());
    await until("readings are taken again", () => count >= sofar + 500, 60_000);
    await open("cover-last", a);
    await alarmOf("cover-last", a, 30_000);
    going = false;
    await Promise.all(loading);
  });

  await t.test("every reading that was acknowledged is there, once, at both, also after a restart of both", async (t) => {
    // What was under way comes again, once more.
    await Promise.all(lamps.map(async (lamp) => {
      let isFirst = true;
      await lamp.speak(b.mqtt, () => isFirst, () => (isFirst = false));
    }));
    let kept = 0;
    for (const { people } of [a, b]) for (const lamp of lamps) kept += await checkKept(people.admin, lamp);
    await stopped(b);
    await stopped(a);
    b = await start(true);
    for (const lamp of lamps) kept -= 2 * (await checkKept(b.people.admin, lamp));
    assert.equal(kept, 0, "both had the same");
    t.diagnostic(`${count} acknowledged`);
  });

  await t.test("a backup of what they share is a city of one process, which can be shared again", async (t) => {
    const copy = path.join(root, "copy");
    const tools = { env: { PATH: withTools() } };
    const flags = ["--data", city.data, "--database-url", city.database, ...args];
    assert.match(await must(["lake", "verify", ...flags]), / 0 are not right/);
    await must(["backup", "--to", copy, ...flags], tools);
    await stopped(b);
    const restored = { data: path.join(root, "restored"), database: await databases.database() };
    const alone = ["--data", restored.data, "--database-url", restored.database];
    await must(["restore", "--from", copy, ...alone], tools);
    let server = await listening(t, restored);
    let { admin } = await signInAll(server.base, accounts);
    let kept = 0;
    for (const lamp of lamps) kept += await checkKept(admin, lamp);
    await stopped(server);
    const shared = ["--nats", stream.url, "--lake-store", `file://${path.join(root, "store-2")}`];
    const named = { env: { DIPPER_NATS_STREAM: "second" } };
    const refused = await run(["serve", ...alone, "--pack", "packs/demo", "--listen", "127.0.0.1:0", ...shared], named);
    assert.match(refused.stderr, /dipper lake share/);
    assert.match(await must(["lake", "share", ...alone, ...shared], named), /files of readings are shared/);
    server = await listening(t, restored, { args: shared, ...named });
    ({ admin } = await signInAll(server.base, accounts));
    for (const lamp of lamps) kept -= await checkKept(admin, lamp);
    assert.equal(kept, 0, "the same after they were shared");
    assert.match(await must(["lake", "verify", ...alone, ...shared], named), / 0 are not right/);
    await stopped(server);
  });
});

test("what NATS needs is said where it is absent", { timeout: 60_000 }, async (t) => {
  const data = path.join(await folder(t), "data");
  const refused = async (...args) => (await run(["serve", "--data", data, "--pack", "packs/demo", "--listen", "127.0.0.1:0", ...args])).stderr;
  assert.match(await refused("--nats", "nats://127.0.0.1:9"), /has to be PostgreSQL/);
});
