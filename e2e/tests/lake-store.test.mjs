// Readings in an object store, by the program itself: carried, read from there, away, backed up whole and restored without it.
import assert from "node:assert/strict";
import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { addUser, folder, freePort, must, serve, until } from "../lib/dipper.mjs";
import { Mqtt } from "../lib/mqtt.mjs";
import { signInAll } from "../lib/staff.mjs";

const HOUR_MS = 3_600_000;
const DAYS = 5;

/** Files of readings below a folder. */
function filesOf(there) {
  if (!existsSync(there)) return [];
  return readdirSync(there, { recursive: true }).filter((name) => name.endsWith(".parquet")).sort();
}

test("readings are carried to a store, and a backup needs none", { timeout: 400_000 }, async (t) => {
  const home = await folder(t);
  const [data, store, mqtt] = [path.join(home, "data"), path.join(home, "store"), await freePort()];
  const accounts = { admin: await addUser({ data }, "admin", ["admin:supervision_centre:yaoguang"]) };
  const args = ["--mqtt", `127.0.0.1:${mqtt}`, "--lake-store", `file://${store}`];
  const flags = ["--data", data, "--pack", "packs/demo"];
  const env = { DIPPER_LAKE_ROLL_MINUTES: "1" };
  let server = await serve(t, { data, args, env });
  let { admin } = await signInAll(server.base, accounts);
  const { password } = await admin.post("/devices", { id: "river-1", class: "river_gauge", title: "文昌桥水位站", lon: 112.8969, lat: 32.5081 });
  const gauge = new Mqtt("river-1", password);
  assert.equal(await gauge.connect(mqtt), 0);
  // Five days, an hour apart, to yesterday; acknowledged one by one.
  const end = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 24 * HOUR_MS;
  const begin = end - DAYS * 24 * HOUR_MS;
  for (let at = begin; at < end; at += HOUR_MS) {
    await gauge.publish("devices/river-1/readings", JSON.stringify({ at: new Date(at).toISOString(), level: 1 + ((at / HOUR_MS) % 24) / 10 }));
  }
  const asked = `/devices/river-1/series/level?from=${new Date(begin).toISOString()}&to=${new Date(end).toISOString()}&steps=${DAYS * 24}`;
  const ask = async (base) => {
    ({ admin } = await signInAll(base, accounts));
    return (await admin.get(asked)).steps;
  };
  const before = await ask(server.base);
  assert.equal(before.reduce((sum, { count }) => sum + count, 0), DAYS * 24);
  const metric = async (name) => Number(new RegExp(`^${name} (.*)$`, "m").exec(await (await fetch(`${server.base}/metrics`)).text())?.[1]);

  await t.test("what is rolled is carried", async () => {
    await until("files are in the store", () => filesOf(store).length >= DAYS, 90_000);
    assert.ok(existsSync(path.join(store, "lake")), "the store says whose it is");
    await until("every file is there", () => filesOf(store).length === filesOf(path.join(data, "lake")).length, 30_000);
    assert.deepEqual(await ask(server.base), before);
    await until("nothing waits", async () => (await metric("dipper_lake_store_files_waiting")) === 0);
    assert.equal(await metric("dipper_lake_store_away_seconds"), 0);
  });

  const local = path.join(data, "lake");
  await t.test("what the disk has not is read from the store", async () => {
    await server.stop();
    assert.match(await must(["lake", "verify", ...flags, "--lake-store", `file://${store}`]), / 0 are not right/);
    for (const name of filesOf(local)) rmSync(path.join(local, name));
    server = await serve(t, { data, args, env });
    assert.deepEqual(await ask(server.base), before);
    assert.deepEqual(filesOf(local), [], "and not kept");
  });

  await t.test("a store that is away is said so, and readings are taken as ever", async () => {
    await server.stop();
    server = await serve(t, { data, args, env });
    ({ admin } = await signInAll(server.base, accounts));
    // A file where the folder was: nothing can be read or put there.
    renameSync(store, `${store}-away`);
    writeFileSync(store, "");
    const away = await admin.get(asked).catch((error) => error);
    assert.deepEqual([away.status, away.body?.code], [503, "store_away"]);
    const now = new Mqtt("river-1", password);
    assert.equal(await now.connect(mqtt), 0);
    await now.publish("devices/river-1/readings", JSON.stringify({ level: 2.5 }));
    await until("it is told since when", async () => (await metric("dipper_lake_store_away_seconds")) >= 1, 90_000);
    assert.ok((await metric("dipper_lake_store_files_waiting")) >= 1);
    rmSync(store);
    renameSync(`${store}-away`, store);
    assert.deepEqual(await ask(server.base), before, "back again");
    await until("what waited is carried", async () => (await metric("dipper_lake_store_files_waiting")) === 0, 90_000);
  });

  await t.test("a backup is whole without the store", async () => {
    const copy = path.join(home, "copy");
    await must(["backup", "--to", copy, ...flags, "--lake-store", `file://${store}`]);
    await server.stop();
    renameSync(store, `${store}-gone`);
    const fresh = path.join(home, "restored");
    await must(["restore", "--from", copy, "--data", fresh, "--pack", "packs/demo"]);
    assert.ok(filesOf(path.join(fresh, "lake")).length >= DAYS);
    server = await serve(t, { data: fresh });
    assert.deepEqual(await ask(server.base), before);
    const { values } = await admin.get("/devices/river-1");
    assert.equal(values.find(({ property }) => property === "level").value, 2.5, "also what came while the store was away");
    await server.stop();
    assert.match(await must(["lake", "verify", "--data", fresh, "--pack", "packs/demo"]), / 0 are not right/);
  });
});
