// A scene that follows traffic: a counter counts, lamps near by are told over MQTT, once, and told back when the street is quiet.
import assert from "node:assert/strict";
import { cp, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { barriers, launch, overflow, person, shoot } from "../lib/browser.mjs";
import { addUser, folder, freePort, ROOT, serve, until } from "../lib/dipper.mjs";
import { Mqtt } from "../lib/mqtt.mjs";
import { signInAll } from "../lib/staff.mjs";

const TRAFFIC = "深夜有人车时全亮";

/** The demo's pack with a scene that is looked at all day, holds for a minute, and a plan that is never full light. */
async function packOf(there) {
  const pack = path.join(there, "pack");
  await cp(path.join(ROOT, "packs/demo"), pack, { recursive: true });
  const file = path.join(pack, "scenes.yaml");
  const written = await readFile(file, "utf8");
  const planned = written.replace(/(lights_on:[^]*?brightness: )100/, "$140").replace("keep_firing: 10m", "keep_firing: 1m");
  await writeFile(file, planned.replace('    from: "23:00"\n    to: dawn\n', ""));
  return pack;
}

/** A lamp that hears its commands and does them. */
async function lampOf(port, { id, password }) {
  const lamp = new Mqtt(id, password);
  lamp.told = [];
  lamp.come = async () => {
    await until(`${id} is connected`, () => lamp.connect(port, { isClean: false }).then((code) => code === 0, () => false));
    await lamp.subscribe(`devices/${id}/commands`);
  };
  await lamp.come();
  lamp.obey = async () => {
    for (const { payload } of lamp.heard.splice(0)) {
      const command = JSON.parse(payload);
      lamp.told.push(command.arguments.brightness);
      await lamp.publish(`devices/${id}/answers`, JSON.stringify({ id: command.id, done: true }));
    }
    return lamp.told;
  };
  return lamp;
}

test("lamps follow the traffic", { timeout: 600_000 }, async (t) => {
  const there = await folder(t);
  const [data, pack, mqtt] = [path.join(there, "data"), await packOf(there), await freePort()];
  const accounts = {
    admin: await addUser({ data, pack }, "admin", ["admin:supervision_centre:yaoguang"]),
    dispatcher: await addUser({ data, pack }, "dispatcher", ["dispatcher:command_centre:yaoguang"]),
  };
  const args = ["--mqtt", `127.0.0.1:${mqtt}`];
  let server = await serve(t, { data, pack, args });
  const people = await signInAll(server.base, accounts);
  const register = async (id, ofClass, title, lon, lat) => ({ id, ...(await people.admin.post("/devices", { id, class: ofClass, title, lon, lat })) });
  const near = await lampOf(mqtt, await register("lamp-1", "street_lamp", "文昌路 1 号路灯", 112.8969, 32.5081));
  const far = await lampOf(mqtt, await register("lamp-2", "street_lamp", "文昌路 90 号路灯", 112.9069, 32.5081));
  const counter = await register("counter-1", "road_counter", "文昌路口人车流计数器", 112.8961, 32.5087);
  const sensor = new Mqtt(counter.id, counter.password);
  assert.equal(await sensor.connect(mqtt), 0);
  const count = (passed) => sensor.publish("devices/counter-1/readings", JSON.stringify({ passed }));
  // What was planned last may be told to them first.
  await wait(12_000);
  await near.obey();
  await far.obey();
  near.told.length = far.told.length = 0;
  const scenes = async () => (await people.dispatcher.get("/scenes")).find((one) => one.id === "lights_traffic");

  await t.test("nobody is there: nobody is told anything", async () => {
    await count(4);
    await wait(3_000);
    assert.deepEqual([await near.obey(), (await scenes()).while.held], [[], 0]);
  });

  await t.test("the counter rises: the lamp near by is bright within seconds, and the one far away is not told", async () => {
    await count(13);
    await until("the lamp is told", async () => (await near.obey()).length > 0, 15_000);
    assert.deepEqual([near.told, await far.obey()], [[100], []]);
    const { items } = await people.dispatcher.get("/device-commands?device=lamp-1&limit=1");
    assert.equal(items[0].reason, `${TRAFFIC} · 文昌路口人车流计数器 (counter-1) · 五分钟通过人车数 13`);
    assert.equal(items[0].asked_by, undefined);
    const scene = await scenes();
    assert.deepEqual([scene.while.held, scene.while.counters[0].value.value, scene.runs[0].turn, scene.runs[0].devices], [1, 13, "follow", 1]);
  });

  await t.test("killed and begun again it tells nobody twice", async () => {
    await server.kill();
    server = await serve(t, { data, pack, args, port: server.port });
    await near.come();
    await far.come();
    assert.equal(await sensor.connect(mqtt), 0);
    await count(9);
    await wait(14_000);
    assert.deepEqual([await near.obey(), await far.obey()], [[100], []], "9 is above 12 - 6");
    assert.equal((await scenes()).while.held, 1);
  });

  await t.test("the centre says whether it holds, and because of what", async () => {
    const browser = await launch(t);
    for (const [size, locale] of [["desk", "zh-CN"], ["phone", "zh-CN"], ["desk", "en-GB"], ["phone", "en-GB"]]) {
      const { context, page, faults } = await person(browser, server.base, size, locale);
      await page.goto(`/centre/sign-in?then=${encodeURIComponent("/control")}`);
      await page.locator("input[autocomplete=username]").fill(accounts.dispatcher.login);
      await page.locator("input[type=password]").fill(accounts.dispatcher.password);
      await page.getByRole("button", { name: /^(登录|Sign in)$/ }).click();
      const isEnglish = locale.startsWith("en");
      const scene = page.locator("li.scene", { hasText: isEnglish ? "Full light for traffic" : TRAFFIC });
      await scene.waitFor();
      const words = (await scene.textContent()).replace(/\s+/g, " ");
      const expect = isEnglish
        ? /Street counter within 300 m.*People and vehicles in five minutes > 12.*Back to plan after 1 min at or below 6.*All day.*In force.*Devices: 1.*文昌路口人车流计数器.*13/
        : /300 米内的路段人车流计数器.*五分钟通过人车数 > 12.*不高于 6 满 1 分钟后，恢复计划.*全天.*正在执行.*设备 1 台.*文昌路口人车流计数器.*13/;
      assert.match(words, expect);
      await scene.scrollIntoViewIfNeeded();
      await page.waitForTimeout(400);
      const wider = await overflow(page);
      assert.deepEqual([...(await barriers(page)), ...(wider > 1 ? [`${wider} px wider`] : []), ...faults], [], `${size} ${locale}`);
      await shoot(page, `traffic-${size}-${isEnglish ? "en" : "zh"}`);
      await context.close();
    }
  });

  await t.test("the street is quiet: a minute later the lamp is told what is planned, once", async () => {
    await count(2);
    const began = Date.now();
    await until("the lamp is told", async () => (await near.obey()).length > 1, 100_000);
    assert.ok(Date.now() - began > 55_000, "a minute is kept");
    const planned = near.told[1];
    assert.ok([0, 40, 50].includes(planned), `${planned} is planned`);
    const scene = await scenes();
    assert.deepEqual([scene.while.held, scene.while.counters, scene.runs[0].turn], [0, [], "fall_back"]);
    assert.match(scene.runs[0].reason, /^深夜有人车时全亮 → .* · 文昌路口人车流计数器 \(counter-1\)$/);
  });

  await t.test("what somebody tells a lamp holds, however many pass", async () => {
    await people.dispatcher.post("/devices/lamp-1/commands", { command: "dim", arguments: { brightness: 10 }, reason: "居民反映灯光刺眼" });
    await until("the lamp is told", async () => (await near.obey()).length > 2, 15_000);
    await count(80);
    await until("the scene knows", async () => (await scenes()).while.counters.length === 1, 10_000);
    await wait(4_000);
    assert.deepEqual([(await near.obey()).slice(2), (await scenes()).while.held], [[10], 0]);
  });
});
