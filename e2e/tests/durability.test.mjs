// What is acknowledged is kept: crashes under load, full disks, graceful stops, backups.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { addUser, folder, must, run, serve, until } from "../lib/dipper.mjs";
import { databases, withTools } from "../lib/postgres.mjs";
import { CATEGORY, PLACE } from "../lib/staff.mjs";
import { Visitor } from "../lib/visitor.mjs";

// Reports are limited per address; a proxy in front tells many people apart.
const CROWD = { DIPPER_BEHIND_PROXY: "true" };
let address = 0;

/** Somebody else's report. */
function file(base, key = randomUUID()) {
  address += 1;
  const from = `10.${(address >> 16) & 255}.${(address >> 8) & 255}.${address & 255}`;
  const body = { category: CATEGORY, description: `第 ${address} 个上报`, ...PLACE, evidence: [] };
  return new Visitor(base).post("/reports", body, { "idempotency-key": key, "x-forwarded-for": from });
}

/** Files until told to stop; every acknowledged report is kept in the list. */
async function load(base, people, acknowledged, going) {
  const one = async () => {
    while (going()) {
      try {
        acknowledged.push(await file(base));
      } catch {
        // The connection broke: nothing was promised.
        await wait(5);
      }
    }
  };
  await Promise.all(Array.from({ length: people }, one));
}

const withDatabase = (city) => ["--data", city.data, ...(city.database ? ["--database-url", city.database] : [])];

/** Everything promised is there, and nothing twice. */
async function allThere(base, acknowledged) {
  const numbers = new Set(acknowledged.map(({ case_no }) => case_no));
  assert.equal(numbers.size, acknowledged.length, "no number was given twice");
  for (const { case_no, secret } of acknowledged) {
    address += 1;
    const answer = await fetch(`${base}/api/v1/reports/${case_no}?secret=${secret}`, { headers: { "x-forwarded-for": `10.9.${(address >> 8) & 255}.${address & 255}` } });
    assert.equal(answer.status, 200, `acknowledged and lost: ${case_no}`);
  }
}

test("kill -9 under load loses nothing that was acknowledged", async (t) => {
  for (const [kind, make] of await databases(t)) {
    await t.test(kind, async (t) => {
      const city = { data: path.join(await folder(t), "data"), database: await make(), env: CROWD };
      const acknowledged = [];
      for (let round = 1; round <= 3; round++) {
        const server = await serve(t, city);
        let going = true;
        // Whatever fails, the load ends.
        t.after(() => (going = false));
        const before = acknowledged.length;
        const loading = load(server.base, 12, acknowledged, () => going);
        await until("some reports", () => acknowledged.length > before + 150, 60_000);
        await server.kill();
        going = false;
        await loading;
        t.diagnostic(`round ${round}: ${acknowledged.length - before} acknowledged before the kill`);
      }
      const server = await serve(t, city);
      await allThere(server.base, acknowledged);
      // The sealer catches up with what the crash left, then the whole log holds.
      await until("every event sealed", async () => {
        const metrics = await (await fetch(`${server.base}/metrics`)).text();
        return /^dipper_consumer_lag_events\{consumer="ledger"\} 0$/m.test(metrics);
      });
      await server.stop();
      const said = await must(["ledger", "verify", ...withDatabase(city)]);
      assert.match(said, / 0 events not sealed yet/);
    });
  }
});

