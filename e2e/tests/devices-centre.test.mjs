// Devices at the centre: one is registered on the map, speaks, is seen in the list and on charts, raises an alarm that somebody
// takes note of and follows to its case; and what may be done to it is done.
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { barriers, launch, overflow, person, shoot } from "../lib/browser.mjs";
import { addUser, folder, freePort, serve, until } from "../lib/dipper.mjs";
import { signInAll } from "../lib/staff.mjs";

const PLACE = { lon: "112.896100", lat: "32.508700" };

async function signIn(page, { login, password }, then) {
  await page.goto(`/centre/sign-in?then=${encodeURIComponent(then)}`);
  await page.locator("input[autocomplete=username]").fill(login);
  await page.locator("input[type=password]").fill(password);
  await page.getByRole("button", { name: /^(登录|Sign in)$/ }).click();
  await page.waitForURL(`**/centre${then}`);
}

test("devices and their alarms at the centre", { timeout: 600_000 }, async (t) => {
  const data = path.join(await folder(t), "data");
  const accounts = {
    admin: await addUser({ data }, "admin", ["admin:supervision_centre:yaoguang"]),
    chief: await addUser({ data }, "chief", ["duty_chief:supervision_centre:yaoguang"]),
    acceptor: await addUser({ data }, "acceptor", ["acceptor:supervision_centre:yaoguang"]),
  };
  const port = await freePort();
  const server = await serve(t, { data, args: ["--mqtt", `127.0.0.1:${port}`] });
  const { admin } = await signInAll(server.base, { admin: accounts.admin });
  const browser = await launch(t);
  const desk = await person(browser, server.base, "desk");
  const { page } = desk;
  const clean = async (what, one = desk) => {
    await one.page.waitForTimeout(300);
    const wider = await overflow(one.page);
    assert.deepEqual([...(await barriers(one.page)), ...(wider > 1 ? [`${what} is ${wider} px wider`] : []), ...one.faults], [], what);
  };
  const send = async (id, password, body) => {
    const headers = { authorization: `Basic ${Buffer.from(`${id}:${password}`).toString("base64")}`, "content-type": "application/json" };
    const answer = await fetch(`${server.base}/api/v1/devices/${id}/readings`, { method: "POST", headers, body: JSON.stringify(body) });
    return answer.status;
  };
  const ago = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString();
  let password;

  await t.test("a city without devices says so, and offers to register one", async () => {
    await signIn(page, accounts.admin, "/devices");
    await page.getByText("还没有登记设备").waitFor();
    await clean("no devices");
    await shoot(page, "devices-empty");
    await page.getByRole("link", { name: "登记设备" }).click();
    await page.waitForURL("**/centre/devices/new");
  });

  await t.test("a device is registered where it stands and gets its password once", async () => {
    await page.getByRole("button", { name: "登记并取得密码" }).click();
    await page.getByText("请在地图上点选位置，或填写经纬度").waitFor();
    await clean("an incomplete sheet");
    await page.getByLabel("设备编号").fill("cover-17");
    await page.getByRole("combobox", { name: "类型" }).click();
    await page.getByRole("option", { name: /井盖传感器/ }).click();
    await page.getByLabel("名称").fill("府前街 17 号井盖");
    await page.getByLabel("经度").fill(PLACE.lon);
    await page.getByLabel("纬度").fill(PLACE.lat);
    await page.locator(".located code").waitFor();
    await shoot(page, "devices-register");
    await page.getByRole("button", { name: "登记并取得密码" }).click();
    await page.getByText("密码只显示这一次").waitFor();
    const [secret, mqtt] = await page.locator(".copy code").allTextContents();
    password = secret;
    assert.equal(mqtt, `mosquitto_pub -h 127.0.0.1 -p ${port} -u cover-17 -P ${password} -q 1 -t devices/cover-17/readings -m '{"tilt":1}'`);
    await page.locator("svg.qr").waitFor();
    await clean("the password");
    await shoot(page, "devices-password");
    await page.getByRole("button", { name: "再登记一台" }).click();
    await page.getByLabel("设备编号").fill("cover-17");
    await page.getByRole("button", { name: "登记并取得密码" }).click();
    await page.getByText("已经有这个编号的设备").waitFor();
    assert.equal(await page.getByText(password).count(), 0, "the password is gone");
  });

  await t.test("what it sends is in the list and on its charts", async () => {
    const past = [...Array(12).keys()].map((n) => ({ at: ago(20 + n * 60), tilt: 1 + (n % 3), water_level: 30 + n, battery: 90 }));
    assert.equal(await send("cover-17", password, past), 200);
    assert.equal(await send("cover-17", password, { tilt: 2.5, water_level: 41, battery: 88 }), 200);
    const lamp = (await admin.post("/devices", { id: "lamp-1", class: "street_lamp", title: "文昌路 1 号路灯", lon: 112.8969, lat: 32.5081 })).password;
    assert.equal(await send("lamp-1", lamp, { power: 120, voltage: 229, lit: true }), 200);
    assert.equal(await send("lamp-1", lamp, { power: 9_999 }), 422, "beyond its sensor");
    await admin.post("/devices", { id: "smoke-1", class: "smoke_detector", title: "老城隍庙东厢房", lon: 112.8959, lat: 32.5085 });
    await page.goto("/centre/devices");
    const row = (id) => page.locator("tr", { hasText: id });
    await row("cover-17").getByText("2.5°").waitFor();
    assert.match(await row("cover-17").textContent(), /正常.*41\s*cm.*88%.*刚刚/s);
    assert.match(await row("lamp-1").textContent(), /报文读不懂.*亮灯\s*是/s);
    assert.match(await row("smoke-1").textContent(), /失联.*从未收到/s);
    await until("the tiles count", async () => (await page.locator(".tile strong").allTextContents()).join() === "3,2,1,0,0");
    await clean("the list");
    await shoot(page, "devices-list");
    assert.equal(await send("cover-17", password, { tilt: 2.6 }), 200);
    await row("cover-17").getByText("2.6°").waitFor();
    await page.getByRole("button", { name: "地图", exact: true }).click();
    await page.locator("canvas.maplibregl-canvas").waitFor();
    await page.getByText("底图：瑶光市").waitFor();
    await clean("the list with its map");
    await shoot(page, "devices-map");
    await page.getByRole("button", { name: "地图", exact: true }).click();
    await page.getByRole("button", { name: /^失联/ }).click();
    await row("cover-17").waitFor({ state: "detached" });
    await until("the silent one is left", async () => (await page.locator("tbody tr").count()) === 1);
    await page.getByRole("button", { name: "清除" }).click();
    await page.getByLabel("类型").selectOption({ label: "井盖传感器" });
    await row("smoke-1").waitFor({ state: "detached" });
    await page.getByRole("link", { name: /府前街 17 号井盖/ }).click();
    await page.getByRole("img", { name: /^倾角，.*最低 1°，最高 3°.*共 14 个读数/ }).waitFor();
    await until("the line is drawn", async () => (await page.locator('.plot svg path[stroke="#0072b2"]').count()) > 0);
    await clean("the device");
    await shoot(page, "device");
    await page.getByText("看数字").first().click();
    const numbers = page.getByRole("region", { name: /^倾角 °，每 .*一行$/ }).locator("tbody tr");
    await numbers.first().waitFor();
    // The two newest readings fall into one step, or into two when one has just ended.
    await until("a row each", async () => [13, 14].includes(await numbers.count()));
    await clean("the numbers");
    await shoot(page, "device-numbers");
    await page.goto("/centre/devices/lamp-1");
    await page.getByRole("img", { name: /^亮灯，.*最低 是，最高 是/ }).waitFor();
    await page.getByText("power: 9999 is beyond what the sensor can give").waitFor();
    await clean("a lamp");
    await shoot(page, "device-lamp");
    await page.goBack();
  });

  await t.test("a piece of the time is chosen on a chart, and by buttons", async () => {
    const time = page.locator(".panel p[role=status]").first();
    const day = await time.textContent();
    const box = await page.locator(".plot").first().boundingBox();
    await page.mouse.move(box.x + box.width * 0.5, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.7, box.y + 60, { steps: 5 });
    await page.mouse.move(box.x + box.width * 0.9, box.y + 60, { steps: 5 });
    await page.mouse.up();
    const chosen = await until("the time is chosen", async () => ((await time.textContent()) === day ? undefined : time.textContent()));
    assert.equal(await page.getByRole("button", { name: "1 天", exact: true }).getAttribute("aria-pressed"), "false");
    await page.getByRole("button", { name: "缩小时段" }).click();
    assert.notEqual(await time.textContent(), chosen);
    await page.getByRole("button", { name: "1 年" }).click();
    await page.getByRole("img", { name: /^倾角，.*共 14 个读数/ }).waitFor();
  });

  await t.test("an alarm is seen, taken note of and followed to its case", async () => {
    const watch = await person(browser, server.base, "desk");
    await signIn(watch.page, accounts.chief, "/alarms");
    await watch.page.getByText("没有未恢复的告警").waitFor();
    await clean("no alarms", watch);
    await shoot(watch.page, "alarms-empty");
    assert.equal(await send("cover-17", password, { tilt: 47 }), 200);
    const row = watch.page.locator("tr", { hasText: "井盖倾斜或移位" });
    await row.waitFor();
    await row.getByRole("link", { name: "查看案件" }).waitFor();
    assert.match(await row.textContent(), /重要.*倾角\s*47°.*府前街 17 号井盖.*未确认/s);
    await until("it is counted in the navigation", async () => (await watch.page.getByRole("link", { name: /^告警(?!规则|通知)/ }).textContent()).includes("1"));
    await clean("an alarm", watch);
    await shoot(watch.page, "alarms");
    // The worst is said aloud and stands first.
    assert.equal(await send("cover-17", password, { water_level: 400 }), 200);
    await watch.page.locator("[aria-live=polite]", { hasText: "新的紧急告警：井内水位过高" }).waitFor({ state: "attached" });
    assert.match(await watch.page.locator("tbody tr").first().textContent(), /紧急.*井内水位过高.*400\s*cm/s);
    await row.getByRole("button", { name: /^确认/ }).click();
    await row.getByText("已确认", { exact: true }).waitFor();
    const flood = watch.page.locator("tr", { hasText: "井内水位过高" });
    await flood.getByRole("button", { name: /^搁置/ }).click();
    await clean("for how long", watch);
    await shoot(watch.page, "alarms-aside");
    await watch.page.getByRole("dialog").getByRole("button", { name: "1 小时" }).click();
    await flood.getByText("已搁置", { exact: true }).waitFor();
    await until("nothing waits any more", async () => !/\d/.test(await watch.page.getByRole("link", { name: /^告警(?!规则|通知)/ }).textContent()));
    await flood.getByRole("button", { name: /^关闭/ }).click();
    await watch.page.getByRole("dialog").getByRole("button", { name: "关闭" }).click();
    await flood.waitFor({ state: "detached" });
    await watch.page.getByRole("tab", { name: "已恢复" }).click();
    await flood.waitFor();
    await clean("what is over", watch);
    await shoot(watch.page, "alarms-closed");
    await watch.page.getByRole("tab", { name: /未恢复/ }).click();
    await row.getByRole("link", { name: "查看案件" }).click();
    await watch.page.getByRole("heading", { level: 1 }).waitFor();
    await watch.page.getByText(/cover-17/).first().waitFor();
    // Its alarms stand in the case, with the way back to their devices.
    const ofCase = watch.page.getByRole("table", { name: "告警列表" });
    await ofCase.getByText("井盖倾斜或移位").waitFor();
    assert.equal(await ofCase.getByRole("link", { name: /井盖/ }).first().getAttribute("href"), "/centre/devices/cover-17");
    await clean("the case of an alarm", watch);
    await shoot(watch.page, "alarms-case");
    await watch.context.close();
  });

  await t.test("who only reads sees neither deeds nor the sheet", async () => {
    const reader = await person(browser, server.base, "desk");
    await signIn(reader.page, accounts.acceptor, "/alarms");
    await reader.page.locator("tr", { hasText: "井盖倾斜或移位" }).waitFor();
    assert.equal(await reader.page.getByRole("button", { name: /^(确认|搁置|关闭)/ }).count(), 0);
    await reader.page.goto("/centre/devices/cover-17");
    await reader.page.getByText("设备信息").waitFor();
    assert.equal(await reader.page.getByText("管理设备").count(), 0);
    await reader.page.goto("/centre/devices");
    await reader.page.getByText("cover-17").waitFor();
    assert.equal(await reader.page.getByRole("link", { name: "登记设备" }).count(), 0);
    await reader.page.goto("/centre/devices/new");
    await reader.page.getByText("您的岗位不能使用这一页").waitFor();
    await reader.context.close();
  });

  await t.test("a new password, quarantine with a reason, release, the end", async () => {
    await page.goto("/centre/devices/cover-17");
    await page.getByRole("button", { name: "换新密码" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "换新密码" }).click();
    const renewed = await page.locator(".copy code").first().textContent();
    assert.notEqual(renewed, password);
    assert.deepEqual([await send("cover-17", renewed, { battery: 70 }), await send("cover-17", password, { battery: 70 })], [200, 401]);
    await clean("a new password");
    await shoot(page, "device-password");
    await page.getByRole("button", { name: "隔离", exact: true }).click();
    const dialog = page.getByRole("dialog");
    assert.ok(await dialog.getByRole("button", { name: "隔离", exact: true }).isDisabled(), "not without a reason");
    await dialog.getByLabel("原因").fill("读数跳变，送检");
    await clean("why");
    await dialog.getByRole("button", { name: "隔离", exact: true }).click();
    await page.getByText("读数跳变，送检").waitFor();
    assert.equal(await send("cover-17", renewed, { battery: 70 }), 403);
    await clean("quarantined");
    await shoot(page, "device-quarantined");
    await page.getByRole("button", { name: "解除隔离" }).click();
    await page.getByRole("button", { name: "隔离", exact: true }).waitFor();
    assert.equal(await send("cover-17", renewed, { battery: 70 }), 200);
    await page.getByRole("button", { name: "退役" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "退役" }).click();
    await page.getByText("管理设备").waitFor({ state: "detached" });
    assert.notEqual(await send("cover-17", renewed, { battery: 70 }), 200);
  });

  await t.test("the same on a phone and in English", async () => {
    const phone = await person(browser, server.base, "phone", "en");
    await signIn(phone.page, accounts.admin, "/devices");
    await phone.page.getByText("cover-17").waitFor();
    await clean("the list on a phone", phone);
    await shoot(phone.page, "devices-phone");
    await phone.page.goto("/centre/devices/cover-17");
    await phone.page.getByRole("img", { name: /^Tilt, / }).waitFor();
    await clean("the device on a phone", phone);
    await shoot(phone.page, "device-phone");
    await phone.page.goto("/centre/alarms");
    // A device that is gone has no open alarm.
    await phone.page.getByRole("tab", { name: "Closed" }).click();
    await phone.page.getByText("Manhole cover tilted or moved").first().waitFor();
    await clean("alarms on a phone", phone);
    await shoot(phone.page, "alarms-phone");
    await phone.page.goto("/centre/devices/new");
    await phone.page.getByLabel("Id of the device").waitFor();
    await clean("the sheet on a phone", phone);
    await shoot(phone.page, "devices-register-phone");
    await phone.context.close();
  });
});
