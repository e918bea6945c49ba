// Devices with somebody else's client: a lamp is registered, speaks over MQTT and HTTP, is judged, and becomes a task.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import path from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { addUser, folder, freePort, must, run, serve, until } from "../lib/dipper.mjs";
import { signInAll } from "../lib/staff.mjs";
import { Visitor } from "../lib/visitor.mjs";

const execute = promisify(execFile);
const PACK = ["--pack", "packs/demo"];
const HERE = "112.8961,32.5087";

const hasMosquitto = await execute("mosquitto_pub", ["--help"]).then(() => true, (error) => error.code !== "ENOENT");

/** A city that listens to devices. */
async function city(t, data) {
  const mqtt = await freePort();
  const server = await serve(t, { data, args: ["--mqtt", `127.0.0.1:${mqtt}`] });
  return { ...server, mqtt };
}

/** Registers a device on the command line; its password. */
async function register(data, id, ofClass, more = []) {
  const said = await must(["device", "add", id, "--class", ofClass, "--at", HERE, "--data", data, ...PACK, ...more]);
  return said.match(/shown once: (\S+)/)[1];
}

/** Publishes once with Mosquitto's client; how it ended. */
function publish(port, id, password, topic, message, more = ["-V", "mqttv311"]) {
  const args = ["-h", "127.0.0.1", "-p", String(port), "-u", id, "-P", password, "-q", "1", "-t", topic, "-m", message, ...more];
  return execute("mosquitto_pub", args, { timeout: 20_000 }).then(() => 0, (error) => error.code);
}

