// Open311 GeoReport v2 as other people's clients see it.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { folder, ROOT, serve } from "../lib/dipper.mjs";
import { databases } from "../lib/postgres.mjs";
import { addClient, PLACE } from "../lib/staff.mjs";

const execute = promisify(execFile);

async function python(script, ...args) {
  const interpreter = path.join(ROOT, "e2e/.venv/bin/python");
  const { stdout } = await execute(interpreter, [path.join(ROOT, "e2e/clients", script), ...args.map(String)], { timeout: 60_000 });
  return JSON.parse(stdout);
}

/** A category that answers with a token, in a copy of the fictional city: nothing of the city itself does. */
const BATCH = "b0128";

async function packWithTokens(home) {
  const copy = path.join(home, "pack");
  await cp(path.join(ROOT, "packs/demo"), copy, { recursive: true });
  const file = path.join(copy, "categories/components-01-utilities.yaml");
  const text = await readFile(file, "utf8");
  const changed = text.replace(`\n${BATCH}:\n`, `\n${BATCH}:\n  intake: batch\n`);
  assert.notEqual(changed, text);
  await writeFile(file, changed);
  return copy;
}

test("Open311", async (t) => {
  for (const [kind, make] of await databases(t)) {
    await t.test(kind, async (t) => {
      const home = await folder(t);
      const city = { data: path.join(home, "data"), database: await make(), pack: await packWithTokens(home) };
      const key = await addClient(city, "e2e");
      const server = await serve(t, city);

      const posted = {};
      for (const [form, service, answer] of [["json", "b0137", "service_request_id"], ["xml", BATCH, "token"], ["json", BATCH, "token"], ["xml", "b0137", "service_request_id"]]) {
        await t.test(`a client posts in ${form}, is given a ${answer} that leads to its request, and is refused plainly`, async () => {
          posted[form] = await python("post_open311.py", server.base, form, key, service, PLACE.lat, PLACE.lon);
          const { given, request, refused } = posted[form];
          assert.equal(given, answer);
          assert.equal(request.status, "open");
          assert.equal(request.service_code, service);
          assert.match(request.requested_datetime, /(Z|[+-]\d\d:\d\d)$/);
          assert.deepEqual(refused, {
            "no key": 403, "wrong key": 403, "no service": 400, "unknown service": 404, "no place": 400, "bad place": 400,
            "unknown request": 404, "unknown token": 404, "bad status": 400, "bad date": 400, "too long a span": 400,
          });
        });
      }

      await t.test("georeport reads the same in both formats", async () => {
        const found = await python("read_open311.py", server.base, posted.json.request.service_request_id);
        assert.deepEqual(found.json.services, found.xml.services);
        assert.deepEqual(found.json.names, found.xml.names);
        assert.ok(found.json.services.includes("b0137"));
        assert.equal(found.json.requests, 4);
        assert.equal(found.xml.requests, 4);
        for (const form of ["json", "xml"]) {
          assert.equal(found[form].one.service_request_id, posted.json.request.service_request_id);
          assert.equal(found[form].one.description, posted.json.request.description, form);
          assert.ok(Math.abs(Number(found[form].one.lat) - PLACE.lat) < 1e-6);
        }
        assert.equal(typeof found.json.one.service_request_id, "string");
        assert.equal(typeof found.json.one.lat, "number");
      });

      await t.test("discovery names the endpoint in both formats, with zones in its times", async () => {
        const json = await fetch(`${server.base}/open311/discovery.json`);
        assert.match(json.headers.get("content-type"), /^application\/json/);
        const text = JSON.stringify(await json.json());
        assert.match(text, /http:\/\/wiki\.open311\.org\/GeoReport_v2/);
        const xml = await fetch(`${server.base}/open311/discovery.xml`);
        assert.match(xml.headers.get("content-type"), /^text\/xml/);
        const body = await xml.text();
        assert.match(body, /^<\?xml/);
        assert.match(body, /<changeset>\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)<\/changeset>/);
      });
    });
  }
});
