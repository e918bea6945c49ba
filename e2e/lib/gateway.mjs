// The demo payment gateway as a process of its own.
import { spawn } from "node:child_process";
import { BIN, freePort, ROOT, SURROUNDINGS, until } from "./dipper.mjs";

/** Starts the gateway, which tells the city at `city` of payments. */
export async function gateway(t, data, city) {
  const url = `http://127.0.0.1:${await freePort()}`;
  const args = ["demo", "gateway", "--data", data, "--listen", url.slice("http://".length), "--city", city, "--repeat", "2"];
  const child = spawn(BIN, args, { cwd: ROOT, env: SURROUNDINGS, stdio: ["ignore", "ignore", "inherit"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  t.after(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  await until("the gateway answers", () => fetch(`${url}/sums`).then(({ ok }) => ok, () => false), 60_000);
  return { url };
}
