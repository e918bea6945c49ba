// Another system's cases come in exactly, bad rows are named, and a killed import goes on where it was.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { BIN, folder, must, ROOT, run, serve, SHARED, SURROUNDINGS, until } from "../lib/dipper.mjs";
import { databases } from "../lib/postgres.mjs";

const execute = promisify(execFile);
const MAP = path.join(ROOT, "packs/boston/import/boston311.yaml");
const ROWS = 58_251;

function importing(city, ...rest) {
  const database = city.database ? ["--database-url", city.database] : [];
  return ["import", "cases", "--pack", path.join(ROOT, "packs/boston"), "--data", city.data, "--map", MAP, ...database, ...rest];
}

test("58,251 real cases of Boston", async (t) => {
  if (!SHARED) return t.diagnostic("skipped: no shared data");
  const file = path.join(SHARED, "data/cases/boston311_2011H2.csv");
  const home = await folder(t);

  await t.test("a rehearsal reads everything and writes nothing", async () => {
    const city = { data: path.join(home, "rehearsal") };
    const said = JSON.parse(await must(importing(city, "--dry-run", file)));
    assert.equal(said.rows, ROWS);
    assert.equal(said.rejected, 0);
    const again = JSON.parse(await must(importing(city, "--dry-run", file)));
    assert.equal(again.imported, ROWS, "nothing was there the second time either");
  });

  await t.test("killed in the middle and begun again, every row is accounted for, exactly", async (t) => {
    const city = { data: path.join(home, "data") };
    const first = spawn(BIN, importing(city, file), { cwd: home, env: SURROUNDINGS, stdio: "ignore" });
    const ended = new Promise((resolve) => first.once("exit", (code, signal) => resolve(signal)));
    const size = async () => {
      const script = "import sqlite3,sys; print(sqlite3.connect('file:'+sys.argv[1]+'?mode=ro', uri=True).execute('SELECT count(*) FROM cases').fetchone()[0])";
      const done = await execute("python3", ["-c", script, path.join(city.data, "dipper.db")]).catch(() => undefined);
      return Number(done?.stdout ?? 0);
    };
    await until("a part of the import", async () => (await size()) > 3_000, 60_000);
    first.kill("SIGKILL");
    assert.equal(await ended, "SIGKILL", "it was killed before its end");
    const kept = await size();
    assert.ok(kept > 3_000 && kept < ROWS);

    const began = performance.now();
    const said = JSON.parse(await must(importing(city, file), { timeout_ms: 600_000 }));
    t.diagnostic(`${said.imported} cases in ${((performance.now() - began) / 1000).toFixed(1)} s after ${kept} before the kill`);
    assert.equal(said.rows, ROWS);
    assert.equal(said.present, kept);
    assert.equal(said.imported, ROWS - kept);
    assert.equal(said.rejected, 0);

    // What an independent script makes of the file, row by row against the tables and count by count.
    const checker = path.join(ROOT, "e2e/clients/check_boston.py");
    const checked = await execute("python3", [checker, path.join(city.data, "dipper.db"), file], { maxBuffer: 1 << 26 }).catch((error) => error);
    const facts = JSON.parse(checked.stdout);
    assert.deepEqual(facts.first, []);
    assert.equal(facts.cases, ROWS);
    assert.deepEqual(said.by_status, facts.by_status);
    assert.deepEqual(said.by_category, facts.by_category);
    assert.deepEqual(said.by_office, facts.by_office);
    // The file leaves the flag blank for 158 cases that were late by its own times.
    assert.equal(said.by_timeliness.late, facts.overdue + facts.blank);
    assert.equal(said.by_timeliness.no_due_time, facts.without_target);
    assert.equal(said.by_timeliness.on_time + said.by_timeliness.no_due_time, facts.on_time);

    const third = JSON.parse(await must(importing(city, file), { timeout_ms: 600_000 }));
    assert.deepEqual([third.present, third.imported, third.rejected], [ROWS, 0, 0]);

    const server = await serve(t, { data: city.data, pack: "packs/boston" });
    await until("every event sealed", async () => /^dipper_consumer_lag_events\{consumer="ledger"\} 0$/m.test(await (await fetch(`${server.base}/metrics`)).text()), 180_000);
    await server.stop();
    assert.match(await must(["ledger", "verify", "--data", city.data, "--pack", "packs/boston"], { timeout_ms: 300_000 }), / 0 events not sealed yet/);
  });
});

test("rows that do not fit are named by line and left out", async (t) => {
  const header = "id,opened,target,closed,on_time,status,subject,reason,type,department,queue,neighborhood,ward,police_district,zip,lat,lon,source,case_title,closure_reason";
  const good = (id, change = {}) => {
    const row = { id, opened: "2011-07-01 09:00:00", target: "2011-07-05 09:00:00", closed: "2011-07-02 10:00:00", on_time: "ONTIME", status: "Closed", subject: "Public Works Department", reason: "Street Lights", type: "Street Light Outages", department: "PWDx", queue: "q", neighborhood: "Roslindale", ward: "Ward 17", police_district: "B3", zip: "02131", lat: "42.28", lon: "-71.14", source: "Self Service", case_title: "Street Light Outages", closure_reason: '"Case Closed, resolved"', ...change };
    return header.split(",").map((name) => row[name]).join(",");
  };
  const rows = [
    good("1"),
    good("2", { opened: "yesterday" }),
    good("3", { type: "Nothing Like It" }),
    good("4", { lat: "142.28" }),
    good("5", { status: "Asleep" }),
    good("6", { closed: "" }),
    good("7", { closed: "2010-01-01 00:00:00" }),
    "8,too,short",
    good("1"),
    good("9"),
  ];
  for (const [kind, make] of await databases(t)) {
    await t.test(kind, async (t) => {
      const home = await folder(t);
      const file = path.join(home, "cases.csv");
      await writeFile(file, `${header}\n${rows.join("\n")}\n`);
      const rejects = path.join(home, "rejects.csv");
      const city = { data: path.join(home, "data"), database: await make() };
      const done = await run(importing(city, "--rejects", rejects, file));
      const said = JSON.parse(done.stdout);
      assert.notEqual(done.code, 0);
      assert.deepEqual([said.rows, said.imported, said.present, said.rejected], [10, 2, 1, 7]);
      const named = (await readFile(rejects, "utf8")).trim().split("\n").slice(1);
      assert.deepEqual(named.map((line) => Number(line.split(",")[0])), [3, 4, 5, 6, 7, 8, 9]);
      assert.match(named[0], /opened/);
      const missing = await run(importing(city, path.join(home, "none.csv")));
      assert.notEqual(missing.code, 0);
      assert.match(missing.stderr, /none\.csv/);
    });
  }
});
