// Devices as live tiles: the worst first, kept up to date, by keyboard, and only those in sight are drawn; groups of devices.
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { barriers, launch, overflow, person, shoot } from "../lib/browser.mjs";
import { addUser, folder, serve, until } from "../lib/dipper.mjs";
import { PLACE, signInAll } from "../lib/staff.mjs";

const MANY = 300;

async function signIn(page, { login, password }, then) {
  await page.goto(`/centre/sign-in?then=${encodeURIComponent(then)}`);
  await page.locator("input[autocomplete=username]").fill(login);
  await page.locator("input[type=password]").fill(password);
  await page.getByRole("button", { name: /^(登录|Sign in)$/ }).click();
  await page.waitForURL(`**/centre${then}`);
}

test("devices as live tiles, and in groups", { timeout: 600_000 }, async (t) => {
  const data = path.join(await folder(t), "data");
  const accounts = {
    admin: await addUser({ data }, "admin", ["admin:supervision_centre:yaoguang"]),
    reader: await addUser({ data }, "reader", ["acceptor:supervision_centre:yaoguang"]),
  };
  const server = await serve(t, { data });
  const { admin, reader } = await signInAll(server.base, accounts);
  const send = async (id, password, body) => {
    const headers = { authorization: `Basic ${Buffer.from(`${id}:${password}`).toString("base64")}`, "content-type": "application/json" };
    return (await fetch(`${server.base}/api/v1/devices/${id}/readings`, { method: "POST", headers, body: JSON.stringify(body) })).status;
  };
  const ago = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString();
  const secrets = new Map();
  const kinds = [
    ["street_lamp", "路灯", (n) => ({ power: 90 + (n % 40), voltage: 228, lit: n % 2 === 0 })],
    ["manhole_cover", "井盖", (n) => ({ tilt: 1 + (n % 3), water_level: 20 + (n % 30), battery: 60 + (n % 40) })],
    ["air_station", "空气站", (n) => ({ pm2_5: 20 + (n % 60), pm10: 50, temperature: 12, humidity: 60, noise: 55 })],
  ];
  for (let n = 0; n < MANY; n++) {
    const [klass, word, body] = kinds[n % 3];
    const id = `d-${String(n).padStart(4, "0")}`;
    const { password } = await admin.post("/devices", { id, class: klass, title: `${word} ${n}`, lon: PLACE.lon + (n % 20) * 0.0005, lat: PLACE.lat + Math.floor(n / 20) * 0.0005 });
    secrets.set(id, password);
    if (n % 25 !== 24) {
      const past = n < 40 ? [...Array(12).keys()].map((k) => ({ at: ago(350 - k * 28), ...body(n + k * 5) })) : [];
      assert.equal(await send(id, password, [...past, body(n)]), 200);
    }
  }
  await admin.post("/devices/d-0003/changes", { change: "quarantine", reason: "读数跳变" });
  await send("d-0001", secrets.get("d-0001"), { tilt: 70 });
  await until("an alarm", async () => (await admin.get("/alarms?open=true")).items.some(({ device }) => device === "d-0001"));

  const browser = await launch(t);
  const desk = await person(browser, server.base, "desk");
  const { page } = desk;
  const clean = async (what, one = desk) => {
    await one.page.waitForTimeout(300);
    const wider = await overflow(one.page);
    assert.deepEqual([...(await barriers(one.page)), ...(wider > 1 ? [`${what} is ${wider} px wider`] : []), ...one.faults], [], what);
  };
  const order = () => page.locator("li[data-at] strong.ellipsis").allTextContents();
  const numbers = async () => (await page.locator(".tally strong").allTextContents()).map((one) => Number(one.replace(/\D/g, "")));

  await t.test("what changed is told and nothing else, and the answer is small", async () => {
    const whole = await reader.get("/device-tiles");
    assert.deepEqual([whole.is_whole, whole.tiles.length, whole.total], [true, MANY, MANY]);
    const bytes = JSON.stringify(whole).length / MANY;
    assert.ok(bytes < 300, `${bytes} bytes a tile`);
    // Answers overlap by 15 s: what came while the city was set up is told again until then.
    await new Promise((done) => setTimeout(done, 16_000));
    await send("d-0004", secrets.get("d-0004"), { tilt: 2.5 });
    const later = await reader.get(`/device-tiles?since=${encodeURIComponent((await reader.get("/device-tiles?class=river_gauge")).at)}`);
    assert.equal(later.is_whole, false);
    assert.deepEqual(later.tiles.map(({ id, values }) => [id, values[0]]), [["d-0004", 2.5]]);
    assert.deepEqual(later.alarms.map(({ device }) => device).includes("d-0001"), true, "alarms are always whole");
  });

  await t.test("tiles stand the worst first with their values, lines and counts", async () => {
    await signIn(page, accounts.admin, "/devices");
    await page.getByRole("link", { name: "实时" }).click();
    await page.getByText(`${MANY} 台设备`).waitFor();
    const [all, alarm, shut, late, fresh] = await numbers();
    assert.deepEqual([all, shut, late], [MANY, 1, MANY / 25]);
    assert.ok(alarm >= 1 && alarm + fresh === MANY - 1 - MANY / 25);
    const first = await order();
    assert.ok(first.indexOf("井盖 1") < first.indexOf("路灯 3") || alarm > 1, first.join());
    await until("lines are drawn", async () => (await page.locator(".spark path").count()) > 10);
    assert.ok((await page.locator("li[data-at]").count()) < 90, "only those in sight are drawn");
    await clean("tiles");
    await shoot(page, "tiles");
  });

  await t.test("a reading comes by itself, and an alarm moves its tile to the front", async () => {
    await page.getByLabel("类型").selectOption({ label: "井盖传感器" });
    await page.getByText(`${MANY / 3} 台设备`).waitFor();
    await send("d-0007", secrets.get("d-0007"), { tilt: 88 });
    await until("it is in front", async () => (await order()).slice(0, 2).includes("井盖 7"), 30_000);
    await page.locator("li", { hasText: "井盖 7" }).first().getByText("88°").waitFor();
    await page.getByRole("button", { name: /^隔离/ }).click();
    await page.getByText("没有符合条件的设备").waitFor();
    await page.getByRole("button", { name: "清除" }).click();
  });

  await t.test("keys lead through all of them, and open one", async () => {
    await page.getByText(`${MANY} 台设备`).waitFor();
    await page.locator("li[data-at] a[tabindex='0']").focus();
    await page.keyboard.press("End");
    await page.keyboard.press("ArrowLeft");
    assert.equal(await page.evaluate(() => document.activeElement.closest("li").getAttribute("aria-posinset")), String(MANY - 1));
    await page.keyboard.press("Home");
    await page.keyboard.press("ArrowRight");
    assert.equal(await page.evaluate(() => document.activeElement.closest("li").getAttribute("aria-posinset")), "2");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/centre\/devices\/d-/);
    await page.goBack();
  });

  await t.test("the whole screen is a wall", async () => {
    await page.getByRole("button", { name: "全屏" }).click();
    await page.getByRole("button", { name: /退出全屏/ }).waitFor();
    await until("lines are drawn", async () => (await page.locator(".spark path").count()) > 5);
    await clean("the wall");
    await shoot(page, "tiles-wall");
    await page.getByRole("button", { name: /退出全屏/ }).click();
    await page.getByRole("button", { name: "全屏", exact: true }).waitFor();
  });

  await t.test("devices are put in groups, one and many, and found by them", async () => {
    await page.goto("/centre/devices/d-0001");
    await page.getByRole("combobox", { name: "加入分组" }).fill("a,b");
    await page.getByRole("button", { name: "加入", exact: true }).click();
    await page.getByText("分组名最多 24 个字").waitFor();
    await page.getByRole("combobox", { name: "加入分组" }).fill("汛期重点");
    await page.getByRole("button", { name: "加入", exact: true }).click();
    await page.getByRole("button", { name: "移出“汛期重点”" }).waitFor();
    await clean("a device with a group");
    await shoot(page, "device-labels");
    await page.goto("/centre/devices");
    await page.getByLabel("选本页全部").check();
    await page.getByText("已选 50 台").waitFor();
    await page.getByRole("button", { name: "分组…" }).click();
    await page.getByRole("combobox", { name: "加入分组" }).fill("第一批");
    await shoot(page, "devices-selected");
    await page.getByRole("button", { name: "加入", exact: true }).click();
    await page.getByText("已改 50 台设备的分组").waitFor();
    assert.deepEqual((await reader.get("/device-labels")).map(({ label, count }) => [label, count]), [["汛期重点", 1], ["第一批", 50]]);
    await page.getByLabel("分组", { exact: true }).selectOption("汛期重点");
    await until("one is left", async () => (await page.locator("tbody tr").count()) === 1);
    await clean("a group");
    await shoot(page, "devices-group");
    await page.goto(`/centre/tiles?label=${encodeURIComponent("第一批")}`);
    await page.getByText("50 台设备").waitFor();
    await page.goto(`/centre/alarms?label=${encodeURIComponent("汛期重点")}`);
    await until("alarms of the group alone", async () => {
      const found = await page.locator("td.device").allTextContents();
      return found.length > 0 && found.every((one) => one.includes("井盖 1"));
    });
    await clean("alarms of a group");
    await shoot(page, "alarms-group");
    const eight = Array.from({ length: 9 }, (_, n) => `g${n}`);
    const refused = await admin.post("/device-labels", { devices: ["d-0009"], add: eight }).catch((error) => error);
    assert.equal(refused.status, 422);
    assert.equal((await reader.post("/device-labels", { devices: ["d-0009"], add: ["x"] }).catch((error) => error)).status, 403);
  });

  await t.test("the same on a phone and in English", async () => {
    const phone = await person(browser, server.base, "phone", "en");
    await signIn(phone.page, accounts.reader, "/tiles");
    await phone.page.getByText(`${MANY} devices`).waitFor();
    await until("lines are drawn", async () => (await phone.page.locator(".spark path").count()) > 1);
    await clean("on a phone", phone);
    await shoot(phone.page, "tiles-phone-en");
    await phone.context.close();
    const english = await person(browser, server.base, "desk", "en");
    await signIn(english.page, accounts.reader, "/tiles");
    await until("lines are drawn", async () => (await english.page.locator(".spark path").count()) > 5);
    await shoot(english.page, "tiles-en");
    await english.context.clearCookies();
    await signIn(english.page, accounts.admin, "/alarms");
    await english.page.locator("td.deeds").first().waitFor();
    await clean("alarms in English", english);
    await shoot(english.page, "alarms-en");
    await english.page.goto("/centre/devices");
    await english.page.locator("tbody tr").first().waitFor();
    await english.page.getByRole("button", { name: "Map", exact: true }).click();
    await english.page.locator("canvas.maplibregl-canvas").waitFor();
    await english.page.waitForTimeout(2_500);
    await shoot(english.page, "devices-map-en");
    await english.context.close();
  });
});
