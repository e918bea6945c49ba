// Notices of alarms: covers open over MQTT and are one notice in the centre; somebody takes note of it.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import path from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { barriers, launch, overflow, person, shoot, signInAtCentre } from "../lib/browser.mjs";
import { addUser, folder, freePort, must, serve, until } from "../lib/dipper.mjs";
import { signInAll } from "../lib/staff.mjs";

const execute = promisify(execFile);
const HERE = "112.8961,32.5087";
const hasMosquitto = await execute("mosquitto_pub", ["--help"]).then(() => true, (error) => error.code !== "ENOENT");

test("notices of alarms at the centre", { timeout: 600_000, skip: hasMosquitto ? false : "skipped: apt install mosquitto-clients" }, async (t) => {
  const data = path.join(await folder(t), "data");
  const accounts = {
    chief: await addUser({ data }, "chief", ["duty_chief:supervision_centre:yaoguang"]),
    elsewhere: await addUser({ data }, "elsewhere", ["duty_chief:supervision_centre:kuishan"]),
    dispatcher: await addUser({ data }, "dispatcher", ["dispatcher:command_centre:yaoguang"]),
  };
  const covers = {};
  for (const id of ["cover-1", "cover-2", "cover-3"]) {
    const said = await must(["device", "add", id, "--class", "manhole_cover", "--at", HERE, "--data", data, "--pack", "packs/demo"]);
    covers[id] = said.match(/shown once: (\S+)/)[1];
  }
  const mqtt = await freePort();
  const server = await serve(t, { data, args: ["--mqtt", `127.0.0.1:${mqtt}`] });
  const { chief, elsewhere, dispatcher } = await signInAll(server.base, accounts);
  const publish = (id, message) =>
    execute("mosquitto_pub", ["-h", "127.0.0.1", "-p", String(mqtt), "-u", id, "-P", covers[id], "-q", "1", "-t", `devices/${id}/readings`, "-m", JSON.stringify(message)]);
  const browser = await launch(t);
  const desk = await person(browser, server.base, "desk");
  const { page } = desk;
  const clean = async (what, one = desk) => {
    await one.page.waitForTimeout(300);
    const wider = await overflow(one.page);
    assert.deepEqual([...(await barriers(one.page)), ...(wider > 1 ? [`${what} is ${wider} px wider`] : []), ...one.faults], [], what);
  };

  await t.test("before anything happens, nothing was told", async () => {
    await signInAtCentre(page, accounts.chief, "/notices");
    await page.getByText("还没有通知您的告警").waitFor();
    await clean("no notices");
    await shoot(page, "notices-empty");
  });

  await t.test("three covers are one notice, to whoever is there", async () => {
    for (const id of Object.keys(covers)) await publish(id, { tilt: 47 });
    const told = await until("it is told", async () => (await chief.get("/alarm-notices?mine=true")).items[0], 20_000);
    assert.deepEqual([told.open, told.waiting, told.last.says, told.last.open, told.unread, told.may_acknowledge], [3, 3, "first", 3, 1, true]);
    assert.deepEqual([(await chief.get("/alarm-notices")).items.length, (await elsewhere.get("/alarm-notices")).items.length], [1, 0]);
    const seen = await dispatcher.get(`/alarm-notices/${told.id}`);
    assert.deepEqual([seen.group.may_acknowledge, seen.notices[0].told, seen.notices[0].deliveries], [false, 1, []], "names are for whoever handles alarms");
  });

  await t.test("the bell counts it, and the notice says why, and to whom", async () => {
    const bell = page.getByRole("link", { name: /告警通知，1 条未看/ });
    await bell.waitFor({ timeout: 20_000 });
    await shoot(page, "notices-list");
    await bell.click();
    await page.getByRole("link", { name: /井盖倾斜或移位/ }).click();
    await page.getByText("按“井盖”规则通知：值班长").waitFor();
    await page.getByText("chief", { exact: true }).first().waitFor();
    await page.getByRole("link", { name: "告警通知", exact: true }).first().waitFor();
    await clean("a notice");
    await shoot(page, "notice");
    // It was looked at.
    await until("it is read", async () => (await chief.get("/alarm-notices")).unread === 0);
    await page.getByRole("link", { name: "在告警台查看" }).click();
    await page.waitForURL(/alarms\?group=/);
    await page.getByText("只看一条通知里的告警").waitFor();
    await page.locator("table.alarms tbody tr").nth(2).waitFor();
    assert.equal(await page.locator("table.alarms tbody tr").count(), 3);
    await clean("the console of one notice");
    await shoot(page, "notice-console");
    await page.getByRole("link", { name: "只看一条通知里的告警" }).click();
  });

  await t.test("somebody takes note, of all of it at once", async () => {
    await page.getByRole("button", { name: "确认，不再升级" }).click();
    await page.getByText("已有人确认，不再升级").waitFor();
    const open = (await chief.get("/alarms?open=true")).items;
    assert.deepEqual(open.map(({ acknowledged_at }) => Boolean(acknowledged_at)), [true, true, true]);
    await clean("a notice that was noted");
    await shoot(page, "notice-noted");
    const { id } = (await chief.get("/alarm-notices")).items[0];
    await assert.rejects(chief.post(`/alarm-notices/${id}/deeds`, { deed: "acknowledge" }), ({ status }) => status === 409);
  });

  await t.test("in English on a phone", async () => {
    const phone = await person(browser, server.base, "phone");
    await signInAtCentre(phone.page, accounts.chief, "/notices");
    await phone.page.getByRole("button", { name: "English" }).click();
    await phone.page.getByRole("link", { name: /Manhole cover tilted or moved/ }).waitFor();
    await clean("the list on a phone", phone);
    await shoot(phone.page, "notices-phone");
    await phone.page.getByRole("link", { name: /Manhole cover tilted or moved/ }).click();
    await phone.page.getByText("Acknowledged; it is not escalated").waitFor();
    await clean("a notice on a phone", phone);
    await shoot(phone.page, "notice-phone");
  });
});
