// The demonstration's inspections: done over the API by demo users, seen in the centre and with a phone, in both languages.
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { barriers, launch, overflow, person, shoot } from "../lib/browser.mjs";
import { folder, must, run, serve } from "../lib/dipper.mjs";
import { Visitor } from "../lib/visitor.mjs";

const PASSWORD = "yaoguang-demo";

async function signIn(page, face, login, then) {
  await page.goto(`/${face}/sign-in?${face === "field" ? "to" : "then"}=${encodeURIComponent(then)}`);
  await page.locator("input[autocomplete=username]").fill(login);
  await page.locator("input[type=password]").fill(PASSWORD);
  await page.getByRole("button", { name: /^(登录|Sign in)$/ }).click();
  await page.waitForURL(`**/${face}${then}`);
}

test("the demonstration inspects", { timeout: 300_000 }, async (t) => {
  const data = path.join(await folder(t), "data");
  await must(["demo", "seed", "--data", data, "--pack", "packs/demo", "--demo", "--cases", "20"]);
  const server = await serve(t, { data, args: ["--demo"] });
  const chief = new Visitor(server.base);
  await chief.signIn({ login: "duty-chief", password: PASSWORD });

  let fault;
  await t.test("a route is walked and ended, another is under way; the panel that is not as it was opened a case", async () => {
    const done = await run(["demo", "inspections", "--city", server.base]);
    assert.equal(done.code, 0, done.stderr);
    const { items } = await chief.get("/inspection-runs");
    const [under_way, ended] = items;
    assert.deepEqual([under_way.inspection, under_way.ended_at ?? null], ["tianshu_park_fitness", null]);
    assert.equal((await chief.get(`/inspection-runs/${under_way.id}`)).answered.length, 1);
    assert.deepEqual([ended.inspection, Boolean(ended.ended_at), ended.answers, ended.faults], ["gulou_power_rooms", true, 7, 1]);
    const { items: faults } = await chief.get("/inspection-answers?faults=true");
    fault = faults[0];
    assert.equal(faults.length, 1);
    assert.equal(fault.check, "zhonglou_panel");
    assert.ok(fault.case_id, "a case");
    const finding = fault.comparison;
    assert.deepEqual(finding.switches.map(({ position, expected }) => [position, expected]), [["分", "合"]]);
    // The needle stands at 62° of a scale of 20 kV over 270° from -135° on: 14.59 kV.
    assert.ok(Math.abs(finding.dials[0].value - 14.59) < 0.15, JSON.stringify(finding.dials[0]));
    // The plug lies at 300, 700 of the baseline and is 92 wide and 64 high.
    assert.equal(finding.regions.length, 1, JSON.stringify(finding.regions));
    const { before } = finding.regions[0];
    assert.ok(before.x < 346 && 346 < before.x + before.width && before.y < 732 && 732 < before.y + before.height, JSON.stringify(before));
    const whole = await chief.get(`/inspection-runs/${items[1].id}`);
    const second = whole.answered.find(({ check }) => check === "fuqian_panel");
    assert.deepEqual([second.is_fault, second.comparison.regions.length], [false, 0], JSON.stringify(second.comparison));
  });

  await t.test("what is done is not done again", async () => {
    assert.equal((await run(["demo", "inspections", "--city", server.base])).code, 0);
    assert.equal((await chief.get("/inspection-runs")).items.length, 2);
  });

  await t.test("and is seen", async () => {
    const browser = await launch(t);
    const { items } = await chief.get("/inspection-runs");
    for (const locale of ["zh-CN", "en"]) {
      const desk = await person(browser, server.base, "desk", locale);
      const phone = await person(browser, server.base, "phone", locale);
      const look = async (one, where, name) => {
        await one.page.goto(where);
        await one.page.waitForLoadState("networkidle");
        await one.page.waitForTimeout(500);
        await shoot(one.page, `demo-${name}-${locale}`);
        assert.deepEqual([...(await barriers(one.page)), ...one.faults, await overflow(one.page)], [0], where);
      };
      await signIn(desk.page, "centre", "duty-chief", "/inspections");
      await look(desk, "/centre/inspections", "inspections");
      await look(desk, "/centre/inspections/gulou_power_rooms", "inspection");
      await look(desk, `/centre/inspection-runs/${items[1].id}`, "inspection-run");
      await look(desk, `/centre/cases/${fault.case_id}`, "inspection-case");
      await signIn(phone.page, "field", "collector", "/");
      await look(phone, "/field/inspections", "field-inspections");
      await look(phone, "/field/inspections/tianshu_park_fitness", "field-inspection");
    }
  });
});
