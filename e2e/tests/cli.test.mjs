// The command line, as scripts use it.
import assert from "node:assert/strict";
import { cp, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { folder, must, ROOT, run, serve, SHARED, until } from "../lib/dipper.mjs";
import { PLACE } from "../lib/staff.mjs";
import { Visitor } from "../lib/visitor.mjs";

test("grid codes of every shared vector come out, and their cells hold the points", async (t) => {
  if (!SHARED) return t.diagnostic("skipped: no shared data");
  const lines = (await readFile(path.join(SHARED, "vectors/grid/beidou_2d.csv"), "utf8")).trim().split("\n").slice(1);
  const rows = lines.map((line) => line.split(","));
  let checked = 0;
  for (let level = 1; level <= 10; level++) {
    const mine = rows.filter((row) => Number(row[2]) === level);
    const input = mine.map(([lon, lat]) => `${lon},${lat}\n`).join("");
    const codes = (await must(["grid", "encode", "--level", String(level)], { input })).trim().split("\n");
    assert.deepEqual(codes, mine.map((row) => row[3]), `level ${level}`);
    const boxes = (await must(["grid", "decode"], { input: `${codes.join("\n")}\n` })).trim().split("\n");
    for (const [at, [lon, lat]] of mine.entries()) {
      const [west, south, east, north] = boxes[at].split(",").map(Number);
      // A point within a rounding error of an edge is taken over it.
      const slack = 1e-12;
      const across = west <= east ? west - slack <= lon && lon <= east + slack : lon >= west || lon <= east;
      assert.ok(across && south - slack <= lat && lat <= north + slack, `${lon},${lat} is not in ${codes[at]} = ${boxes[at]}`);
      checked += 1;
    }
  }
  assert.equal(checked, rows.length);
});

test("a line that is no point leaves its place empty and names its number", async () => {
  const done = await run(["grid", "encode", "--level", "7"], { input: "116.3913,39.9075\nnorth,1\n200,1\n116.3913,39.9075\n" });
  const lines = done.stdout.split("\n");
  assert.equal(done.code, 1);
  assert.deepEqual([lines[0], lines[1], lines[2], lines[3]], [lines[3], "", "", lines[0]]);
  assert.match(done.stderr, /line 2: .*north/);
  assert.match(done.stderr, /line 3: /);
  assert.equal((await run(["grid", "encode", "--level", "11"], { input: "" })).code, 1);
});

test("deadlines come out of both cities' calendars", async () => {
  const due = async (pack, limit, instant) => {
    const args = ["calendar", "due", "--pack", pack, "--calendar", "working", "--limit", limit];
    return Date.parse((await must(args, { input: `${instant}\n` })).trim());
  };
  // 瑶光市: a Friday afternoon and three working days, over a weekend.
  assert.equal(await due("packs/demo", "3 working_day", "2026-11-20T15:00:00+08:00"), Date.parse("2026-11-25T15:00:00+08:00"));
  // Boston: Independence Day 2011 was a Monday; the report came on the Saturday before.
  assert.equal(await due("packs/boston", "1 working_day", "2011-07-02T12:00:00-04:00"), Date.parse("2011-07-06T08:30:00-04:00"));
  // Thanksgiving 2011, 24 November.
  assert.equal(await due("packs/boston", "1 working_day", "2011-11-23T16:00:00-05:00"), Date.parse("2011-11-25T16:00:00-05:00"));
  const bad = await run(["calendar", "due", "--pack", "packs/demo", "--calendar", "working", "--limit", "3 lightyear"], { input: "" });
  assert.equal(bad.code, 1);
  assert.match(bad.stderr, /lightyear/);
});

test("every fault of a pack is told at once, with file and line", async (t) => {
  assert.equal((await run(["pack", "check", "packs/demo"])).code, 0);
  assert.equal((await run(["pack", "check", "packs/boston"])).code, 0);
  const copy = path.join(await folder(t), "pack");
  await cp(path.join(ROOT, "packs/demo"), copy, { recursive: true });
  const change = async (file, from, to) => {
    const text = await readFile(path.join(copy, file), "utf8");
    assert.ok(text.includes(from), `${file} has ${from}`);
    await writeFile(path.join(copy, file), text.replace(from, to));
  };
  await change("processes/urban_case.yaml", "to: verifying", "to: nowhere_at_all");
  await change("roles.yaml", "face: field", "face: sidewalk");
  await change("routing.yaml", "office: water_supply", "office: no_such_office");
  await change("calendars/working.yaml", "timezone:", "timezone_of:");
  const done = await run(["pack", "check", copy]);
  assert.equal(done.code, 1);
  for (const told of [/urban_case\.yaml:\d+.*nowhere_at_all/, /roles\.yaml:\d+.*sidewalk/, /routing\.yaml:\d+.*no_such_office/, /working\.yaml:\d+.*timezone/]) {
    assert.match(done.stderr, told);
  }
  const empty = await run(["pack", "check", await folder(t)]);
  assert.equal(empty.code, 1);
  assert.match(empty.stderr, /pack\.yaml/);
});

test("a receipt proves its event offline, and a changed one does not", async (t) => {
  const home = await folder(t);
  const data = path.join(home, "data");
  const server = await serve(t, { data });
  const visitor = new Visitor(server.base);
  const { case_no, secret } = await visitor.report({ category: "b0137", description: "灯不亮", ...PLACE });
  const report = await visitor.get(`/reports/${case_no}?secret=${secret}`);
  const event = report.timeline[0].event_id;
  const began = performance.now();
  const proof = await until("the receipt", async () => {
    const answer = await visitor.fetch("GET", `/receipts/${event}?secret=${secret}`);
    return answer.ok ? Buffer.from(await answer.arrayBuffer()) : undefined;
  });
  assert.ok(performance.now() - began < 2_000, "sealing lags less than two seconds");
  await server.stop();

  const file = path.join(home, "receipt.tlog-proof");
  await writeFile(file, proof);
  const good = await run(["verify", file, "--data", data, "--locale", "en"]);
  assert.equal(good.code, 0, good.stderr);
  assert.ok(good.stdout.includes(event), `it names the event: ${good.stdout}`);

  // One letter changed at a time, at places all over the file: none may pass as the same proof.
  const text = proof.toString("latin1");
  let refused = 0;
  for (let step = 0; step < 24; step++) {
    const at = Math.floor(((step + 0.5) / 24) * text.length);
    if (/\s/.test(text[at])) continue;
    const letter = text[at] === "A" ? "B" : "A";
    await writeFile(file, Buffer.from(text.slice(0, at) + letter + text.slice(at + 1), "latin1"));
    const bad = await run(["verify", file, "--data", data, "--locale", "en"]);
    assert.notEqual(bad.code, 0, `a change at byte ${at} passed:\n${bad.stdout}`);
    assert.notEqual(bad.stderr.trim(), "");
    refused += 1;
  }
  assert.ok(refused > 12);
  assert.match(await must(["ledger", "verify", "--data", data]), /entries/);
});

test("the configuration says what is in force, and what cannot work", async (t) => {
  const home = await folder(t);
  const file = path.join(home, "dipper.toml");
  await writeFile(file, 'listen = "127.0.0.1:0"\npack = "packs/boston"\nlog = "warn"\n');
  const shown = JSON.parse(await must(["config", "check", "--config", file, "--data", path.join(home, "d")], { env: { DIPPER_LOG: "debug" } }));
  assert.equal(shown.pack, "packs/boston");
  // The environment goes before the file, and flags before both.
  assert.equal(shown.log, "debug");
  const flag = JSON.parse(await must(["config", "check", "--config", file, "--data", path.join(home, "d"), "--log", "error"], { env: { DIPPER_LOG: "debug" } }));
  assert.equal(flag.log, "error");
  await writeFile(file, 'listen = "127.0.0.1:0"\nno_such_setting = 1\n');
  const unknown = await run(["config", "check", "--config", file]);
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /no_such_setting/);
  const wrong = await run(["config", "check", "--listen", "127.0.0.1:0", "--data", path.join(home, "d"), "--pack", path.join(home, "none")]);
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /pack/);
});
