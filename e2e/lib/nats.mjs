// A NATS server with JetStream of a test's own.
import { spawn } from "node:child_process";
import { connect } from "node:net";
import path from "node:path";
import { freePort, until } from "./dipper.mjs";

const listens = (port) =>
  new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.on("connect", () => resolve(true) || socket.destroy());
    socket.on("error", () => resolve(false));
  });

/** Starts one; undefined where `nats-server` is not installed. */
export async function nats(t, folder) {
  const port = await freePort();
  let child;
  const start = async () => {
    child = spawn("nats-server", ["-a", "127.0.0.1", "-p", String(port), "-js", "-sd", path.join(folder, "nats")], { stdio: "ignore" });
    const failed = new Promise((resolve) => child.once("error", resolve));
    const isUp = until("nats-server listens", () => listens(port));
    return (await Promise.race([failed, isUp])) === true;
  };
  const kill = () =>
    new Promise((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) return resolve();
      child.once("exit", resolve);
      child.kill("SIGKILL");
    });
  if (!(await start())) return undefined;
  t.after(kill);
  return { url: `nats://127.0.0.1:${port}`, kill, start };
}
