// Live video: a camera is fetched when somebody watches, and all the time where it is recorded; who watches says why; what was
// recorded is sealed and proved without the server; a camera that dies and comes back is seen again.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { barriers, launch, overflow, person, shoot, signInAtCentre } from "../lib/browser.mjs";
import { Camera, HAS_FFMPEG, HAS_RTSP, quickPack, rtspCamera } from "../lib/camera.mjs";
import { addUser, folder, run, serve, until } from "../lib/dipper.mjs";
import { signInAll } from "../lib/staff.mjs";
import { Visitor } from "../lib/visitor.mjs";

const execute = promisify(execFile);
const options = { timeout: 600_000, skip: HAS_FFMPEG ? false : "skipped: no ffmpeg" };
const PURPOSE = "核查鼓楼广场积水警情";

/** Programs of ffmpeg that the server runs, with their arguments. */
async function fetching(pid) {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "")).trim();
  const all = await readdir(`/proc/${pid}/task`).catch(() => []);
  const pids = new Set(children.split(" "));
  for (const task of all) for (const child of (await readFile(`/proc/${pid}/task/${task}/children`, "utf8").catch(() => "")).trim().split(" ")) pids.add(child);
  const found = [];
  for (const child of pids) {
    const line = child && (await readFile(`/proc/${child}/cmdline`, "utf8").catch(() => ""));
    if (line && line.includes("ffmpeg")) found.push({ pid: Number(child), line });
  }
  return found;
}

/** Whether a picture moves: two looks at where it is, a second and a half apart. */
async function moves(page, name) {
  const video = page.getByLabel(name);
  const at = () => video.evaluate((element) => [element.currentTime, element.videoWidth]);
  const [first] = await at();
  await page.waitForTimeout(1_500);
  const [second, width] = await at();
  return second > first + 0.5 && width === 640;
}

