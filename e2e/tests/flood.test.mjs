// A device that floods, lies or babbles is dealt with alone: it is named, and the others notice nothing.
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { addUser, folder, until } from "../lib/dipper.mjs";
import { listening, readingsOf, registerAll } from "../lib/fleet.mjs";
import { Lost, Mqtt, packet, percentile, word } from "../lib/mqtt.mjs";
import { signInAll } from "../lib/staff.mjs";

const OTHERS = 50;
const EVERY_MS = 200;
const FLOOD_MS = 10_000;
/** Packets a second that the broker reads of a device, and what a second may bring at once (docs/decisions/0034). */
const RATE = 2_000;
/** Loose: a machine that does something else must not decide. */
const PROMPT_MS = 2_000;

/** A device that says something now and then; what it waited, and what it said. */
class Ordinary {
  said = new Map();
  took = [];

  constructor(id, password) {
    Object.assign(this, { id, password, client: new Mqtt(id, password) });
  }

  async speak(port, going) {
    assert.equal(await this.client.connect(port), 0);
    await wait(Math.random() * EVERY_MS);
    while (going()) {
      const at = Date.now();
      const value = 100 + (this.said.size % 400);
      const began = performance.now();
      await this.client.publish(`devices/${this.id}/readings`, JSON.stringify({ power: value, at: new Date(at).toISOString() }));
      this.took.push(performance.now() - began);
      this.said.set(at, value);
      await wait(EVERY_MS);
    }
  }
}

/** Publishes as fast as the socket takes it for a while; how many were acknowledged. */
async function flood(device, password, port, going) {
  const client = new Mqtt(device, password);
  assert.equal(await client.connect(port), 0);
  let [count, at] = [0, Date.now() - 6 * 3_600_000];
  const one = async () => {
    while (going()) {
      await client.publish(`devices/${device}/readings`, JSON.stringify({ mean_temperature: 30, at: new Date((at += 5)).toISOString() }));
      count += 1;
    }
  };
  // Far more under way than the broker's window of 64: they pile up in the sockets.
  await Promise.all(Array.from({ length: 2_000 }, one));
  await client.drop();
  return count;
}

test("one device that floods, lies or babbles is dealt with alone", { timeout: 300_000 }, async (t) => {
  const city = { data: path.join(await folder(t), "data") };
  const accounts = { admin: await addUser(city, "admin", ["admin:supervision_centre:yaoguang"]) };
  const server = await listening(t, city);
  const { admin } = await signInAll(server.base, accounts);
  const names = Array.from({ length: OTHERS }, (_, number) => `lamp-${number}`);
  const others = [...(await registerAll(admin, "street_lamp", names))].map(([id, password]) => new Ordinary(id, password));
  const rogues = await registerAll(admin, "street_lamp", ["babble", "unit", "clock", "frame"]);
  for (const [id, password] of await registerAll(admin, "thermal_camera", ["flood"])) rogues.set(id, password);
  let going = true;
  t.after(() => (going = false));
  const speaking = Promise.all(others.map((one) => one.speak(server.mqtt, () => going)));
  speaking.catch(() => {});

  /** How the others fared since last time. */
  const fared = (what) => {
    const took = others.flatMap((one) => one.took.splice(0));
    const p99 = percentile(took, 0.99);
    t.diagnostic(`${what}: the others' ${took.length} acknowledgements p50 ${percentile(took, 0.5).toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, at most ${Math.max(...took).toFixed(0)} ms`);
    assert.ok(took.length > OTHERS, "the others spoke");
    assert.ok(p99 < PROMPT_MS, `${what}: p99 ${p99.toFixed(0)} ms`);
  };
  /** A rogue that says one thing again and again, until it is shut out. */
  const shutOut = async (id, kind, words, topic, message) => {
    const client = new Mqtt(id, rogues.get(id));
    assert.equal(await client.connect(server.mqtt), 0);
    await client.publish(`devices/${id}/${topic}`, message());
    const named = await admin.get(`/devices/${id}`);
    assert.equal(named.fault.kind, kind, id);
    assert.match(named.fault.message, words);
    assert.notEqual(named.standing, "quarantined", "once is no reason");
    for (let turn = 0; turn < 30 && client.isOpen; turn++) {
      await client.publish(`devices/${id}/${topic}`, message()).catch((error) => assert.ok(error instanceof Lost, error));
    }
    await client.closed;
    const found = await admin.get(`/devices/${id}`);
    assert.equal(found.standing, "quarantined", id);
    assert.match(found.reason, words);
    assert.notEqual(await new Mqtt(id, rogues.get(id)).connect(server.mqtt).catch(() => -1), 0, "it may not come back");
  };

  await wait(2_000);
  fared("before");

  await t.test("a flood is read no faster than its limit", async () => {
    let isFlooding = true;
    const began = performance.now();
    const flooding = flood("flood", rogues.get("flood"), server.mqtt, () => isFlooding);
    await wait(FLOOD_MS);
    isFlooding = false;
    const count = await flooding;
    const seconds = (performance.now() - began) / 1000;
    t.diagnostic(`${count} readings of the flood in ${seconds.toFixed(1)} s: ${(count / seconds).toFixed(0)}/s`);
    assert.ok(count <= RATE * (seconds + 1), `${count} in ${seconds.toFixed(1)} s`);
    fared("flood");
    const found = await readingsOf(admin, "flood", "mean_temperature");
    assert.ok(found.length >= count, "what was acknowledged of it is kept as well");
    assert.equal(new Set(found.map(([at]) => at)).size, found.length);
    const named = await admin.get("/devices/flood");
    assert.deepEqual([named.fault.kind, named.standing], ["flood", "active"], "it is named; three such minutes running, and it is shut out");
    assert.match(named.fault.message, /more than the 600 messages a minute of its class/);
  });

  await t.test("what cannot be read is named, and then shut out", async () => {
    await shutOut("babble", "form", /JSON|object|expected/i, "readings", () => "{\"power\": 61.5");
    await shutOut("unit", "unit", /unit|cm|W\b/i, "senml", () => JSON.stringify([{ n: "power", u: "cm", v: 40 }]));
    const years = () => JSON.stringify({ power: 200, at: "2019-01-01T00:00:00Z" });
    await shutOut("clock", "clock", /2019/, "readings", years);
    fared("unreadable");
  });

  await t.test("broken frames end their connection alone", async () => {
    for (let turn = 0; turn < 200; turn++) {
      const client = new Mqtt("frame", rogues.get("frame"));
      assert.equal(await client.connect(server.mqtt), 0);
      const broken = [
        Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 0x01]),
        packet(0x32, [word("devices/frame/readings")]),
        packet(0x36, [word("devices/frame/readings"), Buffer.from([0, 1])]),
        Buffer.alloc(2_000, turn),
        packet(0x32, [Buffer.from([0xff, 0xff]), word("x")]),
      ];
      client.write(broken[turn % broken.length]);
      await client.closed;
    }
    assert.equal(await new Mqtt("frame", rogues.get("frame")).connect(server.mqtt), 0, "it may come back");
    // On a quick machine the frames are through before everybody has spoken again.
    await wait(1_500);
    fared("broken frames");
  });

  going = false;
  await speaking;
  for (const one of others) {
    const kept = new Map(await readingsOf(admin, one.id, "power"));
    for (const [at, value] of one.said) assert.equal(kept.get(at), value, `${one.id} lost a reading`);
    assert.equal((await admin.get(`/devices/${one.id}`)).fault, undefined, one.id);
  }
});
