// Rules behind alarms at the centre: one is changed and replayed over what was measured, and alarms that are expected are silenced.
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { barriers, launch, overflow, person, shoot } from "../lib/browser.mjs";
import { addUser, folder, serve, until } from "../lib/dipper.mjs";
import { signInAll } from "../lib/staff.mjs";

const COVER = { id: "cover-17", class: "manhole_cover", title: "府前街 17 号井盖", lon: 112.8961, lat: 32.5087 };
const RULE = /^规则原文/;

async function signIn(page, { login, password }, then) {
  await page.goto(`/centre/sign-in?then=${encodeURIComponent(then)}`);
  await page.locator("input[autocomplete=username]").fill(login);
  await page.locator("input[type=password]").fill(password);
  await page.getByRole("button", { name: /^(登录|Sign in)$/ }).click();
  await page.waitForURL(`**/centre${then}`);
}

/** The clock of the browsers of these tests, as an input for date and time wants it. */
const clock = (ms) => new Date(ms + 8 * 3_600_000).toISOString().slice(0, 16);

test("alarm rules are replayed and alarms silenced", { timeout: 600_000 }, async (t) => {
  const data = path.join(await folder(t), "data");
  const accounts = {
    admin: await addUser({ data }, "admin", ["admin:supervision_centre:yaoguang"]),
    chief: await addUser({ data }, "chief", ["duty_chief:supervision_centre:yaoguang"]),
    dispatcher: await addUser({ data }, "dispatcher", ["dispatcher:command_centre:yaoguang"]),
    acceptor: await addUser({ data }, "acceptor", ["acceptor:supervision_centre:yaoguang"]),
  };
  const server = await serve(t, { data });
  const { admin, acceptor, chief, dispatcher } = await signInAll(server.base, accounts);
  const { password } = await admin.post("/devices", COVER);
  const send = async (body) => {
    const headers = { authorization: `Basic ${Buffer.from(`${COVER.id}:${password}`).toString("base64")}`, "content-type": "application/json" };
    const answer = await fetch(`${server.base}/api/v1/devices/${COVER.id}/readings`, { method: "POST", headers, body: JSON.stringify(body) });
    assert.equal(answer.status, 200);
  };
  const ago = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString();
  // Below the limit of 15° in force; beyond 10° at three times, the last of which has not ended.
  const past = [2, 2, 12, 2, 2, 2, 13, 14, 2, 2, 2, 12].map((tilt, n) => ({ at: ago(600 - n * 50), tilt }));
  await send(past);
  const browser = await launch(t);
  const desk = await person(browser, server.base, "desk");
  await desk.context.grantPermissions(["geolocation", "clipboard-read", "clipboard-write"]);
  const { page } = desk;
  const clean = async (what, one = desk) => {
    await one.page.waitForTimeout(300);
    const wider = await overflow(one.page);
    assert.deepEqual([...(await barriers(one.page)), ...(wider > 1 ? [`${what} is ${wider} px wider`] : []), ...one.faults], [], what);
  };
  const editor = () => page.getByRole("textbox", { name: RULE });
  const replay = () => page.getByRole("button", { name: "回放", exact: true }).click();
  const figures = async () => (await page.locator(".figures dd").allTextContents()).join();
  const alarms = () => page.getByRole("table", { name: "会产生的告警" }).locator("tbody tr");

  await t.test("the rules are a step from the alarms, each with its text", async () => {
    await signIn(page, accounts.chief, "/alarms");
    await page.getByRole("link", { name: "告警规则" }).click();
    await page.waitForURL("**/centre/alarms/rules");
    const list = page.getByRole("navigation", { name: "告警规则" });
    await list.getByRole("link", { name: /井盖倾斜或移位/ }).click();
    assert.equal(await list.getByRole("link").count(), (await chief.get("/alarm-rules")).length);
    await page.waitForURL("**/alarms/rules?rule=cover_open");
    assert.match(await editor().inputValue(), /^classes: \[manhole_cover\]\nwhen: tilt > 15\.0$/m);
    assert.match(await list.locator("[aria-current]").textContent(), /井盖倾斜或移位.*cover_open.*井盖传感器/s);
    await page.getByText("water_level").waitFor();
    assert.match(await page.locator("p.names").textContent(), /tilt\s*倾角 °.*water_level\s*井内水位 cm/s);
    await clean("the rules");
    await shoot(page, "alarm-rules");
  });

  await t.test("no alarm is an answer", async () => {
    await replay();
    await page.getByText("这段时间不会产生告警").waitFor();
    assert.equal(await figures(), "1,12,0");
    await clean("no alarm");
    assert.ok(await editor().isVisible());
    await shoot(page, "alarm-rules-none");
  });

  await t.test("a changed limit shows what would have been raised, and raises nothing", async () => {
    const text = await editor().inputValue();
    await editor().fill(text.replace("15.0", "10.0"));
    await page.getByText("下面是改动之前的结果").waitFor();
    await replay();
    await until("three alarms", async () => (await figures()) === "1,12,3");
    assert.equal(await alarms().count(), 3);
    // From the first reading beyond the limit to the first that is 5° below it.
    assert.match(await alarms().nth(0).textContent(), /重要.*府前街 17 号井盖.*倾角\s*12°.*50 分钟/s);
    assert.match(await alarms().nth(1).textContent(), /倾角\s*1[34]°.*1 小时 40 分/s);
    assert.match(await alarms().nth(2).textContent(), /倾角\s*12°.*50 分钟，到时段末未恢复/s);
    await until("the bars are drawn", async () => (await page.locator(".plot svg path[fill='#e0920c']").count()) >= 3);
    await page.getByRole("img", { name: /^何时会产生告警：共 3 条/ }).waitFor();
    await shoot(page, "alarm-rules-replayed");
    await page.getByText("看数字").click();
    await until("a row each", async () => (await page.getByRole("region", { name: "何时会产生告警" }).locator("tbody tr").count()) === 3);
    assert.deepEqual((await chief.get("/alarms")).items, [], "nothing is raised");
    await clean("what would have been raised");
    await page.getByRole("button", { name: "复制 YAML" }).click();
    assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^cover_open:\n {2}title: .*\n(.*\n)* {2}when: tilt > 10\.0\n/);
    assert.equal(await page.getByRole("link", { name: /井盖倾斜或移位/ }).getByText("已改").count(), 1);
    await alarms().first().getByRole("link").click();
    await page.waitForURL("**/devices/cover-17");
    await page.goBack();
    assert.match(await editor().inputValue(), /tilt > 10\.0/, "what was changed is kept");
  });

  await t.test("a time of one's own is looked at alone, and a wrong one is refused", async () => {
    await page.getByRole("button", { name: "自选" }).click();
    await replay();
    await page.getByText("请填写开始和结束的时间").waitFor();
    await page.getByLabel("从", { exact: true }).fill(clock(Date.now()));
    await page.getByLabel("至", { exact: true }).fill(clock(Date.now() - 3_600_000));
    await replay();
    await page.getByText("结束要晚于开始").waitFor();
    await clean("a wrong time");
    await page.getByLabel("从", { exact: true }).fill(clock(Date.parse(ago(520))));
    await page.getByLabel("至", { exact: true }).fill(clock(Date.parse(ago(420))));
    await replay();
    await until("one alarm", async () => (await figures()) === "1,2,1");
    await page.getByRole("button", { name: "近 7 天" }).click();
    await replay();
    await until("three alarms", async () => (await figures()) === "1,12,3");
    await shoot(page, "alarm-rules-week");
  });

  await t.test("a broken rule shows its faults at their lines", async () => {
    const text = await editor().inputValue();
    await editor().fill(text.replace("when:", "wen:"));
    await replay();
    const faults = page.getByRole("alert").locator("li");
    await faults.first().waitFor();
    assert.match((await faults.allTextContents()).join("\n"), /第 4 行\s*没有“wen”这个键，是不是“when”？/);
    assert.equal(await page.locator(".gutter li.bad").first().textContent(), "4");
    assert.equal(await editor().getAttribute("aria-invalid"), "true");
    await clean("a broken rule");
    await shoot(page, "alarm-rules-broken");
    await page.getByRole("button", { name: "第 4 行" }).click();
    assert.equal(await page.evaluate(() => document.activeElement.value.slice(document.activeElement.selectionStart, document.activeElement.selectionEnd)), "wen: tilt > 10.0");
    // A condition that ends too early stands at its line too.
    await editor().fill(text.replace("tilt > 10.0", "tilt >"));
    assert.equal(await faults.count(), 0, "another text may have other faults");
    await replay();
    await page.getByText(/^条件的第 7 个字符处有误/).last().waitFor();
    assert.equal(await page.locator(".gutter li.bad").textContent(), "4");
    await page.getByRole("button", { name: "还原" }).click();
    assert.equal(await faults.count(), 0);
    assert.match(await editor().inputValue(), /tilt > 15\.0/);
  });

  await t.test("the text is worked and left by keys alone", async () => {
    await editor().focus();
    await editor().press("Control+Home");
    await page.keyboard.press("Tab");
    assert.match(await editor().inputValue(), /^ {2}title/);
    await page.keyboard.press("Shift+Tab");
    assert.match(await editor().inputValue(), /^title/);
    await page.keyboard.press("Escape");
    await page.keyboard.press("Tab");
    assert.notEqual(await page.evaluate(() => document.activeElement.tagName), "TEXTAREA");
  });

  await t.test("one rule is tried at a time, and others wait for it", async () => {
    let asked = 0;
    await page.route("**/alarm-rules/rehearsals", async (route) => {
      asked += 1;
      const body = { code: "rehearsal_busy", message: "another rule is being tried; try again in a moment", fields: [] };
      return asked === 1 ? route.fulfill({ status: 409, json: body }) : route.continue();
    });
    await replay();
    await page.getByText("服务器正在回放另一条规则").waitFor();
    assert.ok(await page.getByRole("button", { name: "回放", exact: true }).isDisabled());
    await page.getByText("这段时间不会产生告警").waitFor();
    await page.unroute("**/alarm-rules/rehearsals");
    assert.equal(asked, 2);
  });

  await t.test("of many alarms the first are drawn and listed, and the rest is counted", async () => {
    const severities = ["critical", "major", "minor", "info"];
    const alarm = (n) => ({ device: COVER.id, device_title: COVER.title, severity: severities[(n * 7) % 4], is_silence: n % 5 === 0, since: ago(42_000 - n * 80), raised_at: ago(42_000 - n * 80), cleared_at: ago(41_960 - n * 80) });
    const found = { devices: 1_204, readings: 3_456_789, count: 731, alarms: [...Array(500).keys()].map(alarm) };
    await page.route("**/alarm-rules/rehearsals", (route) => route.fulfill({ json: found }));
    await page.getByRole("button", { name: "近 30 天" }).click();
    await replay();
    await page.getByText("只画出和列出最早的 500 条").waitFor();
    assert.equal(await figures(), "1,204,3,456,789,731");
    assert.equal(await alarms().count(), 50);
    await clean("many alarms");
    await shoot(page, "alarm-rules-many");
    await page.getByRole("button", { name: "列出全部 500 条" }).click();
    assert.equal(await alarms().count(), 500);
    await page.unroute("**/alarm-rules/rehearsals");
  });

  await t.test("a silence needs to say what, how long and why", async () => {
    await page.goto("/centre/alarms?show=silences");
    await page.getByText("没有静默").waitFor();
    await clean("no silences");
    await page.getByRole("button", { name: "新建静默" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "自选" }).click();
    await dialog.getByRole("button", { name: "开始静默" }).click();
    for (const words of ["规则、设备、类型、辖区至少选一项", "请填写结束的时间", "这一项要填"]) await dialog.getByText(words).waitFor();
    await dialog.getByLabel("结束").fill(clock(Date.now() - 3_600_000));
    await dialog.getByText("结束要晚于开始，也要晚于现在").waitFor();
    await clean("an empty silence");
    await shoot(page, "silences-refused");
    await dialog.getByRole("button", { name: "4 小时" }).click();
    await dialog.getByRole("combobox", { name: "规则" }).fill("cover_open");
    await dialog.getByRole("option", { name: /井盖倾斜或移位/ }).click();
    await dialog.getByRole("combobox", { name: "设备", exact: true }).fill("府前街");
    await dialog.getByRole("option", { name: /府前街 17 号井盖/ }).click();
    await dialog.getByRole("combobox", { name: "设备类型" }).click();
    await dialog.getByRole("option", { name: /井盖传感器/ }).click();
    await dialog.getByLabel("辖区").selectOption({ index: 1 });
    await dialog.getByRole("button", { name: "去掉井盖传感器" }).click();
    await dialog.getByLabel("辖区").selectOption("");
    await dialog.getByLabel("原因").fill("府前街雨污管网施工");
    await dialog.getByText(/^静默“井盖倾斜或移位”，范围：府前街 17 号井盖，到 .*。/).waitFor();
    await clean("a silence");
    await shoot(page, "silences-new");
    await dialog.getByRole("button", { name: "开始静默" }).click();
    const row = page.locator("table.silences tbody tr");
    await row.waitFor();
    await row.getByRole("link", { name: COVER.title }).waitFor();
    assert.match(await row.textContent(), /静默中.*井盖倾斜或移位.*府前街 17 号井盖.*府前街雨污管网施工.*chief/s);
    const [made] = await chief.get("/alarm-silences");
    const hours = (Date.parse(made.until) - Date.parse(made.from)) / 3_600_000;
    assert.ok(3.99 < hours && hours < 4.01, `${hours} h`);
    await clean("the silences");
    await shoot(page, "silences");
  });

  await t.test("what is silenced is quiet and opens no case until the silence is ended", async () => {
    await send({ tilt: 47 });
    await page.getByRole("tab", { name: /未恢复/ }).click();
    const row = page.locator("table.alarms tbody tr", { hasText: "井盖倾斜或移位" });
    await row.getByText("静默中", { exact: true }).waitFor();
    assert.equal(await page.getByRole("link", { name: /^告警\s*\d/ }).count(), 0, "nobody is told");
    const [alarm] = (await chief.get("/alarms?open=true")).items;
    assert.deepEqual([alarm.quiet_by, alarm.case_id], ["silence", undefined]);
    await clean("a quiet alarm");
    await shoot(page, "silences-alarm");
    await page.getByRole("tab", { name: /静默/ }).click();
    await page.getByRole("button", { name: /^提前结束/ }).click();
    const dialog = page.getByRole("dialog");
    await clean("the second press");
    await shoot(page, "silences-end");
    await dialog.getByRole("button", { name: "取消" }).click();
    assert.equal((await chief.get("/alarm-silences"))[0].is_over, false, "one press ends nothing");
    await page.getByRole("button", { name: /^提前结束/ }).click();
    await dialog.getByRole("button", { name: "提前结束" }).click();
    const silence = page.locator("table.silences tbody tr");
    await silence.getByText("已结束", { exact: true }).waitFor();
    assert.match(await silence.textContent(), /chief 于 .* 提前结束/);
    await page.getByRole("tab", { name: /未恢复/ }).click();
    await row.getByText("未确认", { exact: true }).waitFor();
    await row.getByRole("link", { name: "查看案件" }).waitFor();
  });

  await t.test("such alarms are silenced from the row of one", async () => {
    await page.getByRole("button", { name: /^静默这类告警/ }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "去掉井盖倾斜或移位" }).waitFor();
    await dialog.getByRole("button", { name: "去掉府前街 17 号井盖" }).waitFor();
    await dialog.getByRole("button", { name: "到明天 8:00" }).click();
    await dialog.getByLabel("原因").fill("等待维修");
    await clean("from a row");
    await shoot(page, "silences-from-alarm");
    await dialog.getByRole("button", { name: "开始静默" }).click();
    await dialog.waitFor({ state: "detached" });
    const [made] = await chief.get("/alarm-silences");
    assert.deepEqual([made.rules.map(({ id }) => id), made.devices, new Date(Date.parse(made.until) + 8 * 3_600_000).toISOString().slice(11, 19)], [["cover_open"], [COVER.id], "08:00:00"]);
    await page.locator("table.alarms tbody tr").getByText("静默中", { exact: true }).waitFor();
    // One that is to come.
    await chief.post("/alarm-silences", { classes: ["street_lamp"], from: ago(-60), until: ago(-120), reason: "灯具检修" });
    await page.getByRole("tab", { name: /静默/ }).click();
    await page.locator("tr", { hasText: "灯具检修" }).getByText("未开始").waitFor();
    assert.deepEqual((await page.locator("table.silences td.state").allTextContents()).map((words) => words.trim()), ["静默中", "未开始", "已结束"]);
    await shoot(page, "silences-all");
  });

  await t.test("who does not handle alarms sees and does not try, begin or end", async () => {
    const [running] = await chief.get("/alarm-silences");
    const { text } = (await dispatcher.get("/alarm-rules")).find(({ id }) => id === "cover_open");
    for (const one of [dispatcher, acceptor]) {
      const calls = [
        one.post("/alarm-rules/rehearsals", { text, from: ago(60), to: ago(0) }),
        one.post("/alarm-silences", { rules: ["cover_open"], until: ago(-60), reason: "no" }),
        one.post(`/alarm-silences/${running.id}/end`),
      ];
      assert.deepEqual(await Promise.all(calls.map((call) => call.then(() => 200, ({ status }) => status))), [403, 403, 403]);
    }
    const reader = await person(browser, server.base, "desk");
    await signIn(reader.page, accounts.dispatcher, "/alarms?show=silences");
    await reader.page.locator("tr", { hasText: "灯具检修" }).waitFor();
    assert.equal(await reader.page.getByRole("button", { name: /静默|提前结束/ }).count(), 0);
    await reader.page.getByRole("tab", { name: /未恢复/ }).click();
    await reader.page.locator("tr", { hasText: "井盖倾斜或移位" }).waitFor();
    assert.equal(await reader.page.getByRole("button", { name: /^静默这类告警/ }).count(), 0);
    await reader.page.getByRole("link", { name: "告警规则" }).click();
    await reader.page.getByText("您的岗位可以看规则，不能试算").waitFor();
    assert.equal(await reader.page.getByRole("button", { name: "回放" }).count(), 0);
    assert.equal(await reader.page.getByRole("textbox", { name: RULE }).getAttribute("readonly"), "");
    await clean("who only reads", reader);
    await shoot(reader.page, "alarm-rules-reader");
    await reader.context.close();
  });

  await t.test("bad input is refused in words by the server too", async () => {
    const { text } = (await chief.get("/alarm-rules")).find(({ id }) => id === "cover_open");
    const refused = async (path, body) => {
      const { status, body: problem } = await chief.post(path, body).catch((error) => error);
      return [status, problem?.fields?.[0]?.field, problem?.fields?.[0]?.message ?? ""];
    };
    const trial = (more) => refused("/alarm-rules/rehearsals", { text, from: ago(60), to: ago(0), ...more });
    assert.deepEqual((await trial({ text: "" })).slice(0, 2), [422, "text"]);
    assert.match((await trial({ from: ago(140_000) }))[2], /92 days/);
    assert.match((await trial({ text: text.replace("manhole_cover", "spaceship") }))[2], /no class spaceship/);
    const silence = (more) => refused("/alarm-silences", { rules: ["cover_open"], until: ago(-60), reason: "x", ...more });
    assert.deepEqual((await silence({ rules: [] })).slice(0, 2), [422, "rules"]);
    assert.deepEqual((await silence({ until: ago(60) })).slice(0, 2), [422, "until"]);
    assert.deepEqual((await silence({ reason: " " })).slice(0, 2), [422, "reason"]);
    assert.deepEqual((await silence({ devices: ["nobody"] })).slice(0, 2), [422, "devices"]);
  });

  await t.test("the same on a phone and in English", async () => {
    const phone = await person(browser, server.base, "phone", "en");
    await signIn(phone.page, accounts.chief, "/alarms");
    await phone.page.getByText("Silenced", { exact: true }).waitFor();
    await clean("alarms on a phone", phone);
    await shoot(phone.page, "silences-alarm-phone");
    await phone.page.getByRole("tab", { name: /Silences/ }).click();
    await phone.page.getByText("To come").waitFor();
    await clean("silences on a phone", phone);
    await shoot(phone.page, "silences-phone");
    await phone.page.getByRole("button", { name: "New silence" }).click();
    await clean("a silence on a phone", phone);
    await shoot(phone.page, "silences-new-phone");
    await phone.page.getByRole("button", { name: "Cancel" }).click();
    await phone.page.getByRole("link", { name: "Alarm rules" }).click();
    await phone.page.getByLabel("Rule", { exact: true }).selectOption("cover_open");
    const text = phone.page.getByRole("textbox", { name: /^The rule as text/ });
    await text.fill((await text.inputValue()).replace("15.0", "10.0"));
    await shoot(phone.page, "alarm-rules-phone");
    await phone.page.getByRole("button", { name: "Replay" }).click();
    await until("the alarms are counted", async () => (await phone.page.locator(".figures dd").allTextContents()).join() === "1,13,3");
    await clean("a replay on a phone", phone);
    await shoot(phone.page, "alarm-rules-replayed-phone");
    await text.fill("title: x\n");
    await phone.page.getByRole("button", { name: "Replay" }).click();
    await phone.page.getByText("A text in each of these languages is needed").last().waitFor();
    await clean("a fault on a phone", phone);
    await shoot(phone.page, "alarm-rules-broken-phone");
    await phone.context.close();
  });
});
