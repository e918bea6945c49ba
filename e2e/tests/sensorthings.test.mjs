// OGC SensorThings 1.1 with somebody else's client: a device sends and reads, staff look.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import path from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { addUser, folder, must, ROOT, serve } from "../lib/dipper.mjs";
import { databases } from "../lib/postgres.mjs";
import { signInAll } from "../lib/staff.mjs";

const execute = promisify(execFile);
const PLACE = [112.8961, 32.5087];

/** Fraunhofer's client, as a device. */
async function client(...args) {
  const python = path.join(ROOT, "e2e/.venv/bin/python");
  const { stdout } = await execute(python, [path.join(ROOT, "e2e/clients/read_sensorthings.py"), ...args], { timeout: 120_000 });
  return JSON.parse(stdout.trim().split("\n").at(-1));
}

test("SensorThings", { timeout: 300_000 }, async (t) => {
  for (const [kind, make] of await databases(t)) {
    await t.test(kind, async (t) => {
      const city = { data: path.join(await folder(t), "data"), database: await make(), pack: "packs/demo" };
      const admin = await addUser(city, "admin", ["admin:supervision_centre:yaoguang"]);
      const flags = ["--data", city.data, "--pack", city.pack, ...(city.database ? ["--database-url", city.database] : [])];
      const add = ["device", "add", "cover-1", "--class", "manhole_cover", "--at", PLACE.join(","), ...flags];
      const password = (await must(add)).match(/shown once: (\S+)/)[1];
      const key = (await must(["client", "add", "--id", "gis", "--title", "A map", "--devices", "yaoguang", ...flags])).trim();
      let server = await serve(t, city);
      const address = () => `${server.base}/sta/v1.1`;

      await t.test("a device creates, pages, filters, expands and counts", async () => {
        const seen = await client(address(), "cover-1", password);
        assert.deepEqual([seen.thing, seen.streams], ["cover-1", ["%", "cm", "°"]]);
        assert.deepEqual([seen.found, seen.linked, seen.newest], [1.5, 1, 24]);
        assert.deepEqual(seen.errors, [19], "one bad row does not undo the others");
        const all = [1.5, ...Array.from({ length: 24 }, (_, n) => n + 1).filter((n) => n !== 20)];
        assert.deepEqual(seen.paged, all);
        assert.deepEqual(seen.warm, [4, [21, 22, 23, 24]]);
        assert.deepEqual([seen.property, seen.inner, seen.location], ["倾角", [1.5], PLACE]);
        assert.equal(seen.refused, 403, "a device registers no other one");
      });

      await t.test("staff see it with their session, a map with its key, others do not", async () => {
        const { admin: chief } = await signInAll(server.base, { admin });
        const answer = await chief.fetch("GET", "/sta/v1.1/Things?$expand=Datastreams($select=id,name)&$count=true");
        const body = await answer.json();
        assert.deepEqual([answer.status, body["@iot.count"], body.value[0].Datastreams.length], [200, 1, 3]);
        const map = await fetch(`${address()}/Locations`, { headers: { authorization: `Bearer ${key}` } });
        assert.deepEqual((await map.json()).value.map(({ location }) => location.coordinates), [PLACE]);
        const stranger = await fetch(`${address()}/Things`);
        assert.deepEqual([stranger.status, stranger.headers.get("www-authenticate")?.split(" ")[0]], [401, "Basic"]);
        const root = await (await fetch(address())).json();
        assert.equal(root.value.length, 11);
      });

      await t.test("what was created outlives kill -9", async () => {
        await server.kill();
        server = await serve(t, city);
        const headers = { authorization: `Basic ${Buffer.from(`cover-1:${password}`).toString("base64")}` };
        const answer = await fetch(`${address()}/Observations?$count=true&$top=0`, { headers });
        assert.equal((await answer.json())["@iot.count"], 24);
        const rows = await fetch(`${address()}/Observations?$resultFormat=dataArray&$top=3&$select=result`, { headers });
        const body = await rows.json();
        assert.deepEqual(body.value[0].dataArray, [[1.5], [1], [2]]);
        assert.match(body["@iot.nextLink"], /\$skiptoken=/);
      });
    });
  }
});
