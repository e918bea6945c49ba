// Acting for others, on two phones: a daughter is asked by her mother, acts for her, and the mother sees who did what and
// ends it; a legal representative enters an organisation, appoints an agent, who files for it.
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { barriers, launch, overflow, person, shoot } from "../lib/browser.mjs";
import { mandateOf, under } from "../lib/acting.mjs";
import { department } from "../lib/department.mjs";
import { addUser, folder, serve, until } from "../lib/dipper.mjs";
import { signInAll } from "../lib/staff.mjs";
import { Visitor } from "../lib/visitor.mjs";

const PASSWORD = "a long enough word";
const SERVICE = "fund_rent_withdrawal";
const FORM = `/services/${SERVICE}`;
const NIGHT = "night_work_approval";

async function register(base, login, display_name, identity) {
  const visitor = new Visitor(base);
  await visitor.post("/residents", { login, password: PASSWORD, display_name });
  await visitor.signIn({ login, password: PASSWORD });
  if (identity) await visitor.post("/person/identity", identity);
  return visitor;
}

/** The refusal's code and status. */
async function refused(call) {
  try {
    await call;
  } catch (error) {
    return `${error.status} ${error.body?.code}`;
  }
  return "done";
}

const RENT = { lease: "yes", rent: 1800, records: "online", address: "天权区文昌路 1 号", rhythm: "month" };

