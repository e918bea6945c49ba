// SensorThings with somebody else's clients: Tasks by frost_sta_client, topics by Mosquitto's.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { promisify } from "node:util";
import { addUser, folder, freePort, must, ROOT, serve, until } from "../lib/dipper.mjs";
import { databases } from "../lib/postgres.mjs";
import { signInAll } from "../lib/staff.mjs";

const execute = promisify(execFile);
const hasMosquitto = await execute("mosquitto_sub", ["--help"]).then(() => true, (error) => error.code !== "ENOENT");
const LAMP = "lamp-1";

/** Fraunhofer's client, as a program. */
async function tell(...args) {
  const python = path.join(ROOT, "e2e/.venv/bin/python");
  const { stdout } = await execute(python, [path.join(ROOT, "e2e/clients/task_sensorthings.py"), ...args], { timeout: 120_000 });
  return JSON.parse(stdout.trim().split("\n").at(-1));
}

/** Mosquitto's clients, under a name. */
class Client {
  constructor(t, port, name, password) {
    Object.assign(this, { t, port, name, password });
  }

  args(version = "mqttv311") {
    return ["-h", "127.0.0.1", "-p", String(this.port), "-u", this.name, "-P", this.password, "-q", "1", "-V", version];
  }

  /** What comes at a topic, from when the subscription is there. */
  async hear(topic) {
    const heard = [];
    const child = spawn("stdbuf", ["-oL", "mosquitto_sub", ...this.args(), "-d", "-t", topic], { stdio: ["ignore", "pipe", "pipe"] });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    const stop = async () => {
      child.kill();
      await ended;
    };
    this.t.after(stop);
    let isThere = false;
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line.startsWith("Subscribed (")) isThere = true;
      if (line.startsWith("{")) heard.push(JSON.parse(line));
    });
    await until(`subscribed to ${topic}`, () => isThere);
    return { heard, stop };
  }

  /** Whether a subscription is refused. */
  async isRefused(topic) {
    const run = execute("mosquitto_sub", [...this.args("mqttv5"), "-W", "2", "-t", topic], { timeout: 20_000 });
    const { stderr } = await run.catch((error) => error);
    return /denied|not authori[sz]ed/i.test(stderr);
  }

  /** How publishing ended: 0 when the broker has it. */
  say(topic, json, version = "mqttv5") {
    const args = [...this.args(version), "-t", topic, "-m", typeof json === "string" ? json : JSON.stringify(json)];
    return execute("mosquitto_pub", args, { timeout: 20_000 }).then(({ stderr }) => (stderr ? stderr.trim() : 0), (error) => error.stderr?.trim() || error.code);
  }
}

