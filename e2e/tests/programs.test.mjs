// Programs that listen: whoever may no more is cut off within the time that is stated, whoever does not read is let go.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { addUser, folder, must, run, until } from "../lib/dipper.mjs";
import { listening, registerAll } from "../lib/fleet.mjs";
import { Mqtt, percentile } from "../lib/mqtt.mjs";
import { signInAll } from "../lib/staff.mjs";

/** Programs are looked up this often (docs/decisions/0048); loose, for a machine that does something else. */
const LOOKED_UP_MS = 5_000;
const LOOSE_MS = 5_000;
/** A client that is sent something has to read some of it within this time (docs/decisions/0034). */
const WRITE_MS = 30_000;
/** Messages that wait for one client. */
const QUEUE = 1_000;
/** Readings of one message: each is told on its own. */
const PORTION = 200;

test("programs that may no more, and programs that do not read", { timeout: 300_000 }, async (t) => {
  const city = { data: path.join(await folder(t), "data") };
  const accounts = { admin: await addUser(city, "admin", ["admin:supervision_centre:yaoguang"]) };
  const server = await listening(t, city);
  const { admin } = await signInAll(server.base, accounts);
  const secrets = await registerAll(admin, "street_lamp", ["lamp-1"]);
  const flags = ["--data", city.data, "--pack", "packs/demo"];
  const { value: streams } = await admin.get("/sta/v1.1/Things('lamp-1')/Datastreams");
  const { "@iot.id": stream } = streams.find(({ properties }) => properties.property === "power");
  const topic = `v1.1/Datastreams(${stream})/Observations`;
  const lamp = new Mqtt("lamp-1", secrets.get("lamp-1"));
  assert.equal(await lamp.connect(server.mqtt), 0);
  let next = Date.now() - 6 * 3_600_000;
  const say = (count = 1) => {
    const readings = Array.from({ length: count }, () => ({ power: 100, at: new Date((next += 10)).toISOString() }));
    return lamp.publish("devices/lamp-1/readings", JSON.stringify(readings));
  };

  const keyOf = async (id, regions = ["yaoguang"]) => (await must(["client", "add", "--id", id, "--title", id, ...regions.flatMap((region) => ["--devices", region]), ...flags])).trim();
  const listen = async (id, key, qos = 1) => {
    const program = new Mqtt(id, key);
    t.after(() => program.drop());
    assert.equal(await program.connect(server.mqtt), 0);
    assert.equal(await program.subscribe(topic, qos), qos);
    return program;
  };
  /** How long until a program is cut off. */
  const cutAfter = async (program) => {
    const began = performance.now();
    await Promise.race([program.closed, wait(LOOKED_UP_MS + LOOSE_MS + 5_000)]);
    const took = performance.now() - began;
    assert.ok(!program.isOpen, "it is cut off");
    assert.ok(took < LOOKED_UP_MS + LOOSE_MS, `${took.toFixed(0)} ms`);
    return took.toFixed(0);
  };
  const asked = (key) => fetch(`${server.base}/sta/v1.1/Datastreams(${stream})`, { headers: { authorization: `Bearer ${key}` } }).then(({ status }) => status);

  const keys = { stays: await keyOf("stays"), ends: await keyOf("ends"), moves: await keyOf("moves", ["yaoguang", "yuheng"]), sleeps: await keyOf("sleeps"), hushes: await keyOf("hushes") };
  const stays = await listen("stays", keys.stays);

  await t.test("a key that is taken back hears no more", async () => {
    const program = await listen("ends", keys.ends);
    await say();
    await until("both heard", () => program.heard.length === 1 && stays.heard.length === 1);
    assert.match(await must(["client", "end", "--id", "ends", ...flags]), /ends: ended 1 keys/);
    assert.equal(await asked(keys.ends), 401, "what is asked is refused at once");
    t.diagnostic(`a key that was taken back: cut off after ${await cutAfter(program)} ms`);
    await say();
    await until("the other still hears", () => stays.heard.length === 2);
    assert.equal(program.heard.length, 1);
    assert.notEqual(await new Mqtt("ends", keys.ends).connect(server.mqtt), 0, "it may not come back");
    const again = await run(["client", "end", "--id", "ends", ...flags]);
    assert.notEqual(again.code, 0);
    assert.match(again.stderr, /nothing of that kind/);
  });

  await t.test("a region that ends is heard of no more", async () => {
    const program = await listen("moves", keys.moves);
    assert.match(await must(["client", "end", "--id", "moves", "--devices", "yaoguang", ...flags]), /ended yaoguang/);
    assert.equal(await asked(keys.moves), 404);
    t.diagnostic(`a region that ended: cut off after ${await cutAfter(program)} ms`);
    const back = new Mqtt("moves", keys.moves);
    assert.equal(await back.connect(server.mqtt), 0, "its key still works");
    assert.equal(await back.subscribe(topic), 128, "for what is left to it");
    await back.drop();
  });

  await t.test("who does not read is let go, and hurts nobody", async () => {
    // One that is sent everything at once, and one that has to acknowledge: the broker sends it 32 and keeps the rest.
    const asleep = await listen("sleeps", keys.sleeps, 0);
    const hushed = await listen("hushes", keys.hushes, 1);
    const port = asleep.port;
    asleep.pause();
    hushed.pause();
    const [before, took] = [stays.heard.length, []];
    const heard = () => stays.heard.length - before;
    let said = 0;
    const began = performance.now();
    while (await isHeld(server.mqtt, port)) {
      assert.ok(performance.now() - began < WRITE_MS + 90_000, `it is still held after ${said} messages`);
      // What is not read fills the buffers of both sockets first; the one who reads must not fall behind a queue's length.
      const from = performance.now();
      await say(PORTION);
      took.push(performance.now() - from);
      said += PORTION;
      await until("the other heard it", () => heard() >= said - PORTION, 20_000);
    }
    const seconds = (performance.now() - began) / 1000;
    await until("the other heard everything", () => heard() >= said);
    t.diagnostic(`let go after ${seconds.toFixed(1)} s and ${said} messages; acknowledgements p50 ${percentile(took, 0.5).toFixed(1)} ms, p99 ${percentile(took, 0.99).toFixed(0)} ms`);
    assert.equal(heard(), said, "each once");
    assert.ok(percentile(took, 0.99) < 2_000);
    asleep.resume();
    await asleep.closed;
    assert.ok(asleep.heard.length < said, "it missed what it did not read");
    hushed.resume();
    await until("the other one hears what waited for it", () => hushed.heard.length >= QUEUE);
    assert.ok(hushed.heard.length < 2 * QUEUE, `it cost no more than a queue: ${hushed.heard.length}`);
  });
});

/** Whether the program holds the connection that came from a port. */
async function isHeld(server, client) {
  const hex = (port) => port.toString(16).toUpperCase().padStart(4, "0");
  const lines = (await readFile("/proc/net/tcp", "utf8")).split("\n").map((line) => line.trim().split(/\s+/));
  return lines.some(([, local, remote, state]) => local?.endsWith(`:${hex(server)}`) && remote.endsWith(`:${hex(client)}`) && state === "01");
}
