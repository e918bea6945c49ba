// A camera: an ffmpeg that draws moving pictures and gives them, over RTMP, to one who comes for them; again when they left.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { cp, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { folder, freePort, ROOT } from "./dipper.mjs";

const execute = promisify(execFile);

/** Whether this machine has what draws and fetches pictures. */
export const HAS_FFMPEG = await execute("ffmpeg", ["-version"]).then(() => true, () => false);

/** Whether it has a server of RTSP that is not ours. */
export const HAS_RTSP = await execute("/usr/bin/python3", ["-c", 'import gi; gi.require_version("GstRtspServer", "1.0")']).then(() => true, () => false);

/** The demo city, whose cameras are recorded in files of ten seconds. */
export async function quickPack(t) {
  const pack = path.join(await folder(t), "pack");
  await cp(path.join(ROOT, "packs/demo"), pack, { recursive: true });
  const file = path.join(pack, "devices.yaml");
  const text = await readFile(file, "utf8");
  const quick = text.replace("segment_seconds: 60", "segment_seconds: 10");
  assert.notEqual(quick, text);
  await writeFile(file, quick);
  return pack;
}

/** A camera that speaks RTSP over TCP and asks for name and password (Digest): the part of its address after both. */
export async function rtspCamera(t, name, password) {
  const port = await freePort();
  const child = spawn("/usr/bin/python3", [path.join(ROOT, "e2e/clients/rtsp_camera.py"), String(port), name, password], { stdio: "ignore" });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  t.after(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  return `127.0.0.1:${port}/ch1`;
}

export class Camera {
  #child;
  #on = false;

  constructor(t, port) {
    this.port = port;
    this.address = `rtmp://viewer:s3cret-word@127.0.0.1:${port}/live/s3cret-key`;
    t.after(() => this.leave());
  }

  static async begin(t, { codec = "libx264" } = {}) {
    const camera = new Camera(t, await freePort());
    camera.codec = codec;
    camera.come();
    return camera;
  }

  /** Gives pictures from now on. */
  come() {
    this.#on = true;
    const drawn = ["-re", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25"];
    // A key frame a second; with sound, which must not be taken.
    const sound = ["-f", "lavfi", "-i", "sine=frequency=440"];
    const written = ["-c:v", this.codec, "-preset", "ultrafast", "-tune", "zerolatency", "-g", "25", "-pix_fmt", "yuv420p", "-c:a", "aac"];
    const out = ["-f", "flv", "-listen", "1", `rtmp://127.0.0.1:${this.port}/live/s3cret-key`];
    const child = spawn("ffmpeg", ["-hide_banner", "-nostdin", "-loglevel", "error", ...drawn, ...sound, ...written, ...out], { stdio: "ignore" });
    this.#child = child;
    this.ended = new Promise((resolve) => child.once("exit", resolve));
    child.once("exit", () => {
      if (this.#on && this.#child === child) setTimeout(() => this.#on && this.come(), 200);
    });
  }

  /** Gives none any more. */
  async leave() {
    this.#on = false;
    if (this.#child && this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill("SIGKILL");
    await this.ended;
  }
}