test("a write is on the disk before it is acknowledged", async (t) => {
  if (spawnSync("strace", ["-o", "/dev/null", "true"]).status !== 0) return t.diagnostic("skipped: strace may not trace here");
  const home = await folder(t);
  const city = { data: path.join(home, "data"), env: CROWD };
  const trace = path.join(home, "trace");
  const calls = "trace=fdatasync,fsync,pwrite64,read,recvfrom,write,writev,sendto";
  const server = await serve(t, { ...city, wrap: ["strace", "-f", "-tt", "-y", "-s", "40", "-e", calls, "-o", trace] });
  for (let turn = 0; turn < 5; turn++) await file(server.base);
  await server.stop();
  const lines = (await readFile(trace, "utf8")).split("\n");
  const asked = lines.flatMap((line, at) => (line.includes('"POST /api/v1/reports ') ? [at] : []));
  const answered = lines.flatMap((line, at) => (line.includes('"HTTP/1.1 201 ') ? [at] : []));
  assert.equal(asked.length, 5, "five requests were seen");
  assert.equal(answered.length, 5, "five acknowledgements were seen");
  for (const [turn, from] of asked.entries()) {
    const between = lines.slice(from, answered[turn]);
    const written = between.findIndex((line) => /pwrite64\(\d+<[^>]*dipper\.db-wal>/.test(line));
    const synced = between.findLastIndex((line) => /f(data)?sync\(\d+<[^>]*dipper\.db-wal>|f(data)?sync resumed/.test(line));
    assert.ok(written >= 0, "the write-ahead log was written");
    assert.ok(synced > written, "and synced after that, before the acknowledgement");
  }
});

test("a full disk refuses writes plainly and goes on reading", async (t) => {
  const home = await folder(t);
  const data = path.join(home, "data");
  await mkdir(data);
  const mount = `mount -t tmpfs -o size=12m tmpfs "${data}" && exec "$@"`;
  const wrap = ["unshare", "-Urm", "sh", "-c", mount, "sh"];
  if (spawnSync(wrap[0], [...wrap.slice(1), "true"]).status !== 0) return t.diagnostic("skipped: no small file system can be mounted here");
  const server = await serve(t, { data, env: CROWD, wrap });
  const kept = [await file(server.base), await file(server.base)];

  let refusal;
  for (let turn = 0; turn < 20_000 && !refusal; turn++) {
    const answers = await Promise.allSettled(Array.from({ length: 16 }, () => file(server.base)));
    kept.push(...answers.filter(({ status }) => status === "fulfilled").map(({ value }) => value));
    refusal = answers.find(({ status }) => status === "rejected")?.reason;
  }
  t.diagnostic(`${kept.length} reports before the disk was full`);
  assert.ok([503, 507].includes(refusal.status), String(refusal));
  assert.match(refusal.body.message, /[a-z]{3,}/i);
  assert.doesNotMatch(JSON.stringify(refusal.body), /SQLITE|sqlite|INSERT|database or disk is full|\/tmp\//);

  // Reads go on, and what was acknowledged is readable.
  assert.equal((await fetch(`${server.base}/healthz`)).status, 200);
  assert.equal((await fetch(`${server.base}/api/v1/categories`)).status, 200);
  await allThere(server.base, kept.slice(-20));
  assert.equal((await server.stop()).code, 0);
});

test("SIGTERM finishes what was begun and ends with 0", async (t) => {
  const city = { data: path.join(await folder(t), "data"), env: CROWD };
  const server = await serve(t, city);
  const acknowledged = [];
  let going = true;
  const loading = load(server.base, 8, acknowledged, () => going);
  await until("some reports", () => acknowledged.length > 20);
  // An open live stream must not hold it up.
  const stream = fetch(`${server.base}/api/v1/stream`).then((answer) => answer.text()).catch(() => "");
  const began = performance.now();
  const ended = await server.stop("SIGTERM");
  const took_ms = performance.now() - began;
  going = false;
  await Promise.all([loading, stream]);
  assert.equal(ended.code, 0, server.log());
  assert.ok(took_ms < 10_000, `it took ${took_ms.toFixed(0)} ms`);
  const again = await serve(t, city);
  await allThere(again.base, acknowledged);
});

test("a backup taken while it runs stands again elsewhere", async (t) => {
  for (const [kind, make] of await databases(t)) {
    await t.test(kind, async (t) => {
      const home = await folder(t);
      const city = { data: path.join(home, "data"), database: await make(), env: CROWD };
      const server = await serve(t, city);
      const before = [];
      for (let turn = 0; turn < 10; turn++) before.push(await file(server.base));
      const picture = await new Visitor(server.base).picture(7);
      const account = await addUser(city, "admin", ["admin:supervision_centre:yaoguang"]);
      const admin = new Visitor(server.base);
      await admin.signIn(account);
      const lamp = await admin.post("/devices", { id: "lamp-1", class: "street_lamp", title: "", lon: 112.8969, lat: 32.5081 });
      const measured = await fetch(`${server.base}/api/v1/devices/lamp-1/readings`, {
        method: "POST",
        headers: { authorization: `Basic ${btoa(`lamp-1:${lamp.password}`)}`, "content-type": "application/json" },
        body: '{"power": 61.5}',
      });
      assert.ok(measured.ok, String(measured.status));
      const acknowledged = [];
      let going = true;
      const loading = load(server.base, 4, acknowledged, () => going);
      const copy = path.join(home, "copy");
      const tools = kind === "postgres" ? { env: { PATH: withTools() } } : {};
      await must(["backup", "--to", copy, ...withDatabase(city)], tools);
      going = false;
      await loading;
      await server.kill();

      // A damaged backup is refused before anything is written.
      const damaged = path.join(home, "damaged");
      execFileSync("cp", ["-r", copy, damaged]);
      const manifest = await readFile(path.join(damaged, "MANIFEST"), "utf8");
      const victim = manifest.split("\n").map((line) => line.split("  ")[1]).find((name) => name?.includes("dipper."));
      const fresh = { data: path.join(home, "restored"), database: await make(), env: CROWD };
      execFileSync("sh", ["-c", 'printf x >> "$1"', "sh", path.join(damaged, victim)]);
      const refused = await run(["restore", "--from", damaged, ...withDatabase(fresh)], tools);
      assert.notEqual(refused.code, 0);
      assert.ok(refused.stderr.includes(victim), refused.stderr);

      await must(["restore", "--from", copy, ...withDatabase(fresh)], tools);
      const again = await serve(t, fresh);
      await allThere(again.base, before);
      assert.ok(existsSync(path.join(fresh.data, "evidence")), picture);
      const reader = new Visitor(again.base);
      await reader.signIn(account);
      assert.deepEqual((await reader.get("/devices/lamp-1")).values.filter(({ value }) => value !== undefined).map(({ value }) => value), [61.5], "what was measured came back");
      await again.stop();
      assert.match(await must(["ledger", "verify", ...withDatabase(fresh)]), /entries/);
      assert.match(await must(["lake", "verify", ...withDatabase(fresh)]), / 0 are not right/);
      const twice = await run(["restore", "--from", copy, ...withDatabase(fresh)], tools);
      assert.notEqual(twice.code, 0, "a restore never writes over a city");
    });
  }
});