test("one acts for another", { timeout: 600_000 }, async (t) => {
  const home = await folder(t);
  const [data, hall] = [path.join(home, "data"), path.join(home, "departments")];
  const offices = await department(t, hall);
  const [li, wang, chen] = offices.people;
  const connected = ["--departments", offices.url, "--departments-secrets", path.join(hall, "secrets"), "--demo"];
  const accounts = { clerk: await addUser({ data }, "clerk", ["service_clerk:housing_fund_centre:yaoguang"]) };
  const server = await serve(t, { data, args: connected });
  const { clerk } = await signInAll(server.base, accounts);
  const mother = await register(server.base, "mother", "李妈妈", li);
  const daughter = await register(server.base, "daughter", "晓月", wang);
  const stranger = await register(server.base, "stranger", "路人", chen);
  const browser = await launch(t);
  const [mothers, daughters] = [await person(browser, server.base), await person(browser, server.base)];
  const clean = async (what, one) => {
    await one.page.waitForTimeout(200);
    const wider = await overflow(one.page);
    assert.deepEqual([...(await barriers(one.page)), ...(wider > 1 ? [`${what} is ${wider} px wider`] : []), ...one.faults], [], what);
  };
  const enter = async ({ page }, login) => {
    await page.goto(`/sign-in?then=${encodeURIComponent("/me/mandates")}`);
    await page.getByLabel("账号", { exact: true }).fill(login);
    await page.getByLabel("密码", { exact: true }).fill(PASSWORD);
    await page.getByRole("button", { name: "登录", exact: true }).click();
    await page.waitForURL("**/me/mandates");
  };
  let mandate;
  let case_no;

  await t.test("the mother shows a code, the daughter takes it, the mother confirms who it is", async () => {
    await enter(mothers, "mother");
    await mothers.page.getByText("还没有授权给任何人。").waitFor();
    await clean("no mandates", mothers);
    await mothers.page.getByRole("link", { name: "让别人代我办" }).click();
    await mothers.page.getByText("只办选定的事").click();
    await mothers.page.getByLabel("搜索要授权的事项").fill("租房提取");
    const { title } = await mother.get(FORM);
    await mothers.page.getByRole("button", { name: title["zh-CN"], exact: true }).click();
    await mothers.page.getByRole("button", { name: "去掉" }).waitFor();
    await clean("a new mandate", mothers);
    await shoot(mothers.page, "agents-new");
    await mothers.page.getByRole("button", { name: "出示授权码" }).click();
    const code = (await mothers.page.locator("[data-code]").textContent()).replace(/\s/g, "");
    assert.match(code, /^[0-9A-HJKMNP-TV-Z]{10}$/);
    await clean("the code", mothers);
    await shoot(mothers.page, "agents-code");
    await enter(daughters, "daughter");
    await daughters.page.goto(`/me/mandates/take#${code}`);
    await daughters.page.getByText("李妈妈（**河）").waitFor();
    assert.equal(new URL(daughters.page.url()).hash, "", "the code is out of the address");
    await clean("what is offered", daughters);
    await shoot(daughters.page, "agents-offer");
    await daughters.page.getByRole("button", { name: "接受", exact: true }).click();
    await daughters.page.getByText("已接受").waitFor();
    await mothers.page.getByText("是这个人吗").waitFor();
    await mothers.page.getByText("身份证姓名：**月").waitFor();
    await shoot(mothers.page, "agents-confirm");
    await mothers.page.getByRole("button", { name: "确认由晓月代办" }).click();
    await mothers.page.waitForURL("**/me/mandates");
    await mothers.page.getByText("有效", { exact: false }).first().waitFor();
    assert.equal(await refused(stranger.post("/mandates/take", { code })), "422 wrong_code");
    mandate = (await daughter.get("/mandates")).held[0];
    assert.deepEqual([mandate.state, mandate.all_services, mandate.services[0].id], ["active", false, SERVICE]);
  });

  await t.test("the daughter files for her mother, and always sees for whom", async () => {
    const { page } = daughters;
    await page.goto("/me/mandates");
    await page.getByRole("button", { name: "为李妈妈办事" }).click();
    await page.getByText("您正在为李妈妈办事").waitFor();
    await page.waitForURL("**/services");
    await clean("services of another", daughters);
    await shoot(page, "agents-services");
    await page.goto("/me");
    await page.getByText("这一页是您自己的内容").waitFor();
    await page.goto(`${FORM}/apply`);
    await page.getByRole("button", { name: "同意并获取" }).click();
    await page.getByText(/来自瑶光市住房公积金管理中心/).first().waitFor();
    await page.getByRole("button", { name: "开始填写" }).click();
    await page.waitForURL("**/q/lease");
    await page.getByText("您正在为李妈妈办事").waitFor();
    await clean("a question for another", daughters);
    await shoot(page, "agents-question");
    const forward = async (to) => {
      await page.locator("main form button[type=submit]").click();
      await page.waitForURL(`**/apply/${to}`);
    };
    await page.getByText("已备案").click();
    await forward("q/rent");
    await page.locator("main form input").fill("1800");
    await forward("q/records");
    await page.getByText("同意联网核查").click();
    await forward("q/address");
    await page.locator("main form :is(input, textarea)").fill("天权区文昌路 1 号");
    await forward("q/rhythm");
    await page.getByText("按月").click();
    await forward("check");
    await page.getByText(li.name).first().waitFor();
    await page.getByRole("button", { name: "提交申请" }).click();
    await page.waitForURL("**/applied/**");
    case_no = decodeURIComponent(new URL(page.url()).pathname.split("/").pop());
    await shoot(page, "agents-applied");
  });

  await t.test("it is the mother's: her case, her list, her messages, her trail", async () => {
    const mine = await mother.get("/reports/mine");
    assert.deepEqual(mine.items.map((one) => one.case_no), [case_no]);
    assert.deepEqual((await daughter.get("/reports/mine")).items, [], "nothing of it is the daughter's own");
    assert.equal((await mother.get(`/reports/${case_no}/application`)).answers.address, RENT.address);
    const trail = await mother.get("/accesses");
    const acts = trail.acts.map((one) => one.act);
    assert.deepEqual([acts.includes("applied"), acts.includes("asked"), acts.includes("drafted")], [true, true, true]);
    assert.ok(trail.acts.every((one) => one.agent === "晓月"));
    assert.ok(trail.fetches.filter((one) => one.service).every((one) => one.asked_by === "晓月"), "every question names who had it asked");
    const events = await clerk.get(`/cases/${case_no}/events`);
    assert.equal(events.items[0].actor.kind, "agent", "the office sees that somebody acted for the applicant");
    await until("the message", async () => (await mother.get("/notifications")).items.some((one) => one.kind === "application_filed_for"));
    await mothers.page.goto("/messages");
    await mothers.page.getByText("有人代您提交").waitFor();
    await mothers.page.goto("/accesses");
    await mothers.page.getByText("提交了申请").waitFor();
    await clean("the mother's trail", mothers);
    await shoot(mothers.page, "agents-trail");
  });

  await t.test("a mandate is for what it says, and for nothing else", async () => {
    const acting = under(daughter, mandate.id);
    assert.equal((await acting.get(`/reports/${case_no}`)).case_no, case_no);
    assert.equal(await refused(acting.get("/services/parking_permit_unknown/draft")), "404 not_here");
    for (const [call, expect] of [
      [() => acting.get("/services/food_business_licence/draft"), "403 not_for_others"],
      [() => acting.get(`/services/${NIGHT}/draft`), "409 other_audience"],
      [() => acting.get("/accesses"), "403 not_for_others"],
      [() => acting.get("/person/identity"), "403 not_for_others"],
      [() => acting.get("/notifications"), "403 not_for_others"],
      [() => acting.get("/mandates"), "403 not_for_others"],
      [() => acting.get("/person/export"), "403 not_for_others"],
      [() => acting.post("/person/erasure"), "403 not_for_others"],
      [() => acting.post("/mandates", { departments: true, days: 3 }), "403 not_for_others"],
      [() => acting.post("/reports", { category: "b0137", description: "路灯", lon: 112.89194, lat: 32.51805, evidence: [] }), "403 not_for_others"],
      [() => under(stranger, mandate.id).get(`/reports/${case_no}`), "403 mandate_ended"],
      [() => under(mother, mandate.id).get(`/reports/${case_no}`), "403 mandate_ended"],
      [() => under(daughter, "01M6CWACM00000000000000001").get("/drafts"), "403 mandate_ended"],
      [() => daughter.get(`/reports/${case_no}`), "404 not_found"],
      [() => stranger.get(`/reports/${case_no}`), "404 not_found"],
    ])
      assert.equal(await refused(call()), expect);
  });

  await t.test("the mother ends it, and the daughter's next press does nothing", async () => {
    await mothers.page.goto("/me/mandates");
    await mothers.page.getByRole("button", { name: "收回授权" }).click();
    await shoot(mothers.page, "agents-end");
    await mothers.page.getByRole("button", { name: "结束", exact: true }).click();
    await mothers.page.getByText("授权已结束").first().waitFor();
    const acting = under(daughter, mandate.id);
    assert.equal(await refused(acting.get(`/reports/${case_no}`)), "403 mandate_ended");
    assert.equal(await refused(acting.put(`${FORM}/draft`, { answers: {}, version: 0 })), "403 mandate_ended");
    await daughters.page.goto("/reports");
    await daughters.page.getByText("您正在为李妈妈办事").waitFor({ state: "detached" });
    assert.equal((await mother.get("/reports/mine")).items.length, 1, "what was done stays");
  });

  await t.test("a legal representative enters an organisation, and an agent files for it", async () => {
    const { page } = mothers;
    await page.goto("/me/organisations");
    await page.getByLabel("统一社会信用代码").fill("91999901MA00000009");
    await page.getByRole("button", { name: "核对" }).click();
    await page.getByText("代码不对").waitFor();
    await clean("a wrong number", mothers);
    await page.getByRole("button", { name: /^91999901MA/ }).first().click();
    const number = await page.getByLabel("统一社会信用代码").inputValue();
    assert.equal(await refused(daughter.post("/organisations", { number })), "422 organisation_no_match");
    await page.getByRole("button", { name: "核对" }).click();
    await page.getByRole("heading", { name: "星河建筑工程有限公司" }).waitFor();
    await clean("an organisation", mothers);
    await shoot(page, "agents-organisation");
    assert.equal(await refused(mother.get(`/services/${NIGHT}/draft`)), "409 other_audience", "a person has no building site");
    const agent = await mandateOf(mother, daughter, { organisation: number, services: [NIGHT] });
    assert.equal(await refused(daughter.post("/mandates", { organisation: number, departments: true, days: 3 })), "403 not_representative");
    const acting = under(daughter, agent);
    const prefill = await acting.post(`/services/${NIGHT}/prefill`, { sources: ["business_register"] });
    assert.deepEqual(prefill.values, { builder: "星河建筑工程有限公司", credit_code: number });
    const { fields } = await daughter.get(`/services/${NIGHT}/form`);
    const answers = Object.fromEntries((await Promise.all(fields.map(async (field) => [field.id, await answerOf(daughter, field)]))).filter(([, answer]) => answer !== undefined));
    const filed = await acting.post(`/services/${NIGHT}/applications`, { answers }, { "idempotency-key": "night-work-1" });
    assert.deepEqual((await daughter.get("/reports/mine")).items, []);
    assert.deepEqual((await acting.get("/reports/mine")).items.map((one) => one.case_no), [filed.case_no]);
    const [organisation] = (await mother.get("/organisations")).items;
    assert.ok(organisation.acts.some((one) => one.act === "applied" && one.agent === "晓月" && one.case_no === filed.case_no));
    await page.goto("/me/organisations");
    await page.getByRole("button", { name: "为星河建筑工程有限公司办事" }).click();
    await page.getByText("您正在为星河建筑工程有限公司办事").waitFor();
    await page.goto("/reports");
    await page.getByText(filed.case_no).waitFor();
    await clean("cases of an organisation", mothers);
    await shoot(page, "agents-organisation-cases");
    await page.getByRole("button", { name: "换回自己" }).click();
    await page.getByText("您正在为星河建筑工程有限公司办事").waitFor({ state: "detached" });
  });
});

/** An honest answer to a question that must be answered; nothing where it hangs on others or departments gave it. */
async function answerOf(visitor, field) {
  if (!field.required || field.show_if || field.from || ["builder", "credit_code"].includes(field.id)) return undefined;
  switch (field.type) {
    case "evidence":
      return [await visitor.picture()];
    case "choice":
      return field.options[0].id;
    case "choices":
      return [field.options[0].id];
    case "number":
      return field.min ?? 1;
    case "date":
      return "2027-01-10";
    default:
      return field.format === "phone" ? "13800000000" : "施工许可 2026-17";
  }
}
