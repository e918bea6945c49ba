// The ledger before witnesses, ours and other people's, over the network of the machine itself.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { BIN, folder, freePort, must, ROOT, run, serve, SURROUNDINGS, until } from "../lib/dipper.mjs";
import { databases } from "../lib/postgres.mjs";
import { CATEGORY, PLACE } from "../lib/staff.mjs";
import { Visitor } from "../lib/visitor.mjs";

const execute = promisify(execFile);
const PYTHON = path.join(ROOT, "e2e/.venv/bin/python");

async function python(script, ...args) {
  const { stdout } = await execute(PYTHON, [path.join(ROOT, "e2e/clients", script), ...args.map(String)], { timeout: 60_000 });
  return JSON.parse(stdout);
}

/** Starts a program that serves on a port of its own and waits until it answers there. */
async function start(t, program, args, port, ask = "/key") {
  const child = spawn(program, args, { cwd: ROOT, env: { ...SURROUNDINGS, NO_PROXY: "127.0.0.1" }, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += chunk));
  const ended = new Promise((resolve) => child.on("exit", (code) => resolve(code)));
  const server = { base: `http://127.0.0.1:${port}`, log: () => said, ended, stop: (signal = "SIGTERM") => (child.kill(signal), ended) };
  t.after(() => server.stop("SIGKILL"));
  await until(`${path.basename(program)} answers:\n${said}`, () => fetch(server.base + ask).then((answer) => answer.status < 500, () => false));
  return server;
}

/** Our own witness in a fresh folder, for logs that may be told later. */
async function ourWitness(t, name) {
  const data = path.join(await folder(t), name);
  const key = (await must(["witness", "init", "--data", data, "--name", `${name}.example`])).trim();
  const config = path.join(data, "..", `${name}.policy`);
  const port = await freePort();
  return {
    data,
    key,
    url: `http://127.0.0.1:${port}`,
    async start(logKeys) {
      await writeFile(config, logKeys.map((log) => `log ${log}\n`).join("") + "quorum none\n");
      return start(t, BIN, ["witness", "serve", "--data", data, "--listen", `127.0.0.1:${port}`, "--config", config], port);
    },
  };
}

/** The witness of PyPI `aics-witness`. */
async function theirWitness(t, logKeys) {
  const home = await folder(t);
  const port = await freePort();
  const flags = ["-m", "aics_witness"];
  const config = ["--config", path.join(home, "witness.json")];
  const { stdout } = await execute(PYTHON, [...flags, "init", ...config, "--name", "theirs.example", "--listen", `127.0.0.1:${port}`]);
  const key = /\S+\+[0-9a-f]{8}\+\S+/.exec(stdout)[0];
  for (const log of logKeys) await execute(PYTHON, [...flags, "add-log", ...config, "--origin", log.split("+")[0], "--vkey", log]);
  await start(t, PYTHON, [...flags, "serve", ...config], port, "/healthz");
  return { key, url: `http://127.0.0.1:${port}` };
}

const originHash = (origin) => createHash("sha256").update(origin).digest("hex");

test("a log of aics-tlog asks our witness: every status of the specification", async (t) => {
  const witness = await ourWitness(t, "ours");
  const log = await python("probe_witness.py", "key");
  const server = await witness.start([log]);
  assert.equal((await (await fetch(`${server.base}/key`)).text()).trim(), witness.key);
  assert.deepEqual(await python("probe_witness.py", "ask", witness.url, witness.key), {
    "nothing cosigned yet": 404,
    "1 not a request": 400,
    "2 a number with a leading zero": 400,
    "3 64 proof lines": 400,
    "4 too large": 413,
    "5 another log": 404,
    "6 another key": 403,
    "7 a false line of the log's key": 403,
    "8 old beyond the size": 400,
    "9 an old size before any": [409, "0"],
    "10 an empty log with another root": 422,
    "11 a proof from nothing": 422,
    "12 the first": 200,
    "the line": true,
    "13 the same again": 200,
    "14 another old size": [409, "10"],
    "15 a wrong proof": 422,
    "16 a fork at a larger size": 422,
    "17 a fork at the same size": 422,
    shown: true,
    client: [true, true, true],
  });
  const kept = await readdir(path.join(witness.data, "evidence", originHash("log.example/probe")));
  // One beside the true tree of 20 that came with a wrong proof, one beside the tree of 10 that was cosigned.
  assert.equal(kept.filter((name) => name.includes("-fork-") && name.endsWith(".request")).length, 2, kept.join(" "));
  await t.test("it remembers over kill -9, and a lost state retires the key", async (t) => {
    await server.stop("SIGKILL");
    const again = await witness.start([log]);
    const shown = await fetch(`${again.base}/${originHash("log.example/probe")}/checkpoint`);
    assert.match(await shown.text(), /^log\.example\/probe\n300\n/);
    assert.equal(await again.stop(), 0, "SIGTERM ends it in order");
    await rm(path.join(witness.data, "state", originHash("log.example/probe")));
    const refused = await run(["witness", "serve", "--data", witness.data, "--listen", "127.0.0.1:0", "--config", path.join(witness.data, "../ours.policy")]);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /retire this key/);
  });
});

