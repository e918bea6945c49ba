// A storm of reconnections: everybody comes at once, speaks, is thrown out by a restart, and comes back.
// 2,000 devices; `DIPPER_STORM=10000` makes it as many as a city has.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { addUser, folder, until } from "../lib/dipper.mjs";
import { listening, registerAll, stopped } from "../lib/fleet.mjs";
import { Lost, Mqtt, percentile } from "../lib/mqtt.mjs";
import { signInAll } from "../lib/staff.mjs";

const COUNT = Number(process.env["DIPPER_STORM"] ?? 2_000);
/** Sockets beside those of devices: HTTP, files, the database. */
const BESIDE = 500;
/** Devices that come from one address of the loopback: a client has some 28,000 ports an address. */
const FROM_ONE = 5_000;
/** Loose: a machine that does something else must not decide. */
const BACK_WITHIN_MS = 60_000;
const MEMORY_MAX_MIB = 256 + (COUNT * 128) / 1024;

const openFiles = () => execFileSync("sh", ["-c", "ulimit -Hn"]).toString().trim();

/** The most memory that the program had, MiB. */
async function peak_mib(pid) {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(status.match(/^VmHWM:\s+(\d+) kB$/m)[1]) / 1024;
}

/** A device that comes back whenever it is thrown out, and says each round's reading until it is acknowledged. */
class Device {
  acknowledged = 0;

  constructor(id, password, number) {
    Object.assign(this, { id, password, from: `127.0.0.${2 + Math.floor(number / FROM_ONE)}` });
  }

  /** Connects, listens and says its reading; how long the acknowledgement took. */
  async say(port, round, at) {
    for (let pause = 100; ; pause = Math.min(2 * pause, 2_000)) {
      try {
        if (!this.client?.isOpen) {
          this.client = new Mqtt(this.id, this.password);
          assert.equal(await this.client.connect(port, { isClean: false, from: this.from }), 0);
          assert.equal(await this.client.subscribe(`devices/${this.id}/commands`), 1);
        }
        const began = performance.now();
        await this.client.publish(`devices/${this.id}/readings`, JSON.stringify({ power: 100 + round, at }));
        this.acknowledged += 1;
        return performance.now() - began;
      } catch (error) {
        if (!(error instanceof Lost)) throw error;
        // Not all at the same moment again.
        await wait(pause * (0.5 + Math.random()));
      }
    }
  }
}

async function storm(t, devices, port, round) {
  const at = new Date().toISOString();
  const began = performance.now();
  const took = await Promise.all(devices.map((device) => device.say(port, round, at)));
  const all_ms = performance.now() - began;
  const of = (part) => percentile(took, part).toFixed(0);
  t.diagnostic(`round ${round}: ${devices.length} connected and acknowledged in ${(all_ms / 1000).toFixed(1)} s; acknowledgement p50 ${of(0.5)} ms, p99 ${of(0.99)} ms`);
  return all_ms;
}

const enough = openFiles() === "unlimited" || Number(openFiles()) >= COUNT + BESIDE;
const skip = enough ? false : `skipped: ${COUNT} connections need ulimit -n ${COUNT + BESIDE}, the hard limit is ${openFiles()}`;

test(`${COUNT} devices come at once, and come back after a restart`, { timeout: 600_000, skip }, async (t) => {
  const city = { data: path.join(await folder(t), "data") };
  const accounts = { admin: await addUser(city, "admin", ["admin:supervision_centre:yaoguang"]) };
  const raised = ["sh", "-c", `ulimit -n ${COUNT + BESIDE} && exec "$@"`, "sh"];
  let server = await listening(t, city, { wrap: raised });
  let { admin } = await signInAll(server.base, accounts);
  const began = performance.now();
  const names = Array.from({ length: COUNT }, (_, number) => `lamp-${number}`);
  const devices = [...(await registerAll(admin, "street_lamp", names))].map(([id, password], number) => new Device(id, password, number));
  t.after(() => devices.forEach(({ client }) => client?.drop()));
  t.diagnostic(`registered in ${((performance.now() - began) / 1000).toFixed(1)} s`);

  await storm(t, devices, server.mqtt, 1);
  t.diagnostic(`memory at most ${(await peak_mib(server.pid)).toFixed(0)} MiB`);

  const stopping = performance.now();
  await stopped(server);
  const gone = performance.now();
  await until("everybody is thrown out", () => devices.every(({ client }) => !client.isOpen));
  // They try again from now on, while nobody listens yet.
  const back = storm(t, devices, server.mqtt, 2);
  server = await listening(t, city, { wrap: raised, mqtt: server.mqtt });
  const ready = performance.now();
  await back;
  const back_ms = performance.now() - ready;
  const peak = await peak_mib(server.pid);
  t.diagnostic(`stopped in ${((gone - stopping) / 1000).toFixed(1)} s, started in ${((ready - gone) / 1000).toFixed(1)} s; everybody back ${(back_ms / 1000).toFixed(1)} s after it answered; memory at most ${peak.toFixed(0)} MiB`);
  assert.ok(back_ms < BACK_WITHIN_MS, `everybody was back after ${back_ms.toFixed(0)} ms`);
  assert.ok(peak < MEMORY_MAX_MIB, `${peak.toFixed(0)} MiB`);
  assert.match(await (await fetch(`${server.base}/healthz`)).text(), /./);

  // Both readings of everybody, once.
  ({ admin } = await signInAll(server.base, accounts));
  const left = devices[Symbol.iterator]();
  const one = async () => {
    for (const { id, acknowledged } of left) {
      assert.equal(acknowledged, 2);
      const { steps } = await admin.get(`/devices/${id}/series/power`);
      const found = steps.reduce(({ count, sum }, step) => ({ count: count + step.count, sum: sum + step.count * step.mean }), { count: 0, sum: 0 });
      assert.deepEqual([found.count, Math.round(found.sum)], [2, 203], id);
    }
  };
  await Promise.all(Array.from({ length: 16 }, one));
});
