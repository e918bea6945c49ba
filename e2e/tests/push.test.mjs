// Cameras that send their picture by themselves: seen and recorded as those that are fetched, with a key of their own; who has no
// business at the door disturbs nobody.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { barriers, launch, overflow, person, shoot, signInAtCentre } from "../lib/browser.mjs";
import { HAS_FFMPEG, quickPack } from "../lib/camera.mjs";
import { addUser, folder, freePort, run, serve, until } from "../lib/dipper.mjs";
import { signInAll } from "../lib/staff.mjs";

const execute = promisify(execFile);
const options = { timeout: 600_000, skip: HAS_FFMPEG ? false : "skipped: no ffmpeg" };
const PURPOSE = "核查鼓楼广场积水警情";
const HERE = { lon: 112.8961, lat: 32.5087 };

/** A source with moving pictures and sound, as a drone's controller or an encoder sends them. */
function source(t, address) {
  const drawn = ["-re", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25", "-f", "lavfi", "-i", "sine=frequency=440"];
  const written = ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "25", "-pix_fmt", "yuv420p", "-c:a", "aac"];
  const child = spawn("ffmpeg", ["-hide_banner", "-nostdin", "-loglevel", "error", ...drawn, ...written, "-f", "flv", address], { stdio: ["ignore", "ignore", "pipe"] });
  const sent = { child, words: "" };
  child.stderr.on("data", (part) => (sent.words += part));
  sent.ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve({ code, signal })));
  t.after(async () => {
    child.kill("SIGKILL");
    await sent.ended;
  });
  return sent;
}

/** Programs whose folder is within one of ours. */
async function programsIn(inside) {
  const { readlink } = await import("node:fs/promises");
  const found = [];
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    const where = await readlink(`/proc/${pid}/cwd`).catch(() => "");
    if (where.startsWith(inside)) found.push(Number(pid));
  }
  return found;
}