test("SensorThings over MQTT, and tasking", { timeout: 400_000, skip: hasMosquitto ? false : "skipped: apt install mosquitto-clients" }, async (t) => {
  for (const [kind, make] of await databases(t)) {
    await t.test(kind, async (t) => {
      const city = { data: path.join(await folder(t), "data"), database: await make(), pack: "packs/demo" };
      const chief = await addUser(city, "chief", ["duty_chief:supervision_centre:yaoguang"]);
      const flags = ["--data", city.data, "--pack", city.pack, ...(city.database ? ["--database-url", city.database] : [])];
      const add = async (id, of, at) => (await must(["device", "add", id, "--class", of, "--at", at, ...flags])).match(/shown once: (\S+)/)[1];
      const lampSecret = await add(LAMP, "street_lamp", "112.8969,32.5081");
      const gasSecret = await add("gas-1", "gas_detector", "112.8959,32.5085");
      const key = async (id, region) => (await must(["client", "add", "--id", id, "--title", id, "--devices", region, ...flags])).trim();
      const [lights, reader, away] = [await key("lights", "yaoguang"), await key("reader", "yaoguang"), await key(LAMP, "yaoguang")];
      const port = await freePort();
      const server = await serve(t, { ...city, args: ["--mqtt", `127.0.0.1:${port}`, "--control-client", "lights"] });
      const address = `${server.base}/sta/v1.1`;
      const ask = async (at) => (await fetch(`${address}${at}`, { headers: { authorization: `Bearer ${reader}` } })).json();
      const lamp = new Client(t, port, LAMP, lampSecret);
      const watcher = new Client(t, port, "reader", reader);
      const [stream] = (await ask(`/Things('${LAMP}')/Datastreams?$select=id`)).value.map((one) => one["@iot.id"]);
      const [foreign] = (await ask("/Things('gas-1')/Datastreams?$select=id")).value.map((one) => one["@iot.id"]);

      await t.test("the root says where the broker is", async () => {
        const { serverSettings } = await (await fetch(address)).json();
        const endpoint = { endpoints: [`mqtt://127.0.0.1:${port}`] };
        for (const part of ["create-observations-via-mqtt/observations-creation", "receive-updates-via-mqtt/receive-updates"]) {
          const uri = `http://www.opengis.net/spec/iot_sensing/1.1/req/${part}`;
          assert.ok(serverSettings.conformance.includes(uri));
          assert.deepEqual(serverSettings[uri], endpoint);
        }
      });

      await t.test("an Observation that a device publishes is kept, and those who listen hear of it", async () => {
        const whole = await watcher.hear(`v1.1/Datastreams(${stream})/Observations`);
        const part = await watcher.hear(`v1.1/Datastreams(${stream})/Observations?$select=result,phenomenonTime`);
        const entity = await watcher.hear(`v1.1/Datastreams(${stream})`);
        const things = await watcher.hear(`v1.1/Things('${LAMP}')/Datastreams?$select=id`);
        const at = new Date(Math.floor(Date.now() / 1000) * 1000 - 60_000).toISOString().replace(".000", "");
        assert.equal(await lamp.say(`v1.1/Datastreams(${stream})/Observations`, { phenomenonTime: at, result: 31.5 }), 0);
        // What is acknowledged is on the disk.
        const kept = await ask(`/Datastreams(${stream})/Observations`);
        assert.deepEqual(kept.value.map((one) => [one.phenomenonTime, one.result]), [[at, 31.5]]);
        await until("four heard", () => [whole, part, entity, things].every(({ heard }) => heard.length === 1));
        assert.deepEqual(part.heard[0], { result: 31.5, phenomenonTime: at });
        assert.equal(whole.heard[0]["@iot.id"], kept.value[0]["@iot.id"]);
        assert.equal(entity.heard[0].phenomenonTime, `${at}/${at}`);
        assert.deepEqual(things.heard[0], { "@iot.id": stream });
        // By another way in, they hear of it too.
        assert.equal(await lamp.say("v1.1/Observations", { result: 32, Datastream: { "@iot.id": stream } }, "mqttv311"), 0);
        const headers = { authorization: `Basic ${Buffer.from(`${LAMP}:${lampSecret}`).toString("base64")}`, "content-type": "application/json" };
        const made = await fetch(`${address}/Datastreams(${stream})/Observations`, { method: "POST", headers, body: '{"result": 33}' });
        assert.equal(made.status, 201);
        await until("three heard", () => whole.heard.length === 3);
        assert.deepEqual(whole.heard.map(({ result }) => result), [31.5, 32, 33]);
        // One name has four sessions at most.
        await Promise.all([whole, part, entity, things].map(({ stop }) => stop()));
      });

      await t.test("nobody publishes or hears what is not theirs", async () => {
        assert.match(String(await lamp.say(`v1.1/Datastreams(${foreign})/Observations`, { result: 1 })), /authori[sz]ed|denied/i);
        assert.match(String(await watcher.say(`v1.1/Datastreams(${stream})/Observations`, { result: 1 })), /authori[sz]ed|denied/i);
        assert.match(String(await lamp.say(`v1.1/Datastreams(${stream})/Observations`, { result: "warm" })), /invalid|format/i);
        const refused = [
          [lamp, `v1.1/Datastreams(${foreign})/Observations`],
          [watcher, "v1.1/Observations"],
          [watcher, "v1.1/#"],
          [watcher, `v1.1/Datastreams(${stream})/+`],
          [watcher, `v1.1/Datastreams(${stream})/Observations?$filter=result gt 1`],
          [watcher, `v1.1/Datastreams(${stream})/Observations?$select=nothing`],
          [watcher, `v1.1/TaskingCapabilities('${LAMP}.dim')/Tasks`],
          [watcher, `devices/${LAMP}/commands`],
          // A program called like a device is not the device.
          [new Client(t, port, LAMP, away), `devices/${LAMP}/commands`],
        ];
        for (const [client, topic] of refused) assert.ok(await client.isRefused(topic), topic);
        assert.ok(!(await watcher.isRefused(`v1.1/Datastreams(${foreign})/Observations`)), "a program reads its regions");
        const before = await ask(`/Datastreams(${foreign})/Observations?$count=true`);
        assert.equal(before["@iot.count"], 0);
      });

      await t.test("a program tells a device what to do, and the device hears of its Task", async () => {
        const own = await lamp.hear(`v1.1/TaskingCapabilities('${LAMP}.dim')/Tasks`);
        const told = await tell(address, "lights", lights, `${LAMP}.dim`, '{"brightness": 40}');
        assert.deepEqual(told.capability, [`${LAMP}.dim`, ["brightness"]]);
        assert.ok(told.actuators.includes("street_lamp"));
        // After dusk a scene has told the lamp something too.
        assert.deepEqual([told.refused, told.tasks.filter(([id]) => id === told.task)], [null, [[told.task, { brightness: 40 }]]]);
        const heard = await until("the lamp heard", () => own.heard.find((one) => one["@iot.id"] === told.task));
        assert.deepEqual(heard.taskingParameters, { brightness: 40 });
        await until("received", async () => (await ask(`/Tasks('${told.task}')`)).properties.state === "received");
        assert.equal(await lamp.say(`devices/${LAMP}/answers`, { id: told.task, done: true, message: "40 %" }), 0);
        const { properties } = await ask(`/Tasks('${told.task}')`);
        assert.deepEqual([properties.state, properties.outcome, properties.reason], ["done", "40 %", "SensorThings: lights"]);
        // A value out of bounds, and a program that may only read.
        assert.equal((await tell(address, "lights", lights, `${LAMP}.dim`, '{"brightness": 140}')).refused, 400);
        assert.equal((await tell(address, "reader", reader, `${LAMP}.dim`, '{"brightness": 10}')).refused, 403);
      });

      await t.test("a dangerous one waits for a second person", async () => {
        const gas = new Client(t, port, "gas-1", gasSecret);
        const own = await gas.hear("v1.1/TaskingCapabilities('gas-1.close_valve')/Tasks");
        const told = await tell(address, "lights", lights, "gas-1.close_valve", "{}");
        assert.equal((await ask(`/Tasks('${told.task}')`)).properties.state, "unconfirmed");
        assert.equal(own.heard.length, 0);
        const { chief: person } = await signInAll(server.base, { chief });
        await person.post(`/device-commands/${told.task}/deeds`, { deed: "confirm" });
        await until("the valve heard", () => own.heard.length === 1);
        assert.equal(own.heard[0].properties.state, "queued");
      });
    });
  }
});
