// Control at the centre: devices are told what to do over MQTT and answer; what is dangerous waits for a second person.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { promisify } from "node:util";
import { barriers, launch, overflow, person, shoot } from "../lib/browser.mjs";
import { addUser, folder, freePort, run, serve, until } from "../lib/dipper.mjs";
import { signInAll } from "../lib/staff.mjs";
import { Visitor } from "../lib/visitor.mjs";

const execute = promisify(execFile);
const hasMosquitto = await execute("mosquitto_sub", ["--help"]).then(() => true, (error) => error.code !== "ENOENT");

/** A device with Mosquitto's clients: hears its commands and answers as `answer` says; without one it keeps silent. */
class Machine {
  heard = [];
  /** What it says of a command: `{ done, message }`; nothing when it says nothing. */
  answer = () => ({ done: true });

  constructor(t, port, { id, password }) {
    Object.assign(this, { port, id, password });
    t.after(() => this.leave());
  }

  args() {
    return ["-h", "127.0.0.1", "-p", String(this.port), "-u", this.id, "-P", this.password, "-q", "1", "-V", "mqttv311"];
  }

  come() {
    this.child = spawn("mosquitto_sub", [...this.args(), "-t", `devices/${this.id}/commands`], { stdio: ["ignore", "pipe", "inherit"] });
    createInterface({ input: this.child.stdout }).on("line", (line) => {
      const command = JSON.parse(line);
      this.heard.push(command);
      const said = this.answer(command);
      if (said) void this.say({ id: command.id, ...said });
    });
  }

  async leave() {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill();
    await ended;
  }

  /** Publishes an answer; how it ended. */
  say(answer) {
    const args = [...this.args(), "-t", `devices/${this.id}/answers`, "-m", JSON.stringify(answer)];
    return execute("mosquitto_pub", args, { timeout: 20_000 }).then(() => 0, (error) => error.code);
  }
}

async function signIn(page, { login, password }, then) {
  await page.goto(`/centre/sign-in?then=${encodeURIComponent(then)}`);
  await page.locator("input[autocomplete=username]").fill(login);
  await page.locator("input[type=password]").fill(password);
  await page.getByRole("button", { name: /^(登录|Sign in)$/ }).click();
  await page.waitForURL(`**/centre${then}`);
}

