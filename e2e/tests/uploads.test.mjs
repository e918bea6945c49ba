// Resumable uploads, by clients that others wrote: a server killed in the middle, a digest that holds, memory that does not grow.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, readFile, readdir, stat, writeFile } from "node:fs/promises";
import { request } from "node:http";
import path from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { Upload } from "tus-js-client";
import { ROOT, addUser, folder, freePort, serve, until } from "../lib/dipper.mjs";
import { Visitor } from "../lib/visitor.mjs";

const MB = 1_048_576;
const python = path.join(ROOT, "e2e/.venv/bin/python");

/** A file of noise, and its SHA-256. */
async function noise(at, megabytes) {
  const digest = createHash("sha256");
  const file = await open(at, "w");
  for (let done = 0; done < megabytes; done++) {
    const piece = randomBytes(MB);
    digest.update(piece);
    await file.write(piece);
  }
  await file.close();
  return digest.digest("hex");
}

async function digestOf(at) {
  const digest = createHash("sha256");
  for await (const piece of createReadStream(at)) digest.update(piece);
  return digest.digest("hex");
}

/** A figure of a process's memory, MB. */
async function memory(pid, name) {
  return Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(await readFile(`/proc/${pid}/status`, "utf8"))[1]) / 1_024;
}

/** Begins to watch a process's memory: the answer says how much more than now it had at its peak, MB. */
async function watch(pid) {
  // 5 sets the peak (VmHWM) back to what is held now.
  await writeFile(`/proc/${pid}/clear_refs`, "5");
  const held = await memory(pid, "VmRSS");
  return async () => (await memory(pid, "VmHWM")) - held;
}

/** What a session sends with each request: the cookie and its token. */
async function session(base, account) {
  const answer = await fetch(`${base}/api/v1/session`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(account) });
  assert.equal(answer.status, 200);
  return { cookie: answer.headers.getSetCookie()[0].split(";")[0], "x-csrf-token": (await answer.json()).csrf_token };
}

/** Sends a file; `onProgress` hears how far it is. */
function send(base, headers, file, options = {}) {
  return new Promise((resolve, reject) => {
    const upload = new Upload(file, {
      endpoint: `${base}/api/v1/uploads`,
      headers,
      metadata: { filename: "flight.mp4", note: "钟楼" },
      retryDelays: [200, 400, 800, 1_600, ...Array.from({ length: 20 }, () => 3_000)],
      ...options,
      onError: reject,
      onSuccess: () => resolve(upload),
    });
    upload.start();
  });
}

test("a large file is sent through a killed server, in bounded memory", { timeout: 600_000 }, async (t) => {
  const at = await folder(t);
  const city = { data: path.join(at, "data"), port: await freePort() };
  const account = await addUser(city, "flier", ["dispatcher:command_centre:yaoguang"]);
  let server = await serve(t, city);
  const headers = await session(server.base, account);
  const kept = (url) => path.join(city.data, "uploads", url.split("/").at(-1));
  const file = path.join(at, "flight.mp4");
  const sha256 = await noise(file, 384);

  await t.test("a server killed in the middle goes on where it was", async () => {
    const growth = await watch(server.pid);
    let killed;
    const offsets = [];
    const upload = await send(server.base, headers, createReadStream(file), {
      uploadSize: 384 * MB,
      chunkSize: 48 * MB,
      onProgress: (sent) => {
        if (killed || sent < 150 * MB) return;
        killed = (async () => {
          const grew = await growth();
          await server.kill();
          server = await serve(t, city);
          return grew;
        })();
      },
      onBeforeRequest: (request) => void offsets.push(`${request.getMethod()} ${request.getHeader("Upload-Offset") ?? ""}`.trim()),
    });
    const grew = await killed;
    assert.ok(offsets.filter((asked) => asked === "HEAD").length >= 1, offsets.join(", "));
    assert.equal((await stat(kept(upload.url))).size, 384 * MB);
    assert.equal(await digestOf(kept(upload.url)), sha256);
    t.diagnostic(`requests: ${offsets.join(", ")}; before the kill ${grew.toFixed(1)} MB more at the peak`);
    assert.ok(grew < 64, `${grew} MB`);
  });

  await t.test("one request of the whole file takes no more memory", async () => {
    const growth = await watch(server.pid);
    const began = performance.now();
    const upload = await send(server.base, headers, createReadStream(file), { uploadSize: 384 * MB });
    const took_s = (performance.now() - began) / 1_000;
    const grew = await growth();
    t.diagnostic(`384 MB in ${took_s.toFixed(1)} s, ${grew.toFixed(1)} MB more at the peak`);
    assert.ok(grew < 64, `${grew} MB`);
    assert.equal(await digestOf(kept(upload.url)), sha256);
    await upload.abort(true);
    await assert.rejects(stat(kept(upload.url)), { code: "ENOENT" });
  });

  await t.test("tuspy sends with checksums", async () => {
    const small = path.join(at, "a.jpg");
    const digest = await noise(small, 12);
    const { stdout } = await promisify(execFile)(python, [path.join(ROOT, "e2e/clients/send_upload.py"), server.base, small, JSON.stringify(headers)]);
    assert.equal(await digestOf(kept(stdout.trim())), digest);
  });

  await t.test("a piece under way does not keep the server from stopping, and what came of it is kept", async () => {
    const tus = { ...headers, "tus-resumable": "1.0.0" };
    const begun = await fetch(`${server.base}/api/v1/uploads`, { method: "POST", headers: { ...tus, "upload-length": String(8 * MB) } });
    const url = server.base + begun.headers.get("location");
    const slow = request(url, { method: "PATCH", headers: { ...tus, "upload-offset": "0", "content-type": "application/offset+octet-stream", "content-length": 8 * MB } });
    slow.on("error", () => {});
    slow.write(randomBytes(MB));
    await until("the first part is there", async () => (await stat(kept(url)).catch(() => ({ size: 0 }))).size === MB);
    const second = await fetch(url, { method: "HEAD", headers: tus });
    assert.equal(second.status, 423, "how far it is is not sure yet");
    const began = performance.now();
    const { code } = await server.stop();
    assert.equal(code, 0);
    assert.ok(performance.now() - began < 5_000);
    slow.destroy();
    server = await serve(t, city);
    const stands = await fetch(url, { method: "HEAD", headers: tus });
    assert.deepEqual([stands.status, stands.headers.get("upload-offset")], [200, String(MB)]);
    const removed = await fetch(url, { method: "DELETE", headers: tus });
    assert.equal(removed.status, 204);
  });

  await t.test("who may not is refused, and nothing is left", async () => {
    const visitor = new Visitor(server.base);
    const answer = await visitor.fetch("POST", "/uploads", { headers: { "tus-resumable": "1.0.0", "upload-length": "5" } });
    assert.equal(answer.status, 401);
    assert.equal((await readdir(path.join(city.data, "uploads"))).length, 2);
  });
});
