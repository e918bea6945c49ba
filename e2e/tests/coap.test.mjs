// Devices on NB-IoT with libcoap's own client: readings over CoAP, in the clear and over DTLS, where the key is the password's hash.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import path from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { addUser, folder, freePort, must, serve, until } from "../lib/dipper.mjs";
import { signInAll } from "../lib/staff.mjs";

const execute = promisify(execFile);

/** Debian's name for it, with OpenSSL for DTLS. */
const CLIENT = "coap-client-openssl";
const hasClient = await execute(CLIENT).then(() => true, (error) => error.code !== "ENOENT");

/** Posts once; the code of the answer, `undefined` when there was none. */
async function post(uri, message, more = []) {
  const args = ["-v", "6", "-B", "5", "-m", "post", ...more, "-e", message, uri];
  const { stdout, stderr } = await execute(CLIENT, args, { timeout: 20_000 }).catch((error) => error);
  const answers = [...`${stdout}${stderr}`.matchAll(/t:(?:ACK|CON|NON) c:(\d\.\d\d)/g)].map(([, code]) => code);
  return answers.filter((code) => code !== "0.00").at(-1);
}

/** The key of a device over DTLS. */
const keyOf = (password) => createHash("sha256").update(password).digest("hex");

test("devices over CoAP", { timeout: 180_000, skip: hasClient ? false : "skipped: apt install libcoap3-bin" }, async (t) => {
  const data = path.join(await folder(t), "data");
  const accounts = {
    admin: await addUser({ data }, "admin", ["admin:supervision_centre:yaoguang"]),
    chief: await addUser({ data }, "chief", ["duty_chief:supervision_centre:yaoguang"]),
  };
  const place = ["--class", "manhole_cover", "--at", "112.8961,32.5087"];
  const said = await must(["device", "add", "cover-1", ...place, "--data", data, "--pack", "packs/demo"]);
  const password = said.match(/shown once: (\S+)/)[1];
  const [coap, coaps] = [await freePort(), await freePort()];
  const server = await serve(t, { data, args: ["--coap", `127.0.0.1:${coap}`, "--coaps", `127.0.0.1:${coaps}`] });
  const { admin, chief } = await signInAll(server.base, accounts);
  const clear = `coap://127.0.0.1:${coap}/devices/cover-1`;
  const secure = `coaps://127.0.0.1:${coaps}/devices/cover-1`;
  const as = (identity, key) => ["-u", identity, "-k", key];
  const shown = async (property) => (await admin.get("/devices/cover-1")).values.find((one) => one.property === property)?.value;

  await t.test("a reading is kept before it is answered, and shown", async () => {
    assert.equal(await post(`${clear}/readings?k=${password}`, '{"tilt": 2.5, "battery": 88}', ["-t", "50"]), "2.04");
    assert.deepEqual([await shown("tilt"), await shown("battery")], [2.5, 88]);
    assert.equal(await post(`${secure}/readings`, '{"tilt": 3.5}', as("cover-1", keyOf(password))), "2.04");
    assert.equal(await shown("tilt"), 3.5);
    const senml = JSON.stringify([{ n: "water_level", u: "cm", v: 40 }]);
    assert.equal(await post(`${secure}/senml`, senml, ["-t", "110", ...as("cover-1", keyOf(password))]), "2.04");
    assert.equal(await shown("water_level"), 40);
  });

  await t.test("what cannot be is refused, and says why", async () => {
    assert.equal(await post(`${clear}/readings?k=wrong`, '{"tilt": 1}'), "4.01");
    assert.equal(await post(`${clear}/readings?k=${keyOf(password)}`, '{"tilt": 1}'), "4.01", "the key is no password");
    assert.equal(await post(`${clear}/readings?k=${password}`, '{"tilt": "x"}'), "4.00");
    assert.equal(await post(`${clear}/readings?k=${password}`, "x", ["-t", "0"]), "4.15");
    assert.equal(await post(`${clear}/readings?k=${password}`, "x", ["-t", "60"]), "4.00", "no CBOR");
    assert.equal(await post(`${clear}/readings?k=${password}`, "x", ["-t", "42"]), "4.00", "its class sends no frames");
    assert.equal(await post(`${secure}/readings`, '{"tilt": 1}', as("cover-1", keyOf("wrong"))), undefined);
  });

  await t.test("a password is changed without a gap", async () => {
    const { password: next } = await admin.post("/devices/cover-1/secret");
    assert.equal(await post(`${secure}/readings`, '{"tilt": 1}', as("cover-1", keyOf(password))), "2.04", "the old one, until the new one is used");
    assert.equal(await post(`${secure}/readings`, '{"tilt": 1}', as("cover-1/next", keyOf(next))), "2.04");
    for (const identity of ["cover-1", "cover-1/next"]) {
      assert.equal(await post(`${secure}/readings`, '{"tilt": 1}', as(identity, keyOf(next))), "2.04", identity);
    }
    assert.equal(await post(`${secure}/readings`, '{"tilt": 1}', as("cover-1", keyOf(password))), undefined, "now it is over");
  });

  // libcoap's client reads % in what it sends as an escape.
  await t.test("a command is observed, acknowledged and answered", async () => {
    const lamp = await must(["device", "add", "lamp-1", "--class", "street_lamp", "--at", "112.8961,32.5087", "--data", data, "--pack", "packs/demo"]);
    const key = keyOf(lamp.match(/shown once: (\S+)/)[1]);
    const lampUri = `coaps://127.0.0.1:${coaps}/devices/lamp-1`;
    await until("the city knows the lamp", async () => (await chief.get("/devices")).items.some((one) => one.id === "lamp-1"));
    // The lamp is away: the command waits, and is there when the lamp observes.
    const command = await chief.post("/devices/lamp-1/commands", { command: "dim", arguments: { brightness: 40 }, reason: "演练" });
    assert.equal(command.state, "queued");
    const { stdout } = await execute(CLIENT, ["-s", "6", "-B", "8", ...as("lamp-1", key), `${lampUri}/commands`], { timeout: 20_000 });
    assert.match(stdout, new RegExp(`"id":"${command.id}"`));
    assert.match(stdout, /"arguments":\{"brightness":40\}/);
    const state = async () => (await chief.get("/device-commands?device=lamp-1")).items[0];
    await until("the lamp has it", async () => (await state()).state === "received");
    const answer = (id, message) => JSON.stringify({ id, done: true, message });
    assert.equal(await post(`${lampUri}/answers`, answer(command.id, "dimmed"), ["-t", "50", ...as("lamp-1", key)]), "2.04");
    assert.deepEqual([(await state()).state, (await state()).outcome], ["done", "dimmed"]);
    // What is no command of the lamp's is refused.
    assert.equal(await post(`${lampUri}/answers`, answer("01KB0000000000000000000000", "x"), ["-t", "50", ...as("lamp-1", key)]), "4.00");
  });

  await t.test("a device that is shut out hears it", async () => {
    const { password: next } = await admin.post("/devices/cover-1/secret");
    await admin.post("/devices/cover-1/changes", { change: "quarantine", reason: "it floods" });
    await until("it is shut out", async () => (await post(`${clear}/readings?k=${next}`, '{"tilt": 1}')) === "4.03");
  });
});
