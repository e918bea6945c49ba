// Many devices of the fictional city at once: registered through the API, and asked for what was kept of them.
import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import { freePort, serve } from "./dipper.mjs";
import { Lost, Mqtt } from "./mqtt.mjs";

/** Where devices stand. */
export const HERE = { lon: 112.8961, lat: 32.5087 };

/** A city that listens to devices; `mqtt` is the port. */
export async function listening(t, city, { mqtt, args = [], ...more } = {}) {
  const port = mqtt ?? (await freePort());
  const server = await serve(t, { ...city, args: ["--mqtt", `127.0.0.1:${port}`, ...args], ...more });
  return Object.assign(server, { mqtt: port });
}

/** Asks a city to stop; it has to be gone in time, whatever is connected. */
export async function stopped(server, within_ms = 20_000) {
  const ended = await Promise.race([server.stop(), wait(within_ms, undefined, { ref: false })]);
  if (ended?.code !== 0) throw new Error(`SIGTERM: ${ended ? `ended with ${ended.code}` : `still there after ${within_ms} ms`}\n${server.log()}`);
}

/** Registers devices of a class, some at a time; their passwords by name. */
export async function registerAll(admin, ofClass, names, atATime = 32) {
  const passwords = new Map();
  const left = names[Symbol.iterator]();
  const one = async () => {
    for (const id of left) {
      const { password } = await admin.post("/devices", { id, class: ofClass, ...HERE });
      passwords.set(id, password);
    }
  };
  await Promise.all(Array.from({ length: atATime }, one));
  return passwords;
}

/** Every reading that is kept of a property, `[milliseconds, value]`, as SensorThings lists them page by page. */
export async function readingsOf(reader, device, property) {
  const { value: streams } = await reader.get(`/sta/v1.1/Things('${device}')/Datastreams`);
  const stream = streams.find((one) => one.properties.property === property);
  if (!stream) throw new Error(`${device} measures no ${property}`);
  const found = [];
  let next = `/sta/v1.1/Datastreams(${stream["@iot.id"]})/Observations?$select=phenomenonTime,result&$orderby=phenomenonTime&$top=1000`;
  while (next) {
    const page = await reader.get(next);
    found.push(...page.value.map(({ phenomenonTime, result }) => [Date.parse(phenomenonTime), result]));
    next = page["@iot.nextLink"]?.replace(/^https?:\/\/[^/]+/, "");
  }
  return found;
}

/** Messages of one lamp under way at a time. */
const WINDOW = 16;

/** A lamp that publishes as fast as it is acknowledged, and sends again what was not. */
export class Lamp {
  /** When each reading was measured, by its sequence: a time is never given twice. */
  #began = Date.now() - 12 * 3_600_000;
  sent = 0;
  acknowledged = new Set();

  constructor(id, password) {
    Object.assign(this, { id, password });
  }

  at(sequence) {
    return this.#began + sequence * 10;
  }

  async speak(port, going, told) {
    while (going()) {
      const client = new Mqtt(this.id, this.password);
      try {
        assert.equal(await client.connect(port), 0);
        // What was sent and not acknowledged is sent again first, marked as such.
        const again = Array.from({ length: this.sent }, (_, sequence) => sequence).filter((sequence) => !this.acknowledged.has(sequence));
        await Promise.all(again.map((sequence) => this.#say(client, sequence, true, told)));
        await Promise.all(Array.from({ length: WINDOW }, () => this.#go(client, going, told)));
      } catch (error) {
        if (!(error instanceof Lost)) throw error;
        await wait(20);
      } finally {
        await client.drop();
      }
    }
  }

  async #go(client, going, told) {
    while (going()) await this.#say(client, this.sent++, false, told);
  }

  async #say(client, sequence, isAgain, told) {
    const reading = { power: 100 + (sequence % 400), at: new Date(this.at(sequence)).toISOString() };
    await client.publish(`devices/${this.id}/readings`, JSON.stringify(reading), { isAgain });
    this.acknowledged.add(sequence);
    told();
  }
}

/** Everything acknowledged is there, and nothing is there twice. */
export async function checkKept(reader, lamp) {
  const found = await readingsOf(reader, lamp.id, "power");
  const kept = new Map(found);
  assert.equal(kept.size, found.length, `${lamp.id}: a reading is there twice`);
  for (const sequence of lamp.acknowledged) {
    assert.equal(kept.get(lamp.at(sequence)), 100 + (sequence % 400), `${lamp.id}: reading ${sequence} was acknowledged and is lost`);
  }
  assert.ok(kept.size <= lamp.sent, `${lamp.id}: ${kept.size} kept of ${lamp.sent} sent`);
  return kept.size;
}
