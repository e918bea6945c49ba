// How many people can watch one camera: `node e2e/measure-video.mjs [viewers] [seconds]`. Each reads the list and every new segment
// as a player does, over loopback; then as many read segments as fast as they can. Says what it cost the server's processor.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import http from "node:http";
import { cpus, tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Camera } from "./lib/camera.mjs";
import { addUser, serve, until } from "./lib/dipper.mjs";
import { Visitor } from "./lib/visitor.mjs";

const [viewers, seconds] = [Number(process.argv[2] ?? 200), Number(process.argv[3] ?? 20)];
const ends = [];
const t = { after: (end) => ends.unshift(end) };
const agent = new http.Agent({ keepAlive: true, maxSockets: Infinity });

/** Processor time of a process, seconds: user and system, in ticks of 10 ms. */
async function spent(pid) {
  const parts = (await readFile(`/proc/${pid}/stat`, "utf8")).split(") ")[1].split(" ");
  return (Number(parts[11]) + Number(parts[12])) / 100;
}

/** Reads an answer to its end: status, length and, where asked for, text. */
function get(base, where, cookie, text = false) {
  return new Promise((resolve, reject) => {
    const request = http.get(base + where, { agent, headers: { cookie } }, (answer) => {
      let [length, said] = [0, ""];
      answer.on("data", (chunk) => {
        length += chunk.length;
        if (text) said += chunk;
      });
      answer.on("end", () => resolve({ status: answer.statusCode, length, said }));
    });
    request.on("error", reject);
  });
}

try {
  const home = await mkdtemp(path.join(tmpdir(), "dipper-measure-"));
  ends.push(() => rm(home, { recursive: true, force: true }));
  const data = path.join(home, "data");
  const [admin, chief] = [await addUser({ data }, "admin", ["admin:supervision_centre:yaoguang"]), await addUser({ data }, "chief", ["duty_chief:supervision_centre:yaoguang"])];
  const server = await serve(t, { data, args: ["--video", "ffmpeg"] });
  const camera = await Camera.begin(t);
  const [one, other] = [new Visitor(server.base), new Visitor(server.base)];
  await one.signIn(admin);
  await other.signIn(chief);
  await one.post("/devices", { id: "cam-1", class: "traffic_camera", title: "文昌路口", lon: 112.8961, lat: 32.5087 });
  await one.send("PUT", "/cameras/cam-1/stream", { body: { address: camera.address } });
  await other.post("/camera-viewings", { cameras: ["cam-1"], purpose: "测量同时观看的人数" });
  const signed = await fetch(`${server.base}/api/v1/session`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(chief) });
  const cookie = signed.headers.getSetCookie()[0].split(";")[0];
  const live = "/api/v1/cameras/cam-1/live/";
  await until("pictures", async () => (await get(server.base, `${live}index.m3u8`, cookie)).status === 200, 60_000);
  await wait(8_000);

  const run = async (name, for_s, viewer) => {
    const tally = { lists: 0, segments: 0, bytes: 0, faults: 0, slowest_ms: 0 };
    const [before, began] = [await spent(server.pid), performance.now()];
    const is_on = () => performance.now() - began < for_s * 1_000;
    const asked = async (where, text) => {
      const from = performance.now();
      const answer = await get(server.base, where, cookie, text);
      tally.slowest_ms = Math.max(tally.slowest_ms, performance.now() - from);
      if (answer.status !== 200) tally.faults += 1;
      return answer;
    };
    await Promise.all(Array.from({ length: viewers }, (_, number) => viewer(number, tally, asked, is_on)));
    const took = (performance.now() - began) / 1_000;
    const cores = ((await spent(server.pid)) - before) / took;
    const per_s = (count) => (count / took).toFixed(0);
    console.log(`${name}: ${viewers} viewers, ${took.toFixed(1)} s: ${per_s(tally.segments)} segments/s, ${per_s(tally.lists)} lists/s, ${(tally.bytes / took / 1e6).toFixed(0)} MB/s, ${tally.faults} faults, slowest answer ${tally.slowest_ms.toFixed(0)} ms, server ${(cores * 100).toFixed(0)} % of one core of ${cpus().length}`);
  };
  const names = (list) => list.match(/^\d+\.ts$/gm) ?? [];
  await run("as players", seconds, async (number, tally, asked, is_on) => {
    await wait((number / viewers) * 2_000);
    const seen = new Set();
    while (is_on()) {
      const list = await asked(`${live}index.m3u8`, true);
      tally.lists += 1;
      for (const name of names(list.said).slice(-3)) {
        if (seen.has(name)) continue;
        seen.add(name);
        const { length } = await asked(live + name);
        tally.bytes += length;
        tally.segments += 1;
      }
      await wait(2_000);
    }
  });
  await run("as fast as they can", Math.min(seconds, 10), async (_, tally, asked, is_on) => {
    while (is_on()) {
      const list = await asked(`${live}index.m3u8`, true);
      tally.lists += 1;
      for (const name of names(list.said).slice(-4)) {
        const { length } = await asked(live + name);
        tally.bytes += length;
        tally.segments += 1;
      }
    }
  });
} finally {
  for (const end of ends) await end();
  agent.destroy();
}
