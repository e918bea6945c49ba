// The demo hospitals as a process of their own, and requests signed as docs/how-to/connect-a-hospital.md has them.
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { sign } from "./department.mjs";
import { BIN, freePort, ROOT, SURROUNDINGS, until } from "./dipper.mjs";

/** Demo hospitals that can be killed and started again at the same address. */
export class Wards {
  #child;
  constructor(data, port, pace) {
    this.data = data;
    this.port = port;
    this.pace = pace;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async start(t, data, { pace = 2 } = {}) {
    const wards = new Wards(data, await freePort(), pace);
    t.after(() => wards.kill());
    await wards.start();
    return wards;
  }

  async start() {
    const args = ["demo", "hospital", "--data", this.data, "--listen", `127.0.0.1:${this.port}`, "--pack", "packs/demo", "--pace", String(this.pace)];
    this.#child = spawn(BIN, args, { cwd: ROOT, env: SURROUNDINGS, stdio: ["ignore", "ignore", "inherit"] });
    await until("the hospitals answer", () => fetch(`${this.url}/first_hospital/fhir/metadata`).then(({ ok }) => ok, () => false), 60_000);
  }

  async kill() {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  }

  secret(hospital = "first_hospital") {
    return readFileSync(path.join(this.data, "secrets", `${hospital}.secret`), "utf8").trim();
  }

  /** A signed request, as the city sends it. */
  async ask(method, target, { body, condition, hospital = "first_hospital", kind = "application/fhir+json" } = {}) {
    const [text, id] = [body === undefined ? "" : JSON.stringify(body), randomUUID()];
    const signature = sign(this.secret(hospital), `${method} ${target}\n${id}\n${condition ?? ""}\n${text}`);
    const headers = { "x-request-id": id, "x-hospital-signature": signature };
    if (body !== undefined) headers["content-type"] = kind;
    if (condition) headers["if-none-exist"] = condition;
    const answer = await fetch(`${this.url}/${hospital}/fhir/${target}`, { method, headers, body: body === undefined ? undefined : text });
    return { status: answer.status, resource: await answer.json() };
  }

  /** What happened, as the journal has it. */
  facts() {
    return readFileSync(path.join(this.data, "journal.jsonl"), "utf8").trim().split("\n").filter(Boolean).map((line) => JSON.parse(line));
  }

  /** Who asked for what, as the access log has it. */
  accesses() {
    return readFileSync(path.join(this.data, "access.jsonl"), "utf8").trim().split("\n").filter(Boolean).map((line) => JSON.parse(line));
  }
}

/**
 * Stands between the city and the hospitals and does to each answer what `lie` says: it is given the request's address below
 * `/fhir/`, the answer and a way to sign another one as the hospital would; honest while `lie` is undefined.
 */
export async function between(t, wards) {
  const middle = { lie: undefined, url: "" };
  const server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", async () => {
      const body = Buffer.concat(chunks);
      const { host, connection, "content-length": length, ...headers } = request.headers;
      const answer = await fetch(wards.url + request.url, { method: request.method, headers, body: body.length > 0 ? body : undefined });
      const signed = (status, text) => ({ status, body: Buffer.from(text), signature: sign(wards.secret(), `${status}\n${headers["x-hospital-signature"] ?? ""}\n${text}`) });
      // Links of pages must lead below the address that the city asks.
      const honest = signed(answer.status, (await answer.text()).replaceAll(wards.url, middle.url));
      const told = (await middle.lie?.(request.url.split("/fhir/")[1] ?? "", honest, signed)) ?? honest;
      response.writeHead(told.status, { "content-type": "application/fhir+json", ...(told.signature ? { "x-hospital-signature": told.signature } : {}) }).end(told.body);
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => (server.closeAllConnections(), new Promise((resolve) => server.close(resolve))));
  middle.url = `http://127.0.0.1:${server.address().port}`;
  return middle;
}
