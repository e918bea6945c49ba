// Somebody who speaks the API: keeps the session cookie and the token every change needs.
import { deflateSync } from "node:zlib";
import { randomUUID } from "node:crypto";

/** An answer that was not 2xx. */
export class Refusal extends Error {
  constructor(method, path, status, body) {
    super(`${method} ${path} → ${status} ${JSON.stringify(body)}`);
    this.status = status;
    this.body = body;
  }
}

export class Visitor {
  #cookie = "";
  #token = "";
  constructor(base) {
    this.base = base;
  }

  /** The raw answer. */
  async fetch(method, path, { body, headers = {}, form } = {}) {
    const all = {};
    if (this.#cookie) all["cookie"] = this.#cookie;
    if (this.#cookie && method !== "GET") all["x-csrf-token"] = this.#token;
    if (body !== undefined) all["content-type"] = "application/json";
    // What the caller says wins: a test may lie.
    Object.assign(all, headers);
    const url = path.startsWith("/api/") || path.startsWith("/sta/") || path.startsWith("/open311") || path.startsWith("/ledger") || path === "/healthz" || path === "/metrics" ? path : `/api/v1${path}`;
    const answer = await fetch(this.base + url, { method, headers: all, body: form ?? (body === undefined ? undefined : JSON.stringify(body)), redirect: "manual" });
    const set = answer.headers.getSetCookie().find((line) => line.startsWith("dipper_session="));
    if (set) this.#cookie = set.split(";")[0];
    return answer;
  }

  /** The parsed answer, or a Refusal. */
  async send(method, path, options) {
    const answer = await this.fetch(method, path, options);
    const text = await answer.text();
    const isJson = answer.headers.get("content-type")?.includes("json");
    const body = isJson && text ? JSON.parse(text) : text;
    if (!answer.ok) throw new Refusal(method, path, answer.status, body);
    return body;
  }

  get(path) {
    return this.send("GET", path);
  }

  post(path, body, headers) {
    return this.send("POST", path, { body, headers });
  }

  async signIn({ login, password }) {
    const session = await this.post("/session", { login, password });
    this.#token = session.csrf_token;
    return session;
  }

  /** Files a report; the key makes a repeat harmless. */
  report(input, key = randomUUID()) {
    return this.post("/reports", { evidence: [], ...input }, { "idempotency-key": key });
  }

  /** Sends a picture and answers with its id. */
  async picture(seed = Math.floor(Math.random() * 1e9), headers = {}) {
    const form = new FormData();
    form.append("file", new Blob([png(seed)], { type: "image/png" }), "photo.png");
    return (await this.send("POST", "/evidence", { form, headers })).id;
  }

  /** Takes an action on a case. */
  act(caseId, action, answers = {}, version) {
    return this.post(`/cases/${caseId}/actions/${action}`, version === undefined ? { answers } : { answers, version });
  }
}

/** A PNG of coloured noise, different for every seed. */
export function png(seed, width = 320, height = 240) {
  let state = (seed >>> 0) || 1;
  const next = () => ((state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) >>> 24);
  const base = [next(), next(), next()];
  const rows = Buffer.alloc((width * 3 + 1) * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * (width * 3 + 1) + 1 + x * 3;
      for (let c = 0; c < 3; c++) rows[at + c] = (base[c] + ((x >> 4) ^ (y >> 4)) * 6 + (next() & 7)) & 255;
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), chunk("IHDR", header), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

const CRC = Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});

function chunk(kind, data) {
  const body = Buffer.concat([Buffer.from(kind, "latin1"), data]);
  let crc = 0xffffffff;
  for (const byte of body) crc = CRC[(crc ^ byte) & 255] ^ (crc >>> 8);
  const framed = Buffer.alloc(8 + body.length);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE((crc ^ 0xffffffff) >>> 0, 4 + body.length);
  return framed;
}