test("cameras that send their picture by RTMP", options, async (t) => {
  const data = path.join(await folder(t), "data");
  const city = { data, pack: await quickPack(t) };
  const accounts = {
    admin: await addUser(city, "admin", ["admin:supervision_centre:yaoguang"]),
    chief: await addUser(city, "chief", ["duty_chief:supervision_centre:yaoguang"]),
    leader: await addUser(city, "leader", ["leader:city_committee:yaoguang"]),
  };
  const port = await freePort();
  const args = ["--video", "ffmpeg", "--rtmp", `127.0.0.1:${port}`];
  let server = await serve(t, { ...city, args });
  let people = await signInAll(server.base, accounts);
  const keys = {};
  const address = (id, key = keys[id]) => `rtmp://127.0.0.1:${port}/live/${id}?key=${key}`;
  const list = async (id) => {
    const answer = await people.chief.fetch("GET", `/cameras/${id}/live/index.m3u8`);
    return { status: answer.status, text: await answer.text() };
  };
  const stream = (id) => people.admin.get(`/cameras/${id}/stream`);
  const seen = (id) => until(`${id} is seen`, async () => (await list(id)).status === 200, 40_000);
  const refused = async (where, words) => {
    const sent = source(t, where);
    assert.notEqual((await sent.ended).code, 0);
    assert.match(sent.words, words);
  };

  await t.test("without an address it is said that nobody sends", async () => {
    for (const [id, kind, title] of [["body-1", "square_camera", "执法记录仪一号"], ["drone-1", "traffic_camera", "无人机一号"], ["lamp-1", "street_lamp", "路灯"]]) {
      const made = await people.admin.post("/devices", { id, class: kind, title, ...HERE });
      keys[id] = made.password;
      assert.equal(made.rtmp_port, id === "lamp-1" ? undefined : port, id);
    }
    assert.deepEqual((await stream("body-1")).push, { rtmp_port: port, has_whip: false });
    await people.chief.post("/camera-viewings", { cameras: ["body-1", "drone-1"], purpose: PURPOSE });
    assert.equal((await list("drone-1")).status, 503);
    assert.equal((await people.chief.get("/cameras/drone-1")).fault, "not_sending");
  });

  await t.test("who has no key, or is no camera, is refused and told why", async () => {
    await refused(address("body-1", "x".repeat(43)), /the stream key is wrong/);
    await refused(address("nobody-1", keys["body-1"]), /the stream key is wrong/);
    await refused(address("body-1", keys["drone-1"]), /the stream key is wrong/);
    await refused(address("lamp-1"), /this device is no camera/);
    const { fault } = await people.admin.get("/devices/body-1");
    assert.match(JSON.stringify(fault), /password/, "whoever looks after it sees that somebody tried");
  });

  let body;
  await t.test("what is sent is seen live, recorded, sealed and proved", async () => {
    body = source(t, address("body-1"));
    await until("it is sent", async () => (await stream("body-1")).push.since);
    await seen("body-1");
    const page = await until("two files", async () => {
      const found = await people.chief.get("/cameras/body-1/recordings");
      return found.items.length >= 2 && found;
    }, 60_000);
    const [sealed] = page.items;
    const bytes = Buffer.from(await (await people.chief.fetch("GET", `/recordings/${sealed.id}/video`)).arrayBuffer());
    assert.equal(createHash("sha256").update(bytes).digest("hex"), sealed.sha256);
    const file = path.join(data, "sent.mp4");
    await writeFile(file, bytes);
    const { stdout } = await execute("ffprobe", ["-v", "error", "-show_entries", "stream=codec_name:format=duration", "-of", "csv=p=0", file]);
    assert.match(stdout, /^h264\n\d/, "no sound is taken");
    assert.ok(Number(stdout.trim().split("\n").at(-1)) > 5, stdout);
    const proof = path.join(data, "sent.tlog-proof");
    await writeFile(proof, await until("the receipt", async () => {
      const answer = await people.chief.fetch("GET", `/receipts/${sealed.id}`);
      return answer.ok && answer.text();
    }));
    const verified = await run(["verify", proof, "--data", data, "--locale", "en"]);
    assert.ok(verified.code === 0 && verified.stdout.includes(sealed.sha256), verified.stdout + verified.stderr);
  });

  await t.test("one sends at a time, and no address may be set beside it unseen", async () => {
    await refused(address("body-1"), /somebody sends the picture of this camera already/);
    const drone = source(t, address("drone-1"));
    await seen("drone-1");
    await people.admin.send("PUT", "/cameras/drone-1/stream", { body: { address: "rtmp://127.0.0.1:1/live/x" } });
    assert.notEqual((await drone.ended).code, 0, "it is fetched now");
    await refused(address("drone-1"), /fetched from an address/);
    await people.admin.send("PUT", "/cameras/drone-1/stream", { body: {} });
  });

  await t.test("garbage, half a hello and a source that vanishes disturb nobody", async () => {
    const silent = [];
    for (let n = 0; n < 40; n += 1) {
      const socket = connect(port, "127.0.0.1").on("error", () => {});
      socket.write(n % 2 ? Buffer.alloc(500, 3) : Buffer.from("GET / HTTP/1.1\r\n\r\n".repeat(100)));
      silent.push(new Promise((resolve) => socket.once("close", resolve)));
      socket.resume();
    }
    await Promise.all(silent);
    const drone = source(t, address("drone-1"));
    await seen("drone-1");
    drone.child.kill("SIGKILL");
    await until("it is noticed", async () => !(await stream("drone-1")).push.since);
    await until("and said", async () => (await list("drone-1")).status === 503 && (await people.chief.get("/cameras/drone-1")).fault === "not_sending", 30_000);
    assert.equal((await people.chief.get("/cameras/body-1")).state, "live");
  });

  const browser = await launch(t, ["--autoplay-policy=no-user-gesture-required"]);
  const desk = await person(browser, server.base, "desk");
  const clean = async (what, one) => {
    await one.page.waitForTimeout(300);
    const wider = await overflow(one.page);
    assert.deepEqual([...(await barriers(one.page)), ...(wider > 1 ? [`${what} is ${wider} px wider`] : []), ...one.faults], [], what);
  };

  await t.test("its page says where to send to and whether it does, and gives a new key once", async () => {
    const { page } = desk;
    await signInAtCentre(page, accounts.admin, "/devices/body-1");
    await page.getByRole("heading", { name: "摄像机推流" }).waitFor();
    await page.getByText(/^正在推流，自/).waitFor();
    await clean("a camera that sends", desk);
    await shoot(page, "push-sending");
    await page.getByRole("button", { name: "换新推流密钥" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "换新推流密钥" }).click();
    await page.getByText("只显示这一次").waitFor();
    const code = page.locator(".push code", { hasText: "rtmp://" }).last();
    await code.scrollIntoViewIfNeeded();
    const shown = await code.textContent();
    assert.match(shown, new RegExp(`^rtmp://127\\.0\\.0\\.1:${port}/live/body-1\\?key=[\\w-]{43}$`));
    await clean("its new key", desk);
    await shoot(page, "push-key");
    // The new key ends who sends by the former.
    const former = body;
    body = source(t, shown);
    assert.notEqual((await former.ended).code, 0);
    await refused(address("body-1"), /the stream key is wrong/);
    keys["body-1"] = new URL(shown.replace("rtmp:", "http:")).searchParams.get("key");
    await seen("body-1");
    const english = await person(browser, server.base, "phone", "en");
    await signInAtCentre(english.page, accounts.admin, "/devices/drone-1");
    await english.page.getByText("Nobody is sending").scrollIntoViewIfNeeded();
    await clean("a camera that does not send", english);
    await shoot(english.page, "push-phone");
    await english.context.close();
  });

  await t.test("who watches sees it move", async () => {
    const { page } = desk;
    await desk.context.clearCookies();
    await signInAtCentre(page, accounts.leader, "/video");
    await page.getByLabel("查看目的").fill(PURPOSE);
    await page.getByRole("button", { name: "开始查看" }).click();
    const video = page.getByLabel("执法记录仪一号 的实时画面");
    await until("it moves", async () => (await video.evaluate((one) => one.currentTime > 0.5 && one.videoWidth === 640).catch(() => false)) === true, 40_000);
    await page.getByText("没有设置取流地址，摄像机也没有推流").first().waitFor();
    await clean("the wall", desk);
    await shoot(page, "push-wall");
    await desk.context.close();
  });

  await t.test("quarantined, it is sent away and not let in", async () => {
    await people.admin.post("/devices/body-1/changes", { change: "quarantine", reason: "遗失" });
    assert.notEqual((await body.ended).code, 0);
    await refused(address("body-1"), /this camera is shut out/);
    await people.admin.post("/devices/body-1/changes", { change: "release" });
    body = source(t, address("body-1"));
    await until("it is recorded again", async () => (await people.chief.get("/cameras/body-1")).state === "live", 40_000);
  });

  await t.test("killed in the middle, no program writes on, and what was recorded is sealed", async () => {
    await wait(4_000);
    const before = await people.chief.get("/cameras/body-1/recordings");
    assert.equal((await programsIn(path.join(data, "video/work"))).length, 1);
    await server.kill();
    await until("no program is left", async () => (await programsIn(path.join(data, "video/work"))).length === 0);
    assert.notEqual((await body.ended).code, 0);
    server = await serve(t, { ...city, args });
    people = await signInAll(server.base, accounts);
    body = source(t, address("body-1"));
    await until("one more is sealed", async () => (await people.chief.get("/cameras/body-1/recordings")).items.length > before.items.length, 30_000);
    await seen("body-1");
  });

  await t.test("no key stands in the log or in an argument, and it stops in good order", async () => {
    const [pid] = await programsIn(path.join(data, "video/work"));
    const line = await readFile(`/proc/${pid}/cmdline`, "utf8");
    assert.ok(line.includes("pipe:0") && !line.includes(keys["body-1"]) && !line.includes("rtmp://"), line);
    assert.equal((await server.stop()).code, 0);
    assert.equal((await programsIn(path.join(data, "video/work"))).length, 0);
    const log = await readFile(`${data}.log`, "utf8");
    for (const key of Object.values(keys)) assert.ok(!log.includes(key), log);
  });

  await t.test("rtmp without video is refused in words", async () => {
    const said = await run(["serve", "--data", data, "--rtmp", "127.0.0.1:0"], { timeout_ms: 20_000 });
    assert.notEqual(said.code, 0);
    assert.match(said.stderr, /rtmp and whip need video/);
  });
});
