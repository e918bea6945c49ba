// A browser sends its camera's picture by WebRTC (WHIP, RFC 9725): seen and recorded as every other; whoever may not is refused.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createSocket } from "node:dgram";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { barriers, launch, overflow, person, shoot, signInAtCentre } from "../lib/browser.mjs";
import { HAS_FFMPEG, quickPack } from "../lib/camera.mjs";
import { addUser, folder, freePort, run, serve, until } from "../lib/dipper.mjs";
import { signInAll } from "../lib/staff.mjs";

const execute = promisify(execFile);
const options = { timeout: 600_000, skip: HAS_FFMPEG ? false : "skipped: no ffmpeg" };
const PURPOSE = "核查鼓楼广场积水警情";
const HERE = { lon: 112.8961, lat: 32.5087 };

/** Sends from a page: what was answered, and the connection stays in the page by its name. */
function send(page, { camera, key, codec = "video/H264" }) {
  return page.evaluate(
    async ({ camera, key, codec }) => {
      const pc = new RTCPeerConnection();
      const media = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 360, frameRate: 25 } });
      const video = pc.addTransceiver(media.getVideoTracks()[0], { direction: "sendonly" });
      // An encoder offers sound too; it is not taken.
      pc.addTransceiver("audio", { direction: "sendonly" });
      video.setCodecPreferences(RTCRtpSender.getCapabilities("video").codecs.filter((one) => one.mimeType === codec));
      await pc.setLocalDescription(await pc.createOffer());
      const headers = { "content-type": "application/sdp", authorization: `Bearer ${key}` };
      const answer = await fetch(`/api/v1/cameras/${camera}/whip`, { method: "POST", headers, body: pc.localDescription.sdp });
      const text = await answer.text();
      if (answer.status === 201) {
        await pc.setRemoteDescription({ type: "answer", sdp: text });
        globalThis.calls = { ...globalThis.calls, [camera]: pc };
      } else {
        pc.close();
      }
      return { status: answer.status, text, location: answer.headers.get("location"), type: answer.headers.get("content-type") };
    },
    { camera, key, codec },
  );
}

const state = (page, camera) => page.evaluate((name) => globalThis.calls[name].connectionState, camera);