test("devices are told what to do", { timeout: 600_000, skip: hasMosquitto ? false : "skipped: apt install mosquitto-clients" }, async (t) => {
  const data = path.join(await folder(t), "data");
  const accounts = {
    admin: await addUser({ data }, "admin", ["admin:supervision_centre:yaoguang"]),
    chief: await addUser({ data }, "chief", ["duty_chief:supervision_centre:yaoguang"]),
    dispatcher: await addUser({ data }, "dispatcher", ["dispatcher:command_centre:yaoguang"]),
    acceptor: await addUser({ data }, "acceptor", ["acceptor:supervision_centre:yaoguang"]),
  };
  const mqtt = await freePort();
  const server = await serve(t, { data, args: ["--mqtt", `127.0.0.1:${mqtt}`] });
  const { admin, acceptor, chief, dispatcher } = await signInAll(server.base, accounts);
  const register = async (id, ofClass, title, lon, lat) => new Machine(t, mqtt, { id, password: (await admin.post("/devices", { id, class: ofClass, title, lon, lat })).password });
  const lamp = await register("lamp-1", "street_lamp", "文昌路 1 号路灯", 112.8969, 32.5081);
  const gas = await register("gas-1", "gas_detector", "老城隍庙厨房燃气探测器", 112.8959, 32.5085);
  const browser = await launch(t);
  const desk = await person(browser, server.base, "desk");
  const { page } = desk;
  const clean = async (what, one = desk) => {
    await one.page.waitForTimeout(300);
    const wider = await overflow(one.page);
    assert.deepEqual([...(await barriers(one.page)), ...(wider > 1 ? [`${what} is ${wider} px wider`] : []), ...one.faults], [], what);
  };
  const dialog = (of = page) => of.getByRole("dialog");
  const commandOf = async (device) => (await chief.get(`/device-commands?device=${device}&limit=1`)).items[0];
  const newest = (of = page) => of.locator("table.commands tbody tr").first();

  await t.test("a city where nobody was told anything says so", async () => {
    await signIn(page, accounts.dispatcher, "/control");
    await page.getByText("没有等待确认的指令").waitFor();
    await page.getByText("还没有下达过指令").waitFor();
    const scene = page.locator("li.scene", { hasText: "天黑亮灯" });
    assert.match(await scene.textContent(), /调光 · 亮度 100%.*全市 · 路灯控制器.*天黑前 10 分钟.*下次/s);
    assert.match(await page.locator("li.scene", { hasText: "活动日全亮" }).textContent(), /鼓楼街道.*仅手动/s);
    assert.match(await page.locator("li.scene", { hasText: "深夜减半" }).textContent(), /亮度 50%.*23:30/s);
    await clean("nothing told yet");
    await shoot(page, "control-empty");
  });

  await t.test("a value that does not do is refused in words, and nothing is sent", async () => {
    lamp.come();
    await page.goto("/centre/devices/lamp-1");
    await page.getByText("没有给这台设备下达过指令").waitFor();
    await page.getByRole("button", { name: "调光", exact: true }).click();
    await dialog().getByRole("button", { name: "下达", exact: true }).click();
    await dialog().getByText("这一项要填").first().waitFor();
    await dialog().getByLabel("亮度", { exact: true }).fill("150");
    await dialog().getByText("请填 0 到 100 之间的数").waitFor();
    await dialog().getByLabel("理由").fill("居民反映灯光刺眼");
    await dialog().getByRole("button", { name: "下达", exact: true }).click();
    await until("the fault has the focus", () => page.evaluate(() => document.activeElement?.getAttribute("aria-invalid") === "true"));
    await clean("150 %");
    await shoot(page, "control-refused");
    assert.equal((await chief.get("/device-commands")).items.length, 0);
    const refused = await dispatcher.post("/devices/lamp-1/commands", { command: "dim", arguments: { brightness: 150 }, reason: "too much" }).catch((error) => error);
    assert.deepEqual([refused.status, refused.body.fields[0].field], [422, "arguments.brightness"]);
    await dialog().getByRole("button", { name: "取消" }).click();
  });

  await t.test("a lamp is dimmed and says so within seconds", async () => {
    await page.getByRole("button", { name: "调光", exact: true }).click();
    await dialog().getByRole("slider", { name: "亮度滑块" }).press("End");
    assert.equal(await dialog().getByLabel("亮度", { exact: true }).inputValue(), "100");
    await dialog().getByLabel("亮度", { exact: true }).fill("40");
    await dialog().getByLabel("理由").fill("居民反映灯光刺眼");
    await clean("the sheet of a command");
    await shoot(page, "control-ask");
    lamp.answer = () => ({ done: true, message: "亮度已调到 40%" });
    await dialog().getByRole("button", { name: "下达", exact: true }).click();
    await dialog().waitFor({ state: "detached" });
    await newest().getByText("设备答复：亮度已调到 40%").waitFor({ timeout: 10_000 });
    assert.match(await newest().textContent(), /已执行.*调光\s*亮度 40%.*已下达.*已送达.*已执行.*居民反映灯光刺眼.*dispatcher/s);
    const [{ command, arguments: values, expires_at }] = lamp.heard;
    assert.deepEqual([command, values, Date.parse(expires_at) > Date.now()], ["dim", { brightness: 40 }, true]);
    await clean("a lamp that obeyed");
    await shoot(page, "control-device");
  });

  await t.test("who asked for it, and how it ended, stand in the ledger; the receipt holds offline", async () => {
    const sealed = await until("both are records", async () => {
      const { items } = await dispatcher.get("/devices/lamp-1/records");
      return items.length === 2 ? items : undefined;
    });
    assert.deepEqual(sealed.map(({ kind, actor }) => [kind, actor.kind]), [["command_ended", "system"], ["command_asked", "staff"]]);
    assert.deepEqual([sealed[1].body.reason, sealed[1].body.arguments, sealed[1].actor.name], ["居民反映灯光刺眼", { brightness: 40 }, "dispatcher"]);
    const proof = await until("the receipt", async () => {
      const answer = await dispatcher.fetch("GET", `/receipts/${sealed[1].id}`);
      return answer.ok ? Buffer.from(await answer.arrayBuffer()) : undefined;
    });
    const file = path.join(await folder(t), "command.tlog-proof");
    await writeFile(file, proof);
    const held = await run(["verify", file, "--data", data, "--locale", "en"]);
    assert.equal(held.code, 0, held.stderr);
    assert.match(held.stdout, /record \w+ \(command_asked\) was recorded/);
    assert.equal((await new Visitor(server.base).fetch("GET", `/receipts/${sealed[1].id}`)).status, 404, "who may not read the device is not told of it");
    await page.getByRole("heading", { name: "存证" }).scrollIntoViewIfNeeded();
    await page.locator("ol.records li").nth(1).getByText("居民反映灯光刺眼").waitFor({ timeout: 15_000 });
    await clean("sealed records");
    await shoot(page, "control-records");
  });

  await t.test("a truth is one of two choices", async () => {
    await page.getByRole("button", { name: "开关灯", exact: true }).click();
    await dialog().getByRole("button", { name: "下达", exact: true }).click();
    await clean("no choice yet");
    await dialog().getByRole("radio", { name: "否" }).check();
    await dialog().getByLabel("理由").fill("检修");
    await shoot(page, "control-switch");
    lamp.answer = () => ({ done: true });
    await dialog().getByRole("button", { name: "下达", exact: true }).click();
    await newest().getByText("亮灯 否").waitFor();
    await newest().locator("td.how").getByText("已执行").waitFor({ timeout: 10_000 });
    assert.deepEqual(lamp.heard.at(-1).arguments, { lit: false });
  });

  await t.test("what a device could not do is told in its own words", async () => {
    lamp.answer = () => ({ done: false, message: "灯杆断电，驱动器无响应" });
    await dispatcher.post("/devices/lamp-1/commands", { command: "dim", arguments: { brightness: 70 }, reason: "恢复照明" });
    await newest().getByText("灯杆断电，驱动器无响应").waitFor({ timeout: 15_000 });
    await newest().locator("td.how").getByText("失败").waitFor();
    await clean("a lamp that could not");
    await shoot(page, "control-failed");
  });

  await t.test("another device's answer changes nothing", async () => {
    lamp.answer = () => undefined;
    const { id } = await dispatcher.post("/devices/lamp-1/commands", { command: "dim", arguments: { brightness: 60 }, reason: "试灯" });
    await newest().locator("td.how").getByText("已送达").waitFor({ timeout: 15_000 });
    await gas.say({ id, done: true, message: "not mine" });
    const seen = await commandOf("lamp-1");
    assert.deepEqual([seen.id, seen.state, seen.outcome], [id, "received", undefined]);
    await shoot(page, "control-received");
    assert.equal(await lamp.say({ id, done: true, message: "好" }), 0);
    await newest().getByText("设备答复：好").waitFor({ timeout: 10_000 });
    assert.equal(await lamp.say({ id, done: false, message: "late" }), 0);
    assert.equal((await commandOf("lamp-1")).state, "done", "what comes after the end changes nothing");
  });

  await t.test("a device that is away gets its command when it comes", async () => {
    await lamp.leave();
    const before = lamp.heard.length;
    await dispatcher.post("/devices/lamp-1/commands", { command: "dim", arguments: { brightness: 30 }, reason: "深夜调暗" });
    await newest().locator("td.how").getByText("待送达").waitFor({ timeout: 10_000 });
    await newest().getByText("等设备上线").waitFor();
    await clean("waits for the lamp");
    await shoot(page, "control-queued");
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    assert.equal(lamp.heard.length, before);
    lamp.answer = () => ({ done: true });
    lamp.come();
    await newest().locator("td.how").getByText("已执行").waitFor({ timeout: 20_000 });
    assert.deepEqual(lamp.heard.slice(before).map((one) => one.arguments), [{ brightness: 30 }]);
  });

  const watch = await person(browser, server.base, "desk");
  await t.test("a dangerous command waits for somebody else, who confirms it", async () => {
    gas.come();
    gas.answer = () => ({ done: true, message: "阀门已关" });
    await signIn(watch.page, accounts.chief, "/control");
    await watch.page.getByText("没有等待确认的指令").waitFor();
    await page.goto("/centre/devices/gas-1");
    await page.getByRole("button", { name: "关阀" }).click();
    await dialog().getByText(/要由另一个人确认，才会发给设备。2 分钟内/).waitFor();
    await dialog().getByLabel("理由").fill("厨房甲烷超限，现场已疏散");
    await clean("a dangerous command");
    await shoot(page, "control-dangerous");
    await dialog().getByRole("button", { name: "提交，等他人确认" }).click();
    await newest().locator("td.how").getByText("待确认").waitFor();
    assert.equal(await page.getByRole("button", { name: /^确认/ }).count(), 0, "not by who asked");
    await shoot(page, "control-unconfirmed");
    const { id } = await commandOf("gas-1");
    const own = await dispatcher.post(`/device-commands/${id}/deeds`, { deed: "confirm" }).catch((error) => error);
    assert.deepEqual([own.status, own.body.code], [409, "same_person"]);
    await page.goto("/centre/control");
    await page.getByText("您下达的指令，须由他人确认").waitFor();
    await clean("one's own waits");
    await shoot(page, "control-own");

    const card = watch.page.locator(".waiting > li", { hasText: "关阀" });
    await card.waitFor({ timeout: 12_000 });
    await watch.page.locator("[aria-live=polite]", { hasText: "有指令等您确认：关阀" }).waitFor({ state: "attached" });
    await until("it is counted in the navigation", async () => /远程调度\s*1/.test(await watch.page.getByRole("link", { name: /^远程调度/ }).textContent()));
    assert.match(await card.textContent(), /老城隍庙厨房燃气探测器.*dispatcher 下达：厨房甲烷超限.*还剩 [012]:\d\d/s);
    await clean("waits for the chief", watch);
    await shoot(watch.page, "control-waiting");
    assert.equal(gas.heard.length, 0, "not before it is confirmed");
    await card.getByRole("button", { name: /^确认/ }).click();
    await clean("to be confirmed", watch);
    await shoot(watch.page, "control-confirm");
    await dialog(watch.page).getByRole("button", { name: "确认并发给设备" }).click();
    await card.waitFor({ state: "detached" });
    await newest(watch.page).getByText("阀门已关").waitFor({ timeout: 15_000 });
    assert.match(await newest(watch.page).textContent(), /已下达.*已确认.*已送达.*已执行.*dispatcher.*chief 确认/s);
    assert.deepEqual(gas.heard.map(({ command, arguments: values }) => [command, values]), [["close_valve", {}]]);
    await until("nothing waits any more", async () => !/\d/.test(await watch.page.getByRole("link", { name: /^远程调度/ }).textContent()));
  });

  await t.test("one is taken back before the device has it", async () => {
    await dispatcher.post("/devices/gas-1/commands", { command: "close_valve", reason: "误判" });
    const card = page.locator(".waiting > li", { hasText: "误判" });
    await card.getByRole("button", { name: /^撤回/ }).click({ timeout: 15_000 });
    await clean("to be taken back");
    await dialog().getByRole("button", { name: "撤回" }).click();
    await card.waitFor({ state: "detached" });
    await newest().locator("td.how").getByText("已撤回").waitFor();
    const { id } = await commandOf("gas-1");
    const late = await chief.post(`/device-commands/${id}/deeds`, { deed: "confirm" }).catch((error) => error);
    assert.deepEqual([late.status, late.body.code, gas.heard.length], [409, "command_state", 1]);
  });

  await t.test("a scene is run by hand, and the lamp obeys", async () => {
    const scene = watch.page.locator("li.scene", { hasText: "深夜减半" });
    await scene.getByRole("button", { name: /^立即执行/ }).click();
    await dialog(watch.page).getByText("全市所有在用的路灯控制器都会收到这条指令。").waitFor();
    await dialog(watch.page).getByRole("button", { name: "立即执行" }).click();
    await dialog(watch.page).getByText("这一项要填").waitFor();
    await dialog(watch.page).getByLabel("理由").fill("演出结束，恢复照明");
    await clean("a scene to be run", watch);
    await shoot(watch.page, "control-scene");
    const before = lamp.heard.length;
    await dialog(watch.page).getByRole("button", { name: "立即执行" }).click();
    await watch.page.getByText("“深夜减半”已下达给 1 台设备").waitFor();
    await scene.getByText("已执行 1").waitFor({ timeout: 15_000 });
    assert.deepEqual(lamp.heard.slice(before).map((one) => one.arguments), [{ brightness: 50 }]);
    assert.match(await newest(watch.page).textContent(), /已执行.*亮度 50%.*文昌路 1 号路灯.*演出结束，恢复照明.*chief.*场景/s);
    await clean("control at work", watch);
    await shoot(watch.page, "control");
    await watch.page.getByLabel("状态").selectOption("failed");
    await watch.page.waitForURL("**/control?state=failed");
    await until("only what failed", async () => (await watch.page.locator("td.how").allTextContents()).join() === "失败");
    await watch.page.getByLabel("状态").selectOption("expired");
    await watch.page.getByText("没有这种状态的指令").waitFor();
    await clean("none stands so", watch);
    await watch.context.close();
  });

  await t.test("the list has pages", async () => {
    await lamp.leave();
    for (let n = 0; n < 30; n++) await dispatcher.post("/devices/lamp-1/commands", { command: "dim", arguments: { brightness: n }, reason: `第 ${n + 1} 次` });
    await page.goto("/centre/control");
    await until("a full page", async () => (await page.locator("table.commands tbody tr").count()) === 30);
    await page.getByRole("button", { name: "下一页" }).click();
    await page.getByText("误判").waitFor();
    await page.getByRole("button", { name: "上一页" }).click();
    await page.getByText("第 30 次").waitFor();
  });

  await t.test("who only reads sees no buttons, and the server refuses", async () => {
    const reader = await person(browser, server.base, "desk");
    await signIn(reader.page, accounts.acceptor, "/devices/lamp-1");
    await newest(reader.page).waitFor();
    assert.equal(await reader.page.getByRole("button", { name: /^(调光|开关灯|确认|撤回)/ }).count(), 0);
    await reader.page.goto("/centre/control");
    await reader.page.locator("li.scene").first().waitFor();
    assert.equal(await reader.page.getByRole("button", { name: /^(立即执行|确认|撤回)/ }).count(), 0);
    await clean("who only reads", reader);
    const { id } = await commandOf("lamp-1");
    const tries = [
      ["/devices/lamp-1/commands", { command: "dim", arguments: { brightness: 1 }, reason: "no" }],
      [`/device-commands/${id}/deeds`, { deed: "withdraw" }],
      ["/scenes/lights_half/runs", { reason: "no" }],
    ];
    for (const [where, body] of tries) await assert.rejects(acceptor.post(where, body), (error) => error.status === 403, where);
    await reader.context.close();
  });

  await t.test("a device that is shut out takes no commands", async () => {
    await page.goto("/centre/devices/lamp-1");
    await page.getByRole("button", { name: "调光", exact: true }).click();
    await admin.post("/devices/lamp-1/changes", { change: "quarantine", reason: "检修" });
    const refused = await dispatcher.post("/devices/lamp-1/commands", { command: "switch", arguments: { lit: true }, reason: "试灯" }).catch((error) => error);
    assert.deepEqual([refused.status, refused.body.code], [409, "device_state"]);
    await dialog().getByLabel("亮度", { exact: true }).fill("20");
    await dialog().getByLabel("理由").fill("试灯");
    await dialog().getByRole("button", { name: "下达", exact: true }).click();
    await dialog().getByRole("alert").getByText("设备的状态变了").waitFor();
    await clean("refused by the server");
    await shoot(page, "control-shut-out");
    await dialog().getByRole("button", { name: "取消" }).click();
    await page.getByText("设备已隔离或退役，不能下达指令。").waitFor();
    await admin.post("/devices/lamp-1/changes", { change: "release" });
    await page.getByRole("button", { name: "调光", exact: true }).waitFor();
  });

  await t.test("the same on a phone, and in English", async () => {
    await dispatcher.post("/devices/gas-1/commands", { command: "close_valve", reason: "Methane above the limit in the kitchen" });
    for (const [size, locale] of [["phone", "zh-CN"], ["phone", "en"], ["desk", "en"]]) {
      const one = await person(browser, server.base, size, locale);
      const name = `control-${size}-${locale.slice(0, 2)}`;
      await signIn(one.page, accounts.chief, "/control");
      await one.page.locator(".waiting > li").first().waitFor();
      await newest(one.page).waitFor();
      await clean(name, one);
      await shoot(one.page, name);
      await newest(one.page).scrollIntoViewIfNeeded();
      await shoot(one.page, `${name}-list`);
      await one.page.goto("/centre/devices/lamp-1");
      await newest(one.page).waitFor();
      await clean(`${name}, the device`, one);
      await one.page.getByRole("heading", { name: /^(控制|Control)$/ }).scrollIntoViewIfNeeded();
      await shoot(one.page, `${name}-device`);
      await one.page.getByRole("button", { name: /^(调光|Dim)$/ }).click();
      await dialog(one.page).getByRole("button", { name: /^(下达|Send)$/ }).click();
      await clean(`${name}, the sheet`, one);
      await shoot(one.page, `${name}-ask`);
      await one.context.close();
    }
  });
});