test("a city publishes once its quorum has cosigned, and outsiders verify it", async (t) => {
  for (const [kind, make] of await databases(t)) {
    await t.test(kind, async (t) => {
      const home = await folder(t);
      const city = { data: path.join(home, "data"), database: await make(), env: { NO_PROXY: "127.0.0.1" } };
      // The city begins without witnesses; they learn its keys from it.
      const alone = await serve(t, city);
      const logs = ["", "/city_urban", "/drainage", "/tianquan-command"];
      const keys = [];
      for (const log of logs) keys.push((await until(log, async () => { const answer = await fetch(`${alone.base}/ledger${log}/key`); return answer.ok && answer.text(); })).trim());
      const origin = keys[0].split("+")[0];
      const file = (base) => new Visitor(base).post("/reports", { category: CATEGORY, description: "路灯不亮", ...PLACE, evidence: [] });
      const head = async (base) => {
        const answer = await fetch(`${base}/ledger/checkpoint`);
        return answer.ok ? Number((await answer.text()).split("\n")[1]) : 0;
      };
      await file(alone.base);
      await until("published alone", async () => (await head(alone.base)) === 2);
      assert.equal((await alone.stop()).code, 0);

      const [ours, theirs, third] = [await ourWitness(t, "ours"), await theirWitness(t, keys), await ourWitness(t, "third")];
      const running = await ours.start(keys);
      const policy = path.join(home, "city.policy");
      await writeFile(policy, [
        ...keys.map((key, at) => `log ${key} http://city.example/ledger${logs[at]}`),
        `witness ours ${ours.key} ${ours.url}`,
        `witness theirs ${theirs.key} ${theirs.url}`,
        `witness third ${third.key} ${third.url}`,
        "group watch 2 ours theirs third",
        "quorum watch",
        "",
      ].join("\n"));
      const watched = await serve(t, { ...city, env: { ...city.env, DIPPER_LEDGER_POLICY: policy } });
      await until("what was published alone is cosigned", async () => (await (await fetch(`${watched.base}/ledger/checkpoint`)).text()).split("\u2014").length === 1 + 3);
      await file(watched.base);
      await until("published with a quorum", async () => (await head(watched.base)) === 4);
      const read = await python("read_ledger.py", `${watched.base}/ledger`, keys[0], 2, ours.key, theirs.key, third.key);
      assert.deepEqual([read.ok, read.size, read.error], [true, 4, null]);

      // What the witnesses are is there for who checks a receipt.
      assert.equal(await (await fetch(`${watched.base}/ledger/policy`)).text(), await readFile(policy, "utf8"));

      await t.test("an auditor follows it and compares the witnesses", async () => {
        const audit = () => run(["ledger", "audit", `${watched.base}/ledger`, "--policy", policy, "--state", path.join(home, "audit"), "--locale", "en"], { env: city.env });
        const first = await audit();
        assert.equal(first.code, 0, first.stderr);
        assert.match(first.stdout, /4 entries.*first visit.*cosigned by ours, theirs/);
        assert.match(first.stdout, /ours: has seen 4 entries/);
        assert.match(first.stdout, /theirs: has seen 4 entries/);
        assert.match(first.stdout, /third: could not be compared/);
        await file(watched.base);
        await until("one more", async () => (await head(watched.base)) === 6);
        const second = await audit();
        assert.equal(second.code, 0, second.stderr);
        assert.match(second.stdout, /still begins with the 4 entries/);
        const elsewhere = await run(["ledger", "audit", `${watched.base}/open311`, "--state", path.join(home, "audit")], { env: city.env });
        assert.equal(elsewhere.code, 1);
        assert.match(elsewhere.stderr, /无法读取/);
      });

      await t.test("without a quorum the old checkpoint stays; with one it goes on by itself", async () => {
        await running.stop();
        const before = await head(watched.base);
        const began = performance.now();
        await file(watched.base);
        assert.ok(performance.now() - began < 2_000, "a report does not wait for witnesses");
        await until("said so", async () => /signed but not published/.test(watched.log()));
        assert.equal(await head(watched.base), before);
        const gauges = await (await fetch(`${watched.base}/metrics`)).text();
        assert.match(gauges, /^dipper_ledger_unpublished_entries 2$/m);
        assert.match(gauges, /^dipper_ledger_cosignatures 2$/m);
        await third.start(keys);
        await until("published with the third", async () => (await head(watched.base)) === before + 2, 30_000);
        await wait(50);
      });
      assert.equal((await watched.stop()).code, 0);
      const flags = ["--data", city.data, ...(city.database ? ["--database-url", city.database] : [])];
      const verified = await must(["ledger", "verify", ...flags]);
      assert.match(verified, new RegExp(`${origin.replaceAll(".", "\\.")}: 8 entries`));
      assert.ok(!existsSync(path.join(city.data, "ledger/staging")), "nothing is under way");
      assert.match(await readFile(path.join(city.data, "ledger/checkpoint"), "utf8"), /third\.example/);
    });
  }
});