test("live video and what was recorded of it", options, async (t) => {
  const data = path.join(await folder(t), "data");
  const pack = await quickPack(t);
  const city = { data, pack };
  const accounts = {
    admin: await addUser(city, "admin", ["admin:supervision_centre:yaoguang"]),
    chief: await addUser(city, "chief", ["duty_chief:supervision_centre:yaoguang"]),
    other: await addUser(city, "other", ["dispatcher:command_centre:kaiyang"]),
    acceptor: await addUser(city, "acceptor", ["acceptor:supervision_centre:yaoguang"]),
  };
  let server = await serve(t, { ...city, args: ["--video", "ffmpeg"] });
  let people = await signInAll(server.base, accounts);
  const [square, junction] = [await Camera.begin(t), await Camera.begin(t)];
  const status = async (who, method, where, body) => (await who.fetch(method, where, { body })).status;
  const state = async (id) => (await people.chief.get(`/cameras/${id}`)).state;
  const list = async (who, id) => {
    const answer = await who.fetch("GET", `/cameras/${id}/live/index.m3u8`);
    return { status: answer.status, text: await answer.text(), headers: answer.headers };
  };

  await t.test("an address is set by who manages devices, and never shown again", async () => {
    const { admin, chief } = people;
    await admin.post("/devices", { id: "cam-square", class: "square_camera", title: "鼓楼广场", lon: 112.8961, lat: 32.5087 });
    await admin.post("/devices", { id: "cam-junction", class: "traffic_camera", title: "文昌路口", lon: 112.8969, lat: 32.5081 });
    await admin.post("/devices", { id: "lamp-1", class: "street_lamp", title: "路灯", lon: 112.8969, lat: 32.5081 });
    assert.equal(await status(chief, "PUT", "/cameras/cam-square/stream", { address: square.address }), 403);
    assert.equal(await status(admin, "PUT", "/cameras/lamp-1/stream", { address: square.address }), 404);
    for (const address of ["http://127.0.0.1/", "file:///etc/passwd", "rtsp://h/'\nfile 'x"]) {
      assert.equal(await status(admin, "PUT", "/cameras/cam-square/stream", { address }), 422, address);
    }
    const set = await admin.send("PUT", "/cameras/cam-square/stream", { body: { address: square.address } });
    assert.equal(set.shown, `rtmp://127.0.0.1:${square.port}`);
    await admin.send("PUT", "/cameras/cam-junction/stream", { body: { address: junction.address } });
    const said = JSON.stringify([set, await admin.get("/cameras/cam-square/stream"), await chief.get("/cameras"), await chief.get("/devices/cam-square/records")]);
    assert.ok(!said.includes("s3cret"), said);
  });

  await t.test("nobody watches who may not, or has not said why", async () => {
    const { admin, chief, other, acceptor } = people;
    const live = "/cameras/cam-junction/live/index.m3u8";
    assert.deepEqual([await status(new Visitor(server.base), "GET", live), await status(admin, "GET", live), await status(acceptor, "GET", live), await status(other, "GET", live)], [401, 403, 403, 404]);
    assert.deepEqual((await other.get("/cameras")).map(({ id }) => id), [], "of another district");
    assert.equal(await status(acceptor, "GET", "/cameras"), 403);
    const refused = await chief.fetch("GET", live);
    assert.deepEqual([refused.status, (await refused.json()).code], [403, "no_viewing"]);
    assert.equal(await status(chief, "POST", "/camera-viewings", { cameras: ["cam-junction"], purpose: "看" }), 422);
    assert.equal(await status(other, "POST", "/camera-viewings", { cameras: ["cam-junction"], purpose: PURPOSE }), 404);
    assert.equal(await status(chief, "POST", "/camera-viewings", { cameras: ["cam-junction", "lamp-1"], purpose: PURPOSE }), 404, "all or none");
    assert.equal((await chief.fetch("GET", live)).status, 403);
    assert.equal(await state("cam-junction"), "off", "nobody watches, so nothing is fetched");
  });

  let segment;
  await t.test("who said why watches: the stream begins with the first", async () => {
    const { chief, acceptor } = people;
    await chief.post("/camera-viewings", { cameras: ["cam-junction", "cam-square"], purpose: PURPOSE });
    const first = await until("the list", async () => ((await list(chief, "cam-junction")).status === 200 ? list(chief, "cam-junction") : undefined), 40_000);
    assert.match(first.text, /^#EXTM3U\n/);
    assert.deepEqual([first.headers.get("content-type"), first.headers.get("cache-control")], ["application/vnd.apple.mpegurl", "private, no-cache"]);
    assert.equal(await state("cam-junction"), "live");
    segment = first.text.match(/^\d+\.ts$/m)[0];
    const got = await chief.fetch("GET", `/cameras/cam-junction/live/${segment}`);
    assert.deepEqual([got.status, got.headers.get("content-type"), got.headers.get("cache-control"), got.headers.get("content-encoding")], [200, "video/mp2t", "private, max-age=60, immutable", null]);
    const bytes = Buffer.from(await got.arrayBuffer());
    assert.ok(bytes.length > 10_000 && bytes[0] === 0x47, "MPEG-TS");
    for (const name of ["..%2f..%2f..%2fkeys%2fmaster.key", "index.m3u8.tmp", "x.ts", "1.mp4"]) assert.equal(await status(chief, "GET", `/cameras/cam-junction/live/${name}`), 404, name);
    assert.equal(await status(acceptor, "GET", `/cameras/cam-junction/live/${segment}`), 403);
    await writeFile(path.join(data, "live.ts"), bytes);
    const { stdout } = await execute("ffprobe", ["-v", "error", "-show_entries", "stream=codec_type,codec_name", "-of", "csv=p=0", path.join(data, "live.ts")]);
    assert.match(stdout, /^h264,video/, "no sound is taken");
    assert.ok(!stdout.includes("audio"), stdout);
    const viewed = (await chief.get("/devices/cam-junction/records")).items[0];
    assert.deepEqual([viewed.kind, viewed.body.purpose, viewed.actor.name], ["camera_viewed", PURPOSE, "chief"]);
  });

  await t.test("many watch one program, whose arguments hold no secret", async () => {
    for (let n = 0; n < 20; n += 1) assert.equal((await list(people.chief, "cam-junction")).status, 200);
    const programs = await until("one for each camera", async () => {
      const found = await fetching(server.pid);
      return (await state("cam-square")) === "live" && found.length === 2 && found;
    }, 30_000);
    for (const { pid, line } of programs) {
      assert.ok(!line.includes("s3cret") && !line.includes("rtmp://"), line);
      assert.ok(!(await readFile(`/proc/${pid}/environ`, "latin1")).includes("="), "no environment");
    }
  });

  await t.test("a camera of somebody else's, over RTSP with a password", { skip: HAS_RTSP ? false : "skipped: no gst-rtsp-server" }, async () => {
    const { admin, chief } = people;
    const where = await rtspCamera(t, "viewer", "s3cret-rtsp");
    await admin.post("/devices", { id: "cam-rtsp", class: "traffic_camera", title: "北门", lon: 112.8961, lat: 32.5087 });
    await chief.post("/camera-viewings", { cameras: ["cam-rtsp"], purpose: PURPOSE });
    const becomes = async (address, wanted) => {
      await admin.send("PUT", "/cameras/cam-rtsp/stream", { body: { address } });
      return until(wanted, async () => {
        await list(chief, "cam-rtsp");
        const { state, fault } = await chief.get("/cameras/cam-rtsp");
        return [state, fault].includes(wanted);
      }, 60_000);
    };
    assert.equal((await list(chief, "cam-rtsp")).status, 503);
    assert.equal((await chief.get("/cameras/cam-rtsp")).fault, "no_address");
    await becomes(`rtsp://viewer:s3cret-wrong@${where}`, "unauthorised");
    await becomes(`rtsp://viewer:s3cret-rtsp@${where}x`, "not_found");
    await becomes(`rtsp://viewer:s3cret-rtsp@${where}`, "live");
    await admin.post("/devices/cam-rtsp/changes", { change: "quarantine", reason: "检修" });
    await until("who is shut out is fetched no longer", async () => (await chief.get("/cameras/cam-rtsp")).state !== "live");
    await admin.post("/devices/cam-rtsp/changes", { change: "retire" });
  });

  let sealed;
  await t.test("a recorded file is sealed, played in parts, and proved without the server", async () => {
    const { chief, admin, other } = people;
    const page = await until("two files", async () => {
      const found = await chief.get("/cameras/cam-square/recordings");
      return found.items.length >= 2 && found;
    }, 60_000);
    sealed = page.items[0];
    assert.ok(Date.parse(sealed.to) - Date.parse(sealed.from) > 5_000, JSON.stringify(sealed));
    assert.equal(await status(admin, "GET", `/recordings/${sealed.id}/video`), 403);
    assert.equal(await status(other, "GET", `/recordings/${sealed.id}/video`), 404);
    const whole = await chief.fetch("GET", `/recordings/${sealed.id}/video`);
    const bytes = Buffer.from(await whole.arrayBuffer());
    assert.deepEqual([whole.status, whole.headers.get("content-type"), bytes.length], [200, "video/mp4", sealed.bytes]);
    assert.equal(createHash("sha256").update(bytes).digest("hex"), sealed.sha256);
    const part = await chief.fetch("GET", `/recordings/${sealed.id}/video`, { headers: { range: "bytes=100-199" } });
    assert.deepEqual([part.status, part.headers.get("content-range")], [206, `bytes 100-199/${sealed.bytes}`]);
    assert.deepEqual(Buffer.from(await part.arrayBuffer()), bytes.subarray(100, 200));
    assert.equal((await chief.fetch("GET", `/recordings/${sealed.id}/video`, { headers: { range: `bytes=${sealed.bytes}-` } })).status, 416);
    const file = path.join(data, "recorded.mp4");
    await writeFile(file, bytes);
    const { stdout } = await execute("ffprobe", ["-v", "error", "-show_entries", "stream=codec_name:format=duration", "-of", "csv=p=0", file]);
    assert.match(stdout, /^h264\n/);
    const receipt = await until("the receipt", async () => {
      const answer = await chief.fetch("GET", `/receipts/${sealed.id}`);
      return answer.ok && answer.text();
    });
    assert.equal(await status(other, "GET", `/receipts/${sealed.id}`), 404);
    const proof = path.join(data, "recorded.tlog-proof");
    await writeFile(proof, receipt);
    const verified = await run(["verify", proof, "--data", data, "--locale", "en"]);
    assert.equal(verified.code, 0, verified.stdout + verified.stderr);
    assert.ok(verified.stdout.includes(sealed.sha256), verified.stdout);
    // What is sealed stands in it in base64: another file's digest in its place is not proved.
    const lied = receipt.replace(/^extra (.*)$/m, (_, text) => {
      const clear = Buffer.from(text, "base64").toString("latin1");
      assert.ok(clear.includes(sealed.sha256), clear);
      return `extra ${Buffer.from(clear.replace(sealed.sha256.slice(0, 8), "00000000"), "latin1").toString("base64")}`;
    });
    assert.notEqual(lied, receipt);
    await writeFile(proof, lied);
    assert.notEqual((await run(["verify", proof, "--data", data])).code, 0, "another file is not proved");
  });

  const browser = await launch(t, ["--autoplay-policy=no-user-gesture-required"]);
  const desk = await person(browser, server.base, "desk");
  const clean = async (what, one = desk) => {
    await one.page.waitForTimeout(300);
    const wider = await overflow(one.page);
    assert.deepEqual([...(await barriers(one.page)), ...(wider > 1 ? [`${what} is ${wider} px wider`] : []), ...one.faults], [], what);
  };

  await t.test("the wall asks why once, and plays", async () => {
    const { page } = desk;
    accounts.leader = await addUser(city, "leader", ["leader:city_committee:yaoguang"]);
    await signInAtCentre(page, accounts.leader, "/video");
    await page.getByRole("heading", { name: "请说明为什么查看" }).waitFor();
    await clean("the purpose");
    await shoot(page, "video-purpose");
    assert.equal(await page.getByRole("button", { name: "开始查看" }).isDisabled(), true);
    await page.getByLabel("查看目的").fill(PURPOSE);
    await page.getByRole("button", { name: "开始查看" }).click();
    for (const title of ["鼓楼广场", "文昌路口"]) await until(`${title} moves`, () => moves(page, `${title} 的实时画面`), 40_000);
    await until("both are live", async () => (await page.locator(".mark.live", { hasText: "直播" }).count()) >= 2);
    await clean("the wall");
    await shoot(page, "video-wall");
    await page.getByRole("button", { name: "九画面" }).click();
    await page.getByRole("button", { name: "单画面" }).click();
    await until("one is left", async () => (await page.locator("figure").count()) === 1);
    await page.getByRole("checkbox", { name: /鼓楼广场/ }).check();
    await until("the square moves", () => moves(page, "鼓楼广场 的实时画面"), 30_000);
    await shoot(page, "video-one");
    const records = await people.chief.get("/devices/cam-junction/records");
    assert.deepEqual(records.items.slice(0, 1).map(({ body, actor }) => [body.purpose, actor.name]), [[PURPOSE, "leader"]]);
    assert.equal(records.items.filter(({ actor }) => actor.name === "leader").length, 1, "said once");
    const phone = await person(browser, server.base, "phone");
    await signInAtCentre(phone.page, accounts.leader, "/video?grid=4");
    await until("it moves on a phone", () => moves(phone.page, "文昌路口 的实时画面"), 40_000);
    await clean("the wall on a phone", phone);
    await shoot(phone.page, "video-phone");
    await phone.context.close();
  });

  await t.test("the page of a camera shows it, and what was recorded with its receipts", async () => {
    const { page } = desk;
    await page.goto("/centre/devices/cam-square");
    await until("it moves", () => moves(page, "鼓楼广场 的实时画面"), 40_000);
    await page.getByRole("heading", { name: "录像", exact: true }).waitFor();
    await page.getByRole("button", { name: /^播放/ }).nth(1).click();
    await until("the recording plays", () => moves(page, /鼓楼广场 的录像/), 20_000);
    const seconds = await page.getByLabel(/鼓楼广场 的录像/).evaluate((element) => element.duration);
    assert.ok(seconds > 5 && seconds < 25, `${seconds} s`);
    await clean("a camera");
    await shoot(page, "video-device");
    await page.locator("li.on").getByRole("button", { name: "验证这一步" }).click();
    await page.getByText("这一步已写入存证，未被改动").waitFor();
    await page.keyboard.press("Escape");
    const phone = await person(browser, server.base, "phone");
    await signInAtCentre(phone.page, accounts.leader, "/devices/cam-square");
    await phone.page.getByRole("heading", { name: "录像", exact: true }).waitFor();
    await clean("a camera on a phone", phone);
    await shoot(phone.page, "video-device-phone");
    await phone.context.close();
    const admin = await person(browser, server.base, "desk", "en");
    await signInAtCentre(admin.page, accounts.admin, "/devices/cam-square");
    await admin.page.getByText(`rtmp://127.0.0.1:${square.port}`).waitFor();
    assert.equal(await admin.page.locator("video").count(), 0, "who manages devices does not watch");
    assert.ok(!(await admin.page.content()).includes("s3cret"));
    await clean("the address of a camera", admin);
    await shoot(admin.page, "video-address");
    await admin.context.close();
    await page.goto("/centre/video?grid=4&cameras=cam-junction");
    await until("it moves", () => moves(page, "文昌路口 的实时画面"), 40_000);
  });

  await t.test("a camera that dies is said to be away with why, and is seen again when it comes back", async () => {
    await junction.leave();
    const away = await until("stalled", async () => {
      await list(people.chief, "cam-junction");
      const found = await people.chief.get("/cameras/cam-junction");
      return found.state === "stalled" && found;
    }, 40_000);
    assert.ok(["ended", "unreachable"].includes(away.fault), JSON.stringify(away));
    await until("unreachable", async () => {
      await list(people.chief, "cam-junction");
      return (await people.chief.get("/cameras/cam-junction")).fault === "unreachable";
    }, 40_000);
    await desk.page.getByText("摄像机连不上").first().waitFor();
    await clean("a camera that is away");
    await shoot(desk.page, "video-stalled");
    junction.come();
    await until("it moves again without a reload", () => moves(desk.page, "文昌路口 的实时画面"), 60_000);
    await clean("a camera that came back");
    await desk.context.close();
    const again = await until("live again", async () => {
      const found = await list(people.chief, "cam-junction");
      return found.status === 200 && found;
    }, 60_000);
    assert.ok(Number(again.text.match(/SEQUENCE:(\d+)/)[1]) > Number(segment.split(".")[0]), "no name means two things");
  });

  await t.test("when nobody watches any more it ends, and what is recorded goes on", async () => {
    await until("off", async () => (await state("cam-junction")) === "off", 50_000);
    assert.equal((await fetching(server.pid)).length, 1);
    assert.equal(await state("cam-square"), "live");
  });

  await t.test("killed in the middle, what was recorded until then is sealed when it begins again", async () => {
    const before = await people.chief.get("/cameras/cam-square/recordings");
    await wait(4_000);
    await server.kill();
    server = await serve(t, { ...city, args: ["--video", "ffmpeg"] });
    people = await signInAll(server.base, accounts);
    const after = await until("one more", async () => {
      const page = await people.chief.get("/cameras/cam-square/recordings");
      return page.items.length > before.items.length && page;
    }, 30_000);
    const newest = after.items.find(({ id }) => !before.items.some((one) => one.id === id));
    const whole = await people.chief.fetch("GET", `/recordings/${newest.id}/video`);
    assert.equal(whole.status, 200, "the viewing outlives the program");
    assert.equal(createHash("sha256").update(Buffer.from(await whole.arrayBuffer())).digest("hex"), newest.sha256);
    const runs = await readdir(path.join(data, "video/work"));
    assert.equal(runs.length, 1, "nothing of the former run is left");
  });

  await t.test("the log of the program holds no secret", async () => {
    const log = await readFile(`${data}.log`, "utf8");
    assert.ok(!log.includes("s3cret"), log);
  });

  await t.test("it stops in good order, with what it was recording", async () => {
    await until("recording again", async () => (await state("cam-square")) === "live", 40_000);
    const programs = await fetching(server.pid);
    assert.equal((await server.stop()).code, 0);
    for (const { pid } of programs) await assert.rejects(readFile(`/proc/${pid}/cmdline`), "no program is left");
    const without = await serve(t, city);
    const { chief } = await signInAll(without.base, { chief: accounts.chief });
    assert.equal((await chief.get("/city")).has_video, false);
    assert.equal((await chief.fetch("GET", "/cameras")).status, 404, "without --video there is none");
    await without.stop();
  });
});
