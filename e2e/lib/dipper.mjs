// Starting and stopping the real program, each time on a folder and a port of its own.
import { execFile, spawn } from "node:child_process";
import { createWriteStream, existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** The repository's root. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url)).replace(/\/$/, "");
/** The program under test. */
export const BIN = path.resolve(process.env["DIPPER_BIN"] ?? path.join(ROOT, "target/debug/dipper"));
/** The folder of shared data beside the repository; absent on a plain clone. */
export const SHARED = existsSync(path.join(ROOT, "../shared/data")) ? path.join(ROOT, "../shared") : undefined;

/** Our own surroundings without anything that would set the program up. */
export const SURROUNDINGS = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("DIPPER_")));

if (!existsSync(BIN)) throw new Error(`there is no program at ${BIN}: set DIPPER_BIN`);

/** A fresh folder that is gone after the test. */
export async function folder(t, name = "dipper") {
  const made = await mkdtemp(path.join(tmpdir(), `${name}-e2e-`));
  t.after(() => rm(made, { recursive: true, force: true, maxRetries: 5 }));
  return made;
}

/** Runs a command to its end. Never throws for an exit code: what it was is part of the answer. */
export function run(args, { input = "", cwd = ROOT, env = {}, wrap = [], timeout_ms = 120_000 } = {}) {
  const [program, ...before] = [...wrap, BIN];
  return new Promise((resolve, reject) => {
    const options = { cwd, env: { ...SURROUNDINGS, ...env }, maxBuffer: 1 << 28, timeout: timeout_ms };
    const child = execFile(program, [...before, ...args], options, (error, stdout, stderr) => {
      if (error && typeof error.code !== "number" && !error.signal) return reject(error);
      resolve({ code: error ? error.code ?? -1 : 0, signal: error?.signal ?? undefined, stdout, stderr });
    });
    // A command that does not read its input may be gone before it is written.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}

/** Runs a command that must succeed. */
export async function must(args, options) {
  const done = await run(args, options);
  if (done.code !== 0) throw new Error(`dipper ${args.join(" ")} ended with ${done.code ?? done.signal}:\n${done.stderr}${done.stdout}`);
  return done.stdout;
}

/** A port nobody listens on now. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/**
 * Starts `dipper serve` and waits for its first answer.
 *
 * `wrap` is a command in front (strace, a shell with limits); the program itself is then found by its parent.
 */
export async function serve(t, { data, pack = "packs/demo", database, args = [], env = {}, wrap = [], ready_ms = 60_000, port: wanted } = {}) {
  const port = wanted ?? (await freePort());
  const base = `http://127.0.0.1:${port}`;
  const flags = ["serve", "--data", data, "--pack", pack, "--listen", `127.0.0.1:${port}`, ...args];
  if (database) flags.push("--database-url", database);
  const [program, ...before] = [...wrap, BIN];
  const child = spawn(program, [...before, ...flags], { cwd: ROOT, env: { ...SURROUNDINGS, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  const log = createWriteStream(path.join(data, "..", `${path.basename(data)}.log`), { flags: "a" });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.pipe(log, { end: false });
    stream.on("data", (chunk) => (said = (said + chunk).slice(-20_000)));
  }
  const ended = new Promise((resolve) => child.on("exit", (code, signal) => resolve({ code, signal })));
  const server = {
    base,
    port,
    data,
    pid: child.pid,
    log: () => said,
    ended,
    /** Asks it to stop and says how it ended. */
    async stop(signal = "SIGTERM") {
      if (child.exitCode === null && child.signalCode === null) process.kill(await servingPid(child.pid, wrap), signal);
      return ended;
    },
    /** Takes its life, as a power failure would take the process's. */
    kill() {
      return this.stop("SIGKILL");
    },
  };
  t?.after(() => server.stop("SIGKILL").catch(() => {}));
  const began = performance.now();
  while (performance.now() - began < ready_ms) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`dipper serve ended at its start:\n${said}`);
    const answer = await fetch(`${base}/healthz`).catch(() => undefined);
    if (answer?.ok) {
      server.ready_ms = performance.now() - began;
      return server;
    }
    await wait(20);
  }
  await server.kill();
  throw new Error(`dipper serve did not answer within ${ready_ms} ms:\n${said}`);
}

/** The program's own pid below a wrapper. */
async function servingPid(pid, wrap) {
  if (wrap.length === 0) return pid;
  for (let at = pid; ; ) {
    const children = (await readFile(`/proc/${at}/task/${at}/children`, "utf8").catch(() => "")).trim().split(" ").filter(Boolean);
    if (children.length === 0) return at;
    at = Number(children[0]);
  }
}

/** Makes a staff account: `posts` are `role:office:region`. */
export async function addUser({ data, pack = "packs/demo", database }, login, posts, password = "a long enough word") {
  const args = ["user", "add", "--data", data, "--pack", pack, "--login", login, "--name", login, ...posts.flatMap((post) => ["--post", post])];
  await must(database ? [...args, "--database-url", database] : args, { input: `${password}\n` });
  return { login, password };
}

/** Tries again until the answer is true: for what is promised within a time, not at once. */
export async function until(what, ask, within_ms = 15_000) {
  const began = performance.now();
  let last;
  while (performance.now() - began < within_ms) {
    last = await ask();
    if (last) return last;
    await wait(50);
  }
  throw new Error(`not within ${within_ms} ms: ${what}`);
}
