// Uploaded files are scanned by a real clamd before they are read or kept, with a signature of our own and no other: what it
// finds is refused, and while it is away nothing is taken. Left out, and said, where clamd is not installed.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";
import { test } from "node:test";
import { folder, run, serve, until } from "../lib/dipper.mjs";
import { png, Visitor } from "../lib/visitor.mjs";

const CLAMD = ["/usr/sbin/clamd", "/usr/bin/clamd", "/usr/local/sbin/clamd"].find((path) => spawnSync(path, ["--version"]).status === 0);
const MARK = "dipper-e2e-malicious-mark";

/** A port that was free a moment ago. */
async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Starts clamd with one signature. */
async function clamd(t, home, { socket, port }) {
  const signatures = path.join(home, "signatures");
  await mkdir(signatures, { recursive: true });
  await writeFile(path.join(signatures, "own.ndb"), `Dipper.E2E.Mark:0:*:${Buffer.from(MARK).toString("hex")}\n`);
  const file = path.join(home, "clamd.conf");
  await writeFile(file, ["Foreground yes", `DatabaseDirectory ${signatures}`, `LocalSocket ${socket}`, "FixStaleSocket yes", `TCPSocket ${port}`, "TCPAddr 127.0.0.1", `TemporaryDirectory ${home}`, ""].join("\n"));
  const daemon = spawn(CLAMD, ["--config-file", file], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [daemon.stdout, daemon.stderr]) stream.on("data", (words) => (said += words));
  const gone = once(daemon, "exit");
  const stop = async () => {
    daemon.kill();
    await gone;
  };
  t.after(stop);
  return { stop, said: () => said };
}

async function send(visitor, bytes) {
  const form = new FormData();
  form.append("file", new Blob([bytes], { type: "image/png" }), "photo.png");
  const answer = await visitor.fetch("POST", "/evidence", { form });
  return { status: answer.status, retry: answer.headers.get("retry-after"), body: await answer.json() };
}

test("files are scanned first, and nothing is taken unscanned", { timeout: 300_000, skip: CLAMD ? false : "clamd is not installed (apt install clamav-daemon)" }, async (t) => {
  const home = await folder(t);
  const at = { socket: path.join(home, "clamd.sock"), port: await freePort() };
  const [unix, tcp] = [`unix:${at.socket}`, `tcp://127.0.0.1:${at.port}`];
  const data = path.join(home, "data");
  const check = (scan) => run(["config", "check", "--data", data, "--listen", "127.0.0.1:0"], { env: { DIPPER_SCAN: scan } });
  const server = await serve(t, { data, env: { DIPPER_SCAN: unix } });
  const visitor = new Visitor(server.base);
  const kept = async () => (await readdir(path.join(data, "evidence"), { recursive: true })).filter((name) => name.endsWith(".jpg")).length;

  await t.test("while it is away: 503, when to come again, nothing kept; the check of the configuration says so", async () => {
    const away = await send(visitor, png(1));
    assert.deepEqual([away.status, away.body.code, Number(away.retry) > 0, await kept()], [503, "scanner_away", true, 0]);
    assert.ok(!JSON.stringify(away.body).includes(home), "no path leaks");
    const checked = await check(unix);
    assert.notEqual(checked.code, 0);
    assert.match(checked.stderr, /scan: unix:.*does not answer.*uploads are refused/);
    assert.match((await check("clamd:3310")).stderr, /must be tcp:\/\/host:port or unix:\/path/);
  });

  const daemon = await clamd(t, home, at);
  await until("clamd", async () => (await check(unix)).stdout.includes("scan: clamd answers"), 60_000).catch((error) => {
    throw new Error(`${error.message}\n${daemon.said()}`);
  });

  await t.test("it answers the check over both kinds of address", async () => {
    for (const address of [unix, tcp]) assert.ok((await check(address)).stdout.includes(`scan: clamd answers at ${address}`));
  });

  await t.test("a clean picture is kept", async () => {
    const taken = await send(visitor, png(1));
    assert.deepEqual([taken.status, await kept()], [201, 2]);
  });

  await t.test("what it finds is refused, hidden in a picture or not, and not kept", async () => {
    for (const bytes of [Buffer.concat([png(2), Buffer.from(MARK)]), Buffer.from(MARK)]) {
      const found = await send(visitor, bytes);
      assert.deepEqual([found.status, found.body.code, await kept()], [422, "infected", 2]);
    }
    assert.match(server.log(), /scanner found something.*Dipper\.E2E\.Mark/);
  });

  await t.test("away again is refused again", async () => {
    await daemon.stop();
    assert.equal((await send(visitor, png(3))).status, 503);
    assert.equal(await kept(), 2);
  });
});