test("cameras that send their picture by WebRTC", options, async (t) => {
  const data = path.join(await folder(t), "data");
  const city = { data, pack: await quickPack(t) };
  const accounts = {
    admin: await addUser(city, "admin", ["admin:supervision_centre:yaoguang"]),
    chief: await addUser(city, "chief", ["duty_chief:supervision_centre:yaoguang"]),
  };
  const port = await freePort();
  const args = ["--video", "ffmpeg", "--whip", `127.0.0.1:${port}`];
  const server = await serve(t, { ...city, args });
  const { admin, chief } = await signInAll(server.base, accounts);
  const keys = {};
  for (const [id, kind, title] of [["phone-1", "square_camera", "手机一号"], ["phone-2", "traffic_camera", "手机二号"]]) {
    keys[id] = (await admin.post("/devices", { id, class: kind, title, ...HERE })).password;
  }
  await chief.post("/camera-viewings", { cameras: ["phone-1", "phone-2"], purpose: PURPOSE });
  const list = async (id) => {
    const answer = await chief.fetch("GET", `/cameras/${id}/live/index.m3u8`);
    return { status: answer.status, text: await answer.text() };
  };
  const since = async (id) => (await admin.get(`/cameras/${id}/stream`)).push.since;
  const browser = await launch(t, ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", "--autoplay-policy=no-user-gesture-required"]);
  const phone = await person(browser, server.base, "phone");
  await phone.page.goto("/");

  await t.test("who has no key, or offers what is not taken, is refused and told why", async () => {
    assert.deepEqual((await admin.get("/cameras/phone-1/stream")).push, { has_whip: true });
    const wrong = await send(phone.page, { camera: "phone-1", key: keys["phone-2"] });
    assert.deepEqual([wrong.status, JSON.parse(wrong.text).code], [401, "device_credentials"]);
    const other = await send(phone.page, { camera: "phone-1", key: keys["phone-1"], codec: "video/VP8" });
    assert.equal(other.status, 400);
    assert.match(other.text, /no H\.264/);
    assert.equal(await since("phone-1"), undefined, "nobody sends");
    const post = (body, headers) => fetch(`${server.base}/api/v1/cameras/phone-1/whip`, { method: "POST", body, headers });
    const authorization = `Bearer ${keys["phone-1"]}`;
    for (const [body, headers, expect] of [
      ["v=0", { authorization, "content-type": "text/plain" }, 415],
      ["v=0", { authorization, "content-type": "application/sdp" }, 400],
      ["\u0000\u0001", { authorization, "content-type": "application/sdp" }, 400],
      ["x".repeat(70_000), { authorization, "content-type": "application/sdp" }, 400],
      ["v=0", { "content-type": "application/sdp" }, 401],
    ]) {
      assert.equal((await post(body, headers)).status, expect, body.slice(0, 5));
    }
  });

  let call;
  await t.test("what a browser sends is seen live, recorded, sealed and proved", async () => {
    call = await send(phone.page, { camera: "phone-1", key: keys["phone-1"] });
    assert.deepEqual([call.status, call.type], [201, "application/sdp"], call.text);
    assert.match(call.location, /^\/api\/v1\/cameras\/phone-1\/whip\/\w+$/);
    await until("connected", async () => (await state(phone.page, "phone-1")) === "connected", 20_000);
    await until("it is seen", async () => (await list("phone-1")).status === 200, 40_000);
    const segment = (await list("phone-1")).text.match(/^\d+\.ts$/m)[0];
    const file = path.join(data, "live.ts");
    await writeFile(file, Buffer.from(await (await chief.fetch("GET", `/cameras/phone-1/live/${segment}`)).arrayBuffer()));
    const { stdout } = await execute("ffprobe", ["-v", "error", "-show_entries", "stream=codec_name,width", "-of", "csv=p=0", file]);
    assert.match(stdout, /^h264,\d+\n/);
    assert.ok(!/opus|aac/.test(stdout), stdout);
    const page = await until("two files", async () => {
      const found = await chief.get("/cameras/phone-1/recordings");
      return found.items.length >= 2 && found;
    }, 60_000);
    const recorded = path.join(data, "recorded.mp4");
    await writeFile(recorded, Buffer.from(await (await chief.fetch("GET", `/recordings/${page.items[0].id}/video`)).arrayBuffer()));
    const probed = await execute("ffprobe", ["-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", recorded]);
    assert.ok(Number(probed.stdout) > 5 && Number(probed.stdout) < 20, probed.stdout);
    // Every picture of it decodes.
    const decoded = await execute("ffmpeg", ["-v", "error", "-i", recorded, "-f", "null", "-"]);
    assert.equal(decoded.stderr, "");
    const proof = path.join(data, "recorded.tlog-proof");
    await writeFile(proof, await until("the receipt", async () => {
      const answer = await chief.fetch("GET", `/receipts/${page.items[0].id}`);
      return answer.ok && answer.text();
    }));
    const verified = await run(["verify", proof, "--data", data, "--locale", "en"]);
    assert.ok(verified.code === 0 && verified.stdout.includes(page.items[0].sha256), verified.stdout);
  });

  await t.test("one sends at a time, and garbage on the port disturbs nobody", async () => {
    const second = await send(phone.page, { camera: "phone-1", key: keys["phone-1"] });
    assert.deepEqual([second.status, JSON.parse(second.text).code], [409, "camera_taken"]);
    const socket = createSocket("udp4");
    const name = Buffer.from(call.location.split("/").at(-1));
    for (let n = 0; n < 2_000; n += 1) {
      const bytes = Buffer.alloc(20 + (n % 1_200), n);
      if (n % 3 === 0) {
        // STUN that bears the name of the call, from somebody who has not its password.
        bytes.writeUInt32BE(0x0001_0018, 0);
        bytes.writeUInt32BE(0x2112_a442, 4);
        Buffer.concat([Buffer.from([0, 6, 0, name.length + 2]), name, Buffer.from(":x")]).copy(bytes, 20);
      }
      await new Promise((resolve) => socket.send(bytes, port, "127.0.0.1", resolve));
    }
    socket.close();
    const before = (await list("phone-1")).text;
    await until("it goes on", async () => {
      const now = await list("phone-1");
      return now.status === 200 && now.text !== before;
    }, 20_000);
    assert.equal(await state(phone.page, "phone-1"), "connected");
  });

  await t.test("who watches sees it move, and its page says how to send", async () => {
    const desk = await person(browser, server.base, "desk");
    await signInAtCentre(desk.page, accounts.chief, "/devices/phone-1");
    const video = desk.page.getByLabel("手机一号 的实时画面");
    await until("it moves", async () => (await video.evaluate((one) => one.currentTime > 0.5 && one.videoWidth > 0).catch(() => false)) === true, 40_000);
    await shoot(desk.page, "whip-live");
    await desk.context.clearCookies();
    await signInAtCentre(desk.page, accounts.admin, "/devices/phone-1");
    await desk.page.getByText(/^正在推流，自/).waitFor();
    await desk.page.getByText(`${server.base}/api/v1/cameras/phone-1/whip`).scrollIntoViewIfNeeded();
    await desk.page.waitForTimeout(300);
    assert.deepEqual([...(await barriers(desk.page)), ...desk.faults], []);
    assert.ok((await overflow(desk.page)) <= 1);
    await shoot(desk.page, "whip-page");
    await desk.context.close();
  });

  await t.test("DELETE ends it, by who has the key", async () => {
    const end = (where, key) => fetch(`${server.base}${where}`, { method: "DELETE", headers: { authorization: `Bearer ${key}` } });
    assert.equal((await end(call.location, keys["phone-2"])).status, 401);
    assert.equal((await end(call.location.replace(/\w+$/, "0123456789abcdef"), keys["phone-1"])).status, 404);
    assert.ok(await since("phone-1"));
    assert.equal((await end(call.location, keys["phone-1"])).status, 200);
    await until("it ended", async () => !(await since("phone-1")));
    const first = (await chief.get("/cameras/phone-1/recordings")).items.length;
    assert.ok(first > 0);
  });

  await t.test("a page that is closed, and one that is shut out, send no more; nor does who never comes", async () => {
    const other = await person(browser, server.base, "phone");
    await other.page.goto("/");
    assert.equal((await send(other.page, { camera: "phone-2", key: keys["phone-2"] })).status, 201);
    await until("it is seen", async () => (await list("phone-2")).status === 200, 40_000);
    await admin.post("/devices/phone-2/changes", { change: "quarantine", reason: "遗失" });
    await until("it is sent away", async () => !(await since("phone-2")), 20_000);
    assert.equal((await send(other.page, { camera: "phone-2", key: keys["phone-2"] })).status, 403);
    await admin.post("/devices/phone-2/changes", { change: "release" });
    assert.equal((await send(other.page, { camera: "phone-2", key: keys["phone-2"] })).status, 201);
    await until("it is seen again", async () => (await list("phone-2")).status === 200, 40_000);
    await other.context.close();
    await until("it is noticed", async () => !(await since("phone-2")), 40_000);
    const late = await phone.page.evaluate(async (key) => {
      const pc = new RTCPeerConnection();
      pc.addTransceiver("video", { direction: "sendonly" });
      await pc.setLocalDescription(await pc.createOffer());
      const headers = { "content-type": "application/sdp", authorization: `Bearer ${key}` };
      const answer = await fetch("/api/v1/cameras/phone-2/whip", { method: "POST", headers, body: pc.localDescription.sdp });
      pc.close();
      return answer.status;
    }, keys["phone-2"]);
    assert.equal(late, 201);
    assert.ok(await since("phone-2"));
    await until("it is given up", async () => !(await since("phone-2")), 20_000);
  });

  await t.test("it stops in good order while somebody sends, and its log holds no key", async () => {
    assert.equal((await send(phone.page, { camera: "phone-1", key: keys["phone-1"] })).status, 201);
    await until("it is recorded", async () => (await chief.get("/cameras/phone-1")).state === "live", 40_000);
    assert.equal((await server.stop()).code, 0);
    const log = await readFile(`${data}.log`, "utf8");
    for (const key of Object.values(keys)) assert.ok(!log.includes(key), log);
  });
});
