// Many devices of the fictional city at once: registered through the API, and asked for what was kept of them.
import { setTimeout as wait } from "node:timers/promises";
import { freePort, serve } from "./dipper.mjs";

/** Where devices stand. */
export const HERE = { lon: 112.8961, lat: 32.5087 };

/** A city that listens to devices; `mqtt` is the port. */
export async function listening(t, city, { mqtt, args = [], ...more } = {}) {
  const port = mqtt ?? (await freePort());
  const server = await serve(t, { ...city, args: ["--mqtt", `127.0.0.1:${port}`, ...args], ...more });
  return Object.assign(server, { mqtt: port });
}

/** Asks a city to stop; it has to be gone in time, whatever is connected. */
export async function stopped(server, within_ms = 20_000) {
  const ended = await Promise.race([server.stop(), wait(within_ms, undefined, { ref: false })]);
  if (ended?.code !== 0) throw new Error(`SIGTERM: ${ended ? `ended with ${ended.code}` : `still there after ${within_ms} ms`}\n${server.log()}`);
}

/** Registers devices of a class, some at a time; their passwords by name. */
export async function registerAll(admin, ofClass, names, atATime = 32) {
  const passwords = new Map();
  const left = names[Symbol.iterator]();
  const one = async () => {
    for (const id of left) {
      const { password } = await admin.post("/devices", { id, class: ofClass, ...HERE });
      passwords.set(id, password);
    }
  };
  await Promise.all(Array.from({ length: atATime }, one));
  return passwords;
}

/** Every reading that is kept of a property, `[milliseconds, value]`, as SensorThings lists them page by page. */
export async function readingsOf(reader, device, property) {
  const { value: streams } = await reader.get(`/sta/v1.1/Things('${device}')/Datastreams`);
  const stream = streams.find((one) => one.properties.property === property);
  if (!stream) throw new Error(`${device} measures no ${property}`);
  const found = [];
  let next = `/sta/v1.1/Datastreams(${stream["@iot.id"]})/Observations?$select=phenomenonTime,result&$orderby=phenomenonTime&$top=1000`;
  while (next) {
    const page = await reader.get(next);
    found.push(...page.value.map(({ phenomenonTime, result }) => [Date.parse(phenomenonTime), result]));
    next = page["@iot.nextLink"]?.replace(/^https?:\/\/[^/]+/, "");
  }
  return found;
}
