// Inspections: a baseline is set and marked in the centre, an inspector walks the route with a phone, offline for a while; a
// panel that is not as it was opens a case with both pictures beside each other; the end is sealed and the seal holds offline.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { barriers, launch, overflow, person, shoot } from "../lib/browser.mjs";
import { addUser, folder, run, serve, until } from "../lib/dipper.mjs";
import { panel } from "../lib/panel.mjs";
import { signInAll } from "../lib/staff.mjs";

const ROUTE = "gulou_power_rooms";

async function signIn(page, face, { login, password }, then) {
  await page.goto(`/${face}/sign-in?${face === "field" ? "to" : "then"}=${encodeURIComponent(then)}`);
  await page.locator("input[autocomplete=username]").fill(login);
  await page.locator("input[type=password]").fill(password);
  await page.getByRole("button", { name: /^(登录|Sign in)$/ }).click();
  await page.waitForURL(`**/${face}${then}`);
}

const jpeg = (name, buffer) => ({ name, mimeType: "image/jpeg", buffer });

test("inspections", { timeout: 600_000 }, async (t) => {
  const home = await folder(t);
  const data = path.join(home, "data");
  const accounts = {
    chief: await addUser({ data }, "chief", ["duty_chief:supervision_centre:yaoguang"]),
    collector: await addUser({ data }, "collector", ["collector:gulou-collectors:gulou"]),
    stranger: await addUser({ data }, "stranger", ["collector:shuyuan-collectors:shuyuan"]),
    acceptor: await addUser({ data }, "acceptor", ["acceptor:supervision_centre:yaoguang"]),
  };
  const server = await serve(t, { data });
  const { chief, collector, stranger, acceptor } = await signInAll(server.base, accounts);
  const browser = await launch(t);
  const desk = await person(browser, server.base, "desk");
  const phone = await person(browser, server.base, "phone");
  const clean = async (what, one) => {
    await one.page.waitForTimeout(300);
    const wider = await overflow(one.page);
    assert.deepEqual([...(await barriers(one.page)), ...(wider > 1 ? [`${what} is ${wider} px wider`] : []), ...one.faults], [], what);
  };
  const upload = async (who, picture) => {
    const form = new FormData();
    form.append("file", new Blob([picture], { type: "image/jpeg" }), "panel.jpg");
    return (await who.send("POST", "/evidence", { form })).id;
  };

  await t.test("who may read of an inspection, do it, and set its baselines", async () => {
    const [mine] = (await collector.get("/inspections")).filter(({ id }) => id === ROUTE);
    assert.deepEqual([mine.is_due, mine.may_run, mine.may_manage, mine.stops, mine.checks], [true, true, false, 2, 8]);
    assert.ok((await stranger.get("/inspections")).every(({ id }) => id !== ROUTE), "another street's");
    const statuses = await Promise.all(
      [
        [stranger, "GET", `/inspections/${ROUTE}`],
        [stranger, "PUT", "/inspection-runs/01ARYZ6S410000000000000000", { inspection: ROUTE, started_at: new Date().toISOString() }],
        [chief, "PUT", "/inspection-runs/01ARYZ6S410000000000000000", { inspection: ROUTE, started_at: new Date().toISOString() }],
        [collector, "POST", `/inspections/${ROUTE}/baselines`, { check: "zhonglou_panel", picture: "00" }],
        [acceptor, "GET", "/inspection-runs"],
      ].map(async ([who, method, where, body]) => (await who.fetch(method, where, body ? { body } : {})).status),
    );
    assert.deepEqual(statuses, [404, 404, 403, 403, 403]);
  });

  await t.test("a baseline is chosen and marked by dragging over it", async () => {
    const { page } = desk;
    await signIn(page, "centre", accounts.chief, "/inspections");
    await page.getByText("鼓楼街道配电房日巡").click();
    await page.getByText("低压柜仪表盘").first().waitFor();
    await clean("an inspection", desk);
    await shoot(page, "inspection-route");
    await page.getByRole("button", { name: "设为基准" }).first().click();
    const [normal, off] = [await panel(page), await panel(page, { up: false, turn: 2, scale: 0.97 })];
    const choose = page.locator("input[type=file]");
    await choose.setInputFiles(jpeg("normal.jpg", normal));
    await page.locator("svg.canvas image").waitFor();
    await choose.setInputFiles(jpeg("off.jpg", off));
    await until("both pictures", async () => (await page.locator(".pick .one").count()) === 2);
    const drag = async (from, to) => {
      await page.locator("svg.canvas").scrollIntoViewIfNeeded();
      const box = await page.locator("svg.canvas").boundingBox();
      const at = (x, y) => [box.x + (x / 1280) * box.width, box.y + (y / 960) * box.height];
      await page.mouse.move(...at(...from));
      await page.mouse.down();
      await page.mouse.move(...at((from[0] + to[0]) / 2, (from[1] + to[1]) / 2));
      await page.mouse.move(...at(...to));
      await page.mouse.up();
    };
    await drag([300, 300], [300, 180]);
    const dial = page.locator("fieldset", { hasText: "表盘 1" });
    await dial.getByLabel("名称").fill("母线电压");
    await dial.getByLabel("单位").fill("kV");
    await dial.getByLabel("低于为异常").fill("2");
    await dial.getByLabel("高于为异常").fill("7");
    await page.getByRole("button", { name: "开关、指示灯" }).click();
    await drag([890, 590], [1010, 750]);
    const one = page.locator("fieldset", { hasText: "开关 1" });
    await one.getByLabel("名称", { exact: true }).fill("总闸");
    await one.getByLabel("位置名称").nth(0).fill("合");
    await one.getByLabel("位置名称").nth(1).fill("分");
    await page.getByRole("button", { name: "设为基准" }).click();
    const refusal = page.locator(".fault");
    await refusal.getByText("要有 2 到 8 个位置，每个都有名称和照片").or(refusal.getByText(/开关位置的照片|开关的位置/)).first().waitFor();
    assert.doesNotMatch(await refusal.innerText(), /[a-z]{3}/i, "no English for readers of Chinese");
    const options = await one.locator("select").nth(1).locator("option").evaluateAll((all) => all.map(({ value }) => value));
    const first = await one.locator("select").nth(0).inputValue();
    await one.locator("select").nth(1).selectOption(options.find((value) => value && value !== first));
    await clean("a baseline being marked", desk);
    await shoot(page, "inspection-baseline");
    await page.getByRole("button", { name: "设为基准" }).click();
    await page.getByText("1 个表盘，1 个开关").waitFor();
    await shoot(page, "inspection-route-marked");
    const found = await collector.get(`/inspections/${ROUTE}`);
    const { baseline } = found.route[0].checks.find(({ id }) => id === "zhonglou_panel");
    assert.deepEqual([baseline.marks.dials[0].title, baseline.marks.switches[0].expected], ["母线电压", "合"]);
    assert.ok(Math.abs(baseline.marks.dials[0].radius - 120) < 4, `radius ${baseline.marks.dials[0].radius}`);
  });

  let case_id;
  await t.test("the route is walked: answered, compared, kept while there is no network", async () => {
    const { page, context } = phone;
    await signIn(page, "field", accounts.collector, "/");
    await page.getByRole("link", { name: /巡检路线.*今天要巡/ }).click();
    await page.getByText("鼓楼街道配电房日巡").waitFor();
    await clean("what is to be inspected", phone);
    await shoot(page, "field-inspections");
    await page.getByText("鼓楼街道配电房日巡").click();
    await page.getByRole("button", { name: "开始巡检" }).click();
    const card = (title, n = 0) => page.locator("article.check", { hasText: title }).nth(n);
    const save = (one) => one.getByRole("button", { name: "保存" }).click();
    await card("门锁完好").getByText("是", { exact: true }).click();
    await save(card("门锁完好"));
    await card("门锁完好").getByText("正常").waitFor();
    await clean("a run", phone);
    await shoot(page, "field-inspection");

    await context.setOffline(true);
    await card("异响").getByText("否", { exact: true }).click();
    await save(card("异响"));
    await card("异响").getByText("等待提交").waitFor();
    await card("变压器油温").getByLabel(/读数/).fill("61.5");
    await save(card("变压器油温"));
    await card("变压器油温").getByText("61.5").waitFor();
    assert.equal((await collector.get("/inspection-runs")).items.length, 1);
    await page.reload().catch(() => undefined);
    await context.setOffline(false);
    await page.goto(`/field/inspections/${ROUTE}`);
    await card("变压器油温").getByText("61.5").waitFor();
    await until("what waited is taken", async () => (await collector.get(`/inspection-runs/${(await collector.get("/inspection-runs")).items[0].id}`)).answered.length === 3, 40_000);

    const fault = await panel(page, { needle: 100, up: false, turn: 3, scale: 0.96, shift: [10, -6], light: 0.9 });
    const first = card("低压柜仪表盘", 0);
    await first.locator("input[type=file]").first().setInputFiles(jpeg("now.jpg", fault));
    await first.getByText("与基准不一致：2 处差异").waitFor();
    await first.getByText("应为 合").waitFor();
    await first.getByText(/8\.[67]\d* kV/).waitFor();
    await first.getByText("有异常", { exact: true }).click();
    await first.getByText(/会开一件“电力设施”任务/).waitFor();
    await clean("a fault about to be saved", phone);
    await first.scrollIntoViewIfNeeded();
    await shoot(page, "field-inspection-fault");
    await save(first);
    await first.getByRole("link", { name: /看任务/ }).waitFor();
    assert.equal(await first.getByRole("button", { name: "重新填写" }).count(), 0, "a fault that opened a case is final");
    case_id = (await first.getByRole("link", { name: /看任务/ }).getAttribute("href")).split("/").at(-1);

    await card("门锁完好", 1).getByText("是", { exact: true }).click();
    await save(card("门锁完好", 1));
    await card("灭火器压力").getByText("绿区").click();
    await save(card("灭火器压力"));
    await card("灭火器压力").getByText("正常").waitFor();
    assert.ok(await page.getByRole("button", { name: "完成巡检并存证" }).isDisabled(), "a check is left");
    const second = card("低压柜仪表盘", 1);
    await second.locator("input[type=file]").first().setInputFiles(jpeg("other.jpg", await panel(page)));
    await second.getByText("还没有基准照片").waitFor();
    await second.getByText("正常", { exact: true }).click();
    await save(second);
    await second.locator(".mark").waitFor();
    // The end waits for a network, and the server lacks an answer then: the run stays on the phone and says why.
    await context.setOffline(true);
    await page.getByRole("button", { name: "完成巡检并存证" }).click();
    await page.getByText("已存在手机里，有网后自动提交").waitFor();
    const lacking = { code: "unanswered", message: "1 of the checks are not answered", fields: [], allowed: ["fuqian_extinguisher"] };
    await page.route("**/inspection-runs/*/end", (route) => route.fulfill({ status: 409, contentType: "application/json", body: JSON.stringify(lacking) }));
    await context.setOffline(false);
    await page.goto(`/field/inspections/${ROUTE}`);
    await page.getByText("这次巡检没能完成，内容还在手机里").waitFor();
    await page.getByText("还有必查项没有结果").waitFor();
    await clean("an end that was refused", phone);
    await shoot(page, "field-inspection-end-refused");
    assert.ok(await page.getByRole("button", { name: "完成巡检并存证" }).isDisabled(), "what the server lacks is left");
    await page.unroute("**/inspection-runs/*/end");
    await card("灭火器压力").getByText("绿区").click();
    await save(card("灭火器压力"));
    await card("灭火器压力").getByText("正常").waitFor();
    await page.getByRole("button", { name: "完成巡检并存证" }).click();
    await page.getByText("巡检已完成，结果已存证").waitFor();
    await clean("an inspection that ended", phone);
    await shoot(page, "field-inspection-done");
  });

  await t.test("the case shows the photograph beside the baseline", async () => {
    const found = await chief.get(`/cases/${case_id}`);
    assert.deepEqual([found.channel, found.category], ["inspection", "b0128"]);
    const { page } = desk;
    await page.goto(`/centre/cases/${case_id}`);
    await page.getByRole("heading", { name: "巡检发现" }).waitFor();
    await page.getByRole("button", { name: "比对" }).click();
    await page.getByText("应为 合").waitFor();
    await until("both pictures", () => page.locator(".compare img").evaluateAll((all) => all.length === 2 && all.every(({ naturalWidth }) => naturalWidth > 0)));
    await clean("a case of an inspection", desk);
    await page.locator(".compare").scrollIntoViewIfNeeded();
    await shoot(page, "inspection-case");
    await page.getByRole("button", { name: "重叠对比" }).click();
    await page.locator(".laid .above").waitFor();
    await page.waitForTimeout(500);
    // The gauge of the photograph lies where the baseline's is: both pictures shown half agree at the panel's edge.
    await shoot(page, "inspection-case-over");
    await page.goto("/centre/inspections");
    await page.getByText("与基准不一致").first().waitFor();
    await clean("inspections", desk);
    await shoot(page, "inspections");
  });

  await t.test("the end is sealed, and the seal proves the answers offline", async () => {
    const [done] = (await chief.get(`/inspection-runs?inspection=${ROUTE}`)).items;
    assert.deepEqual([done.answers, done.faults, Boolean(done.ended_at)], [7, 1, true]);
    const { page } = desk;
    await page.goto(`/centre/inspection-runs/${done.id}`);
    await page.getByText("巡检封存").waitFor();
    await clean("a run in the centre", desk);
    await shoot(page, "inspection-run");
    const [record] = (await chief.get(`/inspection-runs/${done.id}/records`)).items;
    const text = await (await chief.fetch("GET", `/inspection-runs/${done.id}/sealed`)).text();
    assert.equal(createHash("sha256").update(text).digest("hex"), record.body.sha256);
    assert.equal(JSON.parse(text).length, 7);
    const proof = await until("the receipt", async () => {
      const answer = await chief.fetch("GET", `/receipts/${record.id}`);
      return answer.status === 200 ? answer.text() : undefined;
    });
    const file = path.join(home, "inspection.tlog-proof");
    await writeFile(file, proof);
    const held = await run(["verify", file, "--data", data, "--locale", "en"]);
    assert.equal(held.code, 0, held.stdout + held.stderr);
    assert.match(held.stdout, /inspection_ended/);
    assert.equal((await stranger.fetch("GET", `/receipts/${record.id}`)).status, 404, "who may not read of it is not told of it");
    assert.ok(!(await collector.get("/inspections")).find(({ id }) => id === ROUTE).is_due, "done for today");
  });

  await t.test("bad input is refused with what to do", async () => {
    const id = "01BX5ZZKBK0000000000000000";
    await collector.send("PUT", `/inspection-runs/${id}`, { body: { inspection: ROUTE, started_at: new Date().toISOString() } });
    const photo = await upload(stranger, await panel(phone.page, { needle: 33 }));
    const at = new Date().toISOString();
    const refused = async (check, body) => {
      const answer = await collector.fetch("PUT", `/inspection-runs/${id}/answers/${check}`, { body: { at, ...body } });
      return [answer.status, (await answer.json()).code];
    };
    assert.deepEqual(await refused("zhonglou_oil", { value: "hot" }), [422, "invalid"]);
    assert.deepEqual(await refused("zhonglou_oil", { value: 60, at: "2020-01-01T00:00:00Z" }), [422, "invalid"]);
    assert.deepEqual(await refused("roof", { value: 1 }), [404, "not_found"]);
    assert.deepEqual(await refused("zhonglou_panel", { value: true, picture: photo }), [422, "invalid"], "somebody else's picture");
    const end = await collector.fetch("POST", `/inspection-runs/${id}/end`);
    assert.deepEqual([end.status, (await end.json()).allowed.length], [409, 7]);
    assert.equal((await chief.fetch("POST", `/inspection-runs/${id}/end`)).status, 404, "not theirs");
  });
});