test("devices over MQTT and HTTP", { timeout: 300_000, skip: hasMosquitto ? false : "skipped: apt install mosquitto-clients" }, async (t) => {
  const data = path.join(await folder(t), "data");
  const accounts = {
    admin: await addUser({ data }, "admin", ["admin:supervision_centre:yaoguang"]),
    chief: await addUser({ data }, "chief", ["duty_chief:supervision_centre:yaoguang"]),
  };
  const cover = await register(data, "cover-1", "manhole_cover");
  let server = await city(t, data);
  let { admin, chief } = await signInAll(server.base, accounts);

  await t.test("a reading is kept before it is acknowledged, and shown", async () => {
    assert.equal(await publish(server.mqtt, "cover-1", cover, "devices/cover-1/readings", '{"tilt": 2.5, "battery": 88}'), 0);
    const seen = await admin.get("/devices/cover-1");
    assert.deepEqual([seen.standing, seen.battery, seen.values.find(({ property }) => property === "tilt").value], ["active", 88, 2.5]);
    const senml = JSON.stringify([{ bn: "urn:dev:ow:cover-1:", n: "water_level", u: "cm", v: 40 }]);
    const headers = { authorization: `Basic ${Buffer.from(`cover-1:${cover}`).toString("base64")}`, "content-type": "application/senml+json" };
    const sent = await fetch(`${server.base}/api/v1/devices/cover-1/readings`, { method: "POST", headers, body: senml });
    assert.deepEqual([sent.status, await sent.json()], [200, { readings: 1 }]);
    const { steps } = await admin.get("/devices/cover-1/series/water_level");
    assert.deepEqual(steps.map(({ count, mean }) => [count, mean]), [[1, 40]]);
  });

  await t.test("CBOR and frames are read as the class says, and a damaged one is named", async () => {
    const [smoke, meter] = [await register(data, "smoke-1", "smoke_detector"), await register(data, "meter-1", "gas_meter")];
    const said = async (id, password, topic, bytes) => {
      const child = execFile("mosquitto_pub", ["-h", "127.0.0.1", "-p", String(server.mqtt), "-V", "mqttv5", "-u", id, "-P", password, "-q", "1", "-t", topic, "-s"]);
      child.stdin.end(bytes);
      return new Promise((resolve) => child.once("exit", resolve));
    };
    const values = async (id) => Object.fromEntries((await admin.get(`/devices/${id}`)).values.filter(({ value }) => value !== undefined).map(({ property, value }) => [property, value]));
    // {"smoke": false, "temperature": 31.5}, as Python's cbor2 writes it.
    const cbor = Buffer.from("a265736d6f6b65f46b74656d7065726174757265fb403f800000000000", "hex");
    await until("the city knows the detector", async () => (await said("smoke-1", smoke, "devices/smoke-1/readings", cbor)) === 0);
    assert.deepEqual(await values("smoke-1"), { smoke: 0, temperature: 31.5 });
    // The frame of docs/how-to/connect-a-device.md, with the time of now.
    const frame = Buffer.from("686b093844000123450064ffffff385700b1", "hex");
    const now = (bytes) => {
      bytes.writeUInt32BE(Math.floor(Date.now() / 1000), 1);
      bytes[17] = bytes.subarray(0, 17).reduce((sum, byte) => (sum + byte) & 255, 0);
      return bytes;
    };
    await until("the city knows the meter", async () => (await said("meter-1", meter, "devices/meter-1/readings", now(frame))) === 0);
    assert.deepEqual(await values("meter-1"), { volume: 123.45, flow: 0.1, temperature: -20, battery: 87, leak: 0 });
    const damaged = Buffer.from(frame);
    damaged[8] ^= 1;
    await said("meter-1", meter, "devices/meter-1/readings", damaged);
    const fault = await until("the fault is kept aside", async () => (await admin.get("/devices/meter-1")).fault?.message);
    assert.match(fault, /frame 1: its sum is .., it says ../);
    const headers = { authorization: `Basic ${Buffer.from(`meter-1:${meter}`).toString("base64")}`, "content-type": "application/octet-stream" };
    const sent = await fetch(`${server.base}/api/v1/devices/meter-1/readings`, { method: "POST", headers, body: now(Buffer.concat([frame])) });
    assert.deepEqual([sent.status, await sent.json()], [200, { readings: 5 }]);
  });

  await t.test("a device speaks of itself alone, with its own password", async () => {
    const other = await register(data, "cover-2", "manhole_cover");
    await until("the running city knows it", async () => (await publish(server.mqtt, "cover-2", other, "devices/cover-2/readings", '{"tilt": 1}')) === 0);
    assert.notEqual(await publish(server.mqtt, "cover-2", other, "devices/cover-1/readings", '{"tilt": 1}'), 0);
    assert.notEqual(await publish(server.mqtt, "cover-2", cover, "devices/cover-2/readings", '{"tilt": 1}'), 0);
    const headers = { authorization: `Basic ${Buffer.from(`cover-2:${other}`).toString("base64")}`, "content-type": "application/json" };
    const sent = await fetch(`${server.base}/api/v1/devices/cover-1/readings`, { method: "POST", headers, body: '{"tilt": 1}' });
    assert.equal(sent.status, 403);
    await assert.rejects(new Visitor(server.base).get("/devices"), (error) => error.status === 401);
  });

  await t.test("an alarm opens a case at the device's place, once, and clears", async () => {
    await publish(server.mqtt, "cover-1", cover, "devices/cover-1/readings", '{"tilt": 47}');
    const alarm = await until("the alarm", async () => (await chief.get("/alarms?open=true")).items.find(({ rule }) => rule === "cover_open"));
    assert.deepEqual([alarm.severity, alarm.device, alarm.reading.value], ["major", "cover-1", 47]);
    const opened = await until("its case", async () => (await chief.get("/alarms?open=true")).items.find(({ case_id }) => case_id));
    const view = await chief.get(`/cases/${opened.case_id}`);
    assert.equal(view.category, "b0103");
    assert.match(view.description, /cover-1[\s\S]*47/);
    await publish(server.mqtt, "cover-1", cover, "devices/cover-1/readings", '{"tilt": 48}');
    assert.equal((await chief.get("/cases?open=true")).total, 1);
    const noted = await chief.post(`/alarms/${alarm.id}/deeds`, { deed: "acknowledge" });
    assert.ok(noted.acknowledged_at);
    await publish(server.mqtt, "cover-1", cover, "devices/cover-1/readings", '{"tilt": 12}');
    assert.equal((await chief.get("/alarms?open=true")).items.length, 1, "within the hysteresis");
    await publish(server.mqtt, "cover-1", cover, "devices/cover-1/readings", '{"tilt": 3}');
    await until("it clears", async () => (await chief.get("/alarms?open=true")).items.length === 0);
  });

  await t.test("kill -9: what was acknowledged is there, an open alarm is the same one", async () => {
    await publish(server.mqtt, "cover-1", cover, "devices/cover-1/readings", '{"tilt": 60}');
    const before = await until("the alarm", async () => (await chief.get("/alarms?open=true")).items[0]);
    await publish(server.mqtt, "cover-1", cover, "devices/cover-1/readings", '{"battery": 71}');
    await server.kill();
    server = await city(t, data);
    ({ admin, chief } = await signInAll(server.base, accounts));
    const { battery } = await admin.get("/devices/cover-1");
    assert.equal(battery, 71);
    assert.deepEqual((await chief.get("/alarms?open=true")).items.map(({ id }) => id), [before.id]);
    await publish(server.mqtt, "cover-1", cover, "devices/cover-1/readings", '{"tilt": 61}');
    await publish(server.mqtt, "cover-1", cover, "devices/cover-1/readings", '{"tilt": 0}');
    await until("it clears", async () => (await chief.get("/alarms?open=true")).items.length === 0);
  });

  await t.test("a password is changed without a gap", async () => {
    const { password } = await admin.post("/devices/cover-1/secret");
    assert.equal(await publish(server.mqtt, "cover-1", cover, "devices/cover-1/readings", '{"tilt": 1}'), 0, "the old one, until the new one is used");
    assert.equal(await publish(server.mqtt, "cover-1", password, "devices/cover-1/readings", '{"tilt": 1}'), 0);
    assert.notEqual(await publish(server.mqtt, "cover-1", cover, "devices/cover-1/readings", '{"tilt": 1}'), 0, "now it is over");
  });

  await t.test("what cannot be read is named, and too much of it shuts the device out", async () => {
    const bad = await register(data, "cover-bad", "manhole_cover");
    await until("the running city knows it", async () => (await publish(server.mqtt, "cover-bad", bad, "devices/cover-bad/readings", '{"tilt": 1}')) === 0);
    for (let n = 0; n < 25; n++) await publish(server.mqtt, "cover-bad", bad, "devices/cover-bad/readings", '{"tilt": 999}');
    const seen = await until("it is shut out", async () => {
      const found = await admin.get("/devices/cover-bad");
      return found.standing === "quarantined" ? found : undefined;
    });
    assert.match(seen.reason, /tilt: 999 is beyond what the sensor can give/);
    assert.notEqual(await publish(server.mqtt, "cover-bad", bad, "devices/cover-bad/readings", '{"tilt": 1}'), 0);
    await admin.post("/devices/cover-bad/changes", { change: "release" });
    assert.equal(await publish(server.mqtt, "cover-bad", bad, "devices/cover-bad/readings", '{"tilt": 1}'), 0);
    await assert.rejects(chief.post("/devices/cover-bad/changes", { change: "retire" }), (error) => error.status === 403, "not who only handles alarms");
    assert.equal((await run(["device", "retire", "cover-bad", "--data", data, ...PACK])).code, 0);
    await until("it is gone", async () => (await publish(server.mqtt, "cover-bad", bad, "devices/cover-bad/readings", '{"tilt": 1}')) !== 0);
  });
});
