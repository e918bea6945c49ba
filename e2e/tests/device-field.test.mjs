// Devices in the field: those near by, a label that is scanned or typed, and a device that is put up until its first reading has
// come, or what is wrong is said in words.
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { barriers, launch, overflow, person, shoot } from "../lib/browser.mjs";
import { addUser, folder, serve, until } from "../lib/dipper.mjs";
import { PLACE, signInAll } from "../lib/staff.mjs";
import { png } from "../lib/visitor.mjs";

async function signIn(page, { login, password }, then = "/") {
  await page.goto(`/field/sign-in?to=${encodeURIComponent(then)}`);
  await page.locator("input[autocomplete=username]").fill(login);
  await page.locator("input[type=password]").fill(password);
  await page.getByRole("button", { name: /^(登录|Sign in)$/ }).click();
  await page.waitForURL(`**/field${then}`);
}

test("devices in the field", { timeout: 600_000 }, async (t) => {
  const data = path.join(await folder(t), "data");
  const accounts = {
    admin: await addUser({ data }, "admin", ["admin:supervision_centre:yaoguang"]),
    handler: await addUser({ data }, "handler", ["department_handler:drainage:yaoguang"]),
    collector: await addUser({ data }, "collector", ["collector:gulou-collectors:gulou"]),
  };
  const server = await serve(t, { data });
  const { admin, handler, collector } = await signInAll(server.base, accounts);
  const send = async (id, password, body) => {
    const headers = { authorization: `Basic ${Buffer.from(`${id}:${password}`).toString("base64")}`, "content-type": "application/json" };
    return (await fetch(`${server.base}/api/v1/devices/${id}/readings`, { method: "POST", headers, body: JSON.stringify(body) })).status;
  };
  const register = async (id, klass, title, east, north) =>
    (await admin.post("/devices", { id, class: klass, title, lon: PLACE.lon + east, lat: PLACE.lat + north })).password;
  const lamp = await register("lamp-7", "street_lamp", "钟楼西街 7 号路灯", 0.0008, 0);
  const cover = await register("cover-3", "manhole_cover", "钟楼西街 3 号井盖", 0, -0.0012);
  await register("far-1", "air_station", "城北空气站", 0.0, 0.03);
  const fresh = await register("cover-9", "manhole_cover", "府前街 9 号井盖", 0.0004, 0.0004);
  assert.equal(await send("lamp-7", lamp, { power: 118, voltage: 229, lit: true }), 200);
  assert.equal(await send("cover-3", cover, { tilt: 45, water_level: 30, battery: 81 }), 200);
  await until("an alarm", async () => (await admin.get("/alarms?open=true")).items.some(({ device }) => device === "cover-3"));

  const browser = await launch(t);
  const phone = await person(browser, server.base, "phone");
  const { page } = phone;
  const clean = async (what, one = phone) => {
    await one.page.waitForTimeout(300);
    const wider = await overflow(one.page);
    assert.deepEqual([...(await barriers(one.page)), ...(wider > 1 ? [`${what} is ${wider} px wider`] : []), ...one.faults], [], what);
  };

  await t.test("who is near is asked within a distance and a region", async () => {
    const near = await collector.get(`/nearby-devices?lon=${PLACE.lon}&lat=${PLACE.lat}&radius_m=500`);
    assert.deepEqual(near.items.map(({ device }) => device.id), ["cover-9", "lamp-7", "cover-3"]);
    const [, east, south] = near.items;
    assert.ok(Math.abs(east.bearing_deg - 90) < 1 && Math.abs(east.distance_m - 75) < 2, JSON.stringify([east.bearing_deg, east.distance_m]));
    assert.ok(Math.abs(south.bearing_deg - 180) < 1 && south.alarms.length > 0);
    const refused = await collector.get(`/nearby-devices?lon=${PLACE.lon}&lat=${PLACE.lat}&radius_m=9000`).catch((error) => error);
    assert.equal(refused.status, 400);
  });

  await t.test("the devices near me, with how far, which way and how they stand", async () => {
    await signIn(page, accounts.handler, "/map");
    await page.getByRole("link", { name: "附近设备" }).click();
    const card = (id) => page.locator(".near", { hasText: id }).last();
    await page.getByText("钟楼西街 7 号路灯").waitFor();
    const texts = await page.locator("a.near").allTextContents();
    assert.deepEqual(texts.map((text) => /(cover|lamp)-\d/.exec(text)[0]), ["cover-9", "lamp-7", "cover-3"]);
    assert.match(texts[1], /75 米\s*东.*正常.*亮灯\s*是/s);
    assert.match(texts[2], /130 米\s*南.*告警.*45°/s);
    assert.match(texts[0], /失联/);
    await clean("near");
    await shoot(page, "field-near");
    await page.getByRole("button", { name: "地图" }).click();
    await page.locator("canvas.maplibregl-canvas").waitFor();
    await page.waitForTimeout(1_500);
    await clean("near on the map");
    await shoot(page, "field-near-map");
    await page.getByRole("button", { name: "列表", exact: true }).click();
    await page.getByRole("button", { name: "2 公里" }).click();
    await until("the same three", async () => (await page.locator("a.near").count()) === 3);
    await card("cover-3").click();
    await page.getByRole("heading", { name: "未恢复的告警" }).waitFor();
    await page.locator(".alarm").first().waitFor();
    await clean("a device");
    await shoot(page, "field-device");
  });

  await t.test("a label is scanned from a picture, and other codes are told apart", async () => {
    const desk = await person(browser, server.base, "desk");
    await desk.page.goto("/centre/sign-in?then=%2Fstickers%3Fdevices%3Dcover-9");
    await desk.page.locator("input[autocomplete=username]").fill("admin");
    await desk.page.locator("input[type=password]").fill(accounts.admin.password);
    await desk.page.getByRole("button", { name: "登录" }).click();
    await desk.page.locator(".sticker svg[role=img]").waitFor();
    await clean("a label", desk);
    await shoot(desk.page, "device-sticker");
    const label = await desk.page.locator(".sticker").screenshot();
    assert.ok(!(await desk.page.content()).includes(fresh), "no password on the label");
    await desk.context.close();
    await page.goto("/field/scan");
    await page.getByText(/相机/).first().waitFor();
    await clean("scanning");
    await shoot(page, "field-scan");
    await page.locator("input[type=file]").setInputFiles({ name: "plain.png", mimeType: "image/png", buffer: png(40, 40) });
    await page.getByText("这个二维码不是设备标签").waitFor();
    await page.locator("input[type=file]").setInputFiles({ name: "label.png", mimeType: "image/png", buffer: label });
    await page.waitForURL("**/field/devices/cover-9");
    await page.goto("/field/scan");
    await page.getByLabel("设备编号").fill("no such");
    await page.getByRole("button", { name: "打开设备" }).click();
    await page.getByText("编号只有字母、数字").waitFor();
    await page.getByLabel("设备编号").fill("ghost-1");
    await page.getByRole("button", { name: "打开设备" }).click();
    await page.getByText("登记册里没有 ghost-1").waitFor();
    await clean("an unknown device");
    await shoot(page, "field-unknown");
  });

  await t.test("a device is put up, and its first words are waited for", async () => {
    await page.goto("/field/devices/cover-9");
    await page.getByRole("link", { name: "安装登记" }).click();
    await page.getByText("还没有收到").waitFor();
    await page.getByText(/手机定位，误差约 \d+ 米/).waitFor();
    await clean("an installation");
    await shoot(page, "field-install");
    await page.getByRole("button", { name: "登记安装" }).click();
    await page.getByText("这里至少要 1 张照片").or(page.getByText(/照片/)).first().waitFor();
    assert.equal(await send("cover-9", "not its password", { tilt: 1 }), 401);
    await page.getByText("密码不对").waitFor();
    await clean("a wrong password");
    await shoot(page, "field-install-credentials");
    assert.equal(await send("cover-9", fresh, { angle: 1 }), 422);
    await page.getByText("报了不认识的数据项").waitFor();
    assert.equal(await send("cover-9", fresh, { tilt: 1, at: "2030-01-01T00:00:00Z" }), 422);
    await page.getByText("设备的时钟不准").waitFor();
    await shoot(page, "field-install-clock");
    assert.equal(await send("cover-9", fresh, { tilt: 1.5, water_level: 20, battery: 99 }), 200);
    await page.getByText("收到了").waitFor();
    await page.getByLabel(/对，是井盖传感器/).check({ force: true });
    await page.locator("input[type=file]").first().setInputFiles({ name: "cover.png", mimeType: "image/png", buffer: png(640, 480) });
    await page.locator("form img").first().waitFor();
    await page.getByRole("button", { name: "在地图上调整" }).click();
    await page.locator("canvas.maplibregl-canvas").waitFor();
    await page.waitForTimeout(1_500);
    await shoot(page, "field-install-map");
    await page.getByRole("button", { name: "登记安装" }).click();
    await page.getByText("安装已登记").waitFor();
    await clean("an installation that is noted");
    await shoot(page, "field-install-done");
    const [noted] = await admin.get("/devices/cover-9/installations");
    assert.equal(noted.by, "handler");
    assert.ok(noted.picture_url && Math.abs(noted.lon - PLACE.lon) < 1e-6, JSON.stringify(noted));
    const seen = await collector.fetch("GET", noted.picture_url.replace("/api/v1", ""));
    assert.equal(seen.status, 200, "who sees the device sees its picture");
    assert.ok(Math.abs((await admin.get("/devices/cover-9")).lon - PLACE.lon) < 1e-6, "it stands there now");
  });

  await t.test("who may not install does not, and nobody moves a device out of reach", async () => {
    const body = { class: "manhole_cover", lon: PLACE.lon, lat: PLACE.lat };
    const by = async (who, id, more) => (await who.post(`/devices/${id}/installations`, { ...body, ...more }).catch((error) => error)).status;
    assert.equal(await by(collector, "cover-3", {}), 403);
    assert.equal(await by(handler, "cover-3", { class: "street_lamp" }), 422);
    assert.equal(await by(handler, "cover-3", { lon: 2.3 }), 422);
    assert.equal(await by(handler, "cover-3", { picture: "0".repeat(64) }), 422);
    assert.equal(await by(handler, "ghost", {}), 404);
    const other = await person(browser, server.base, "phone", "en");
    await signIn(other.page, accounts.collector, "/devices");
    await other.page.getByText("cover-3").first().waitFor();
    await clean("in English", other);
    await shoot(other.page, "field-near-en");
    await other.page.locator("a.near", { hasText: "lamp-7" }).click();
    await other.page.getByRole("link", { name: "Report a problem here" }).waitFor();
    assert.equal(await other.page.getByRole("link", { name: "Note an installation" }).count(), 0);
    await other.page.getByRole("link", { name: "Report a problem here" }).click();
    await other.page.waitForURL("**/field/patrol?**");
    await until("it says which", async () => (await other.page.locator("textarea").last().inputValue()).includes("lamp-7"));
    await other.context.close();
  });
});
