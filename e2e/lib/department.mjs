// The demo departments as a process of their own, and a department that lies.
import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { BIN, freePort, ROOT, SURROUNDINGS } from "./dipper.mjs";

const HEADER = "x-department-signature";

/** The signature of a body, as docs/how-to/connect-a-department.md has it. */
export function sign(secret, body, seconds = Math.floor(Date.now() / 1000)) {
  return `t=${seconds},v1=${createHmac("sha256", secret).update(`${seconds}.`).update(body).digest("hex")}`;
}

/** The secret of a source. */
export function secretOf(data, source) {
  return readFileSync(path.join(data, "secrets", `${source}.secret`), "utf8").trim();
}

/** Starts the departments, on the port they had before if one is given. `people` are the fictional people to be. */
export async function department(t, data, port) {
  const at = port ?? (await freePort());
  const child = spawn(BIN, ["demo", "department", "--data", data, "--listen", `127.0.0.1:${at}`, "--pack", "packs/demo"], { cwd: ROOT, env: SURROUNDINGS, stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.on("exit", resolve));
  const kill = async () => {
    child.kill("SIGKILL");
    await ended;
  };
  t.after(kill);
  let said = "";
  await new Promise((resolve, reject) => {
    child.on("exit", () => reject(new Error("the departments ended at their start")));
    child.stdout.on("data", (chunk) => {
      said += chunk;
      if (said.split("\n").length > 13) resolve();
    });
  });
  const people = said.split("\n").slice(1, 5).map((line) => line.trim().split(" ")).map(([name, id_number]) => ({ name, id_number }));
  const children = said.split("\n").slice(9, 13).map((line) => line.trim().split(" ")).map(([name, id_number]) => ({ name, id_number }));
  return { url: `http://127.0.0.1:${at}`, port: at, people, children, kill };
}

/** Asks a department directly, as somebody who goes round the city would who has its secret. */
export async function askDirectly(url, data, source, ask) {
  const body = JSON.stringify({ source, ...ask });
  const headers = { "content-type": "application/json", [HEADER]: sign(secretOf(data, source), body) };
  return fetch(`${url}/${source}/v1/ask`, { method: "POST", headers, body });
}

/** A department on a port that answers every question with what `lie` makes of an honest answer. */
export async function liar(t, data, port, lie) {
  const server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", async () => {
      const ask = JSON.parse(Buffer.concat(chunks));
      const known = { name: ask.subject.name, id_number: ask.subject.id_number, account: "70009999", balance_yuan: 1, status: "single" };
      const honest = { request_id: ask.request_id, source: ask.source, as_of: new Date().toISOString(), values: Object.fromEntries(ask.fields.map((field) => [field, known[field]])) };
      // A register of guardians lists children in the place of values.
      if (ask.source === "guardians") {
        delete honest.values;
        honest.records = [];
      }
      const { body, signature } = await lie(honest, secretOf(data, ask.source));
      response.writeHead(200, { "content-type": "application/json", [HEADER]: signature }).end(body);
    });
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  const stop = () => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve)));
  t.after(stop);
  return stop;
}
