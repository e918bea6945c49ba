// Correcting what was handed in: the form opens with the answers, what differs is told, the former record is opened by nobody
// any more, the correction is proved, and after the decision it is over. How somebody is addressed is theirs to change too.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { barriers, launch, overflow, person, shoot } from "../lib/browser.mjs";
import { addUser, folder, serve, until } from "../lib/dipper.mjs";
import { signInAll } from "../lib/staff.mjs";
import { Visitor } from "../lib/visitor.mjs";

const OFFICE = "market_bureau";
const POSTS = { clerk: [`service_clerk:${OFFICE}:yaoguang`], reviewer: [`service_reviewer:${OFFICE}:yaoguang`], chief: [`service_chief:${OFFICE}:yaoguang`] };
const RESIDENT = { login: "chen-noodles", password: "noodles by the bridge" };
const [WRONG, RIGHT] = ["桥头面管", "桥头面馆"];
const PURPOSE = "审查申请材料";

test("a resident corrects an application", { timeout: 600_000 }, async (t) => {
  const data = path.join(await folder(t), "data");
  const accounts = {};
  for (const [login, posts] of Object.entries(POSTS)) accounts[login] = await addUser({ data }, login, posts);
  const server = await serve(t, { data });
  const staff = await signInAll(server.base, accounts);
  const browser = await launch(t);
  const [chen, clerk] = [await person(browser, server.base), await person(browser, server.base, "desk")];
  const clean = async ({ page, faults }, what) => {
    await page.waitForTimeout(200);
    const wider = await overflow(page);
    assert.deepEqual([...(await barriers(page)), ...(wider > 1 ? [`${what} is ${wider} px wider`] : []), ...faults], [], what);
  };
  const direct = new Visitor(server.base);
  const { page } = chen;
  let case_no;

  await t.test("hands an application in, with a slip of the pen", async () => {
    await page.goto("/register");
    await page.getByLabel("怎么称呼您").fill("陈先生");
    await page.getByLabel("账号", { exact: true }).fill(RESIDENT.login);
    await page.getByLabel("密码", { exact: true }).fill(RESIDENT.password);
    await page.getByRole("button", { name: "注册并登录" }).click();
    await page.waitForURL("**/reports");
    await direct.signIn(RESIDENT);
    const answers = { applicant: "trader", shop_name: WRONG, address: "天权区桥头路 2 号", credit_code: "91350100M000100Y43", activities: ["hot"], area: 40, layout: [await direct.picture(3)], manager_name: "陈一", manager_phone: "13800001111" };
    ({ case_no } = await direct.post("/services/food_business_licence/applications", { answers }, { "idempotency-key": randomUUID() }));
  });

  await t.test("a clerk has looked at it", async () => {
    const at = clerk.page;
    await at.goto("/centre/sign-in");
    await at.getByLabel("账号", { exact: true }).fill(accounts.clerk.login);
    await at.getByLabel("密码", { exact: true }).fill(accounts.clerk.password);
    await at.getByRole("button", { name: "登录", exact: true }).click();
    await at.waitForURL((url) => !url.pathname.endsWith("sign-in"));
    await at.goto(`/centre/cases/${case_no}`);
    await at.getByRole("button", { name: "打开申请内容" }).click();
    await at.getByRole("button", { name: PURPOSE }).click();
    await at.getByRole("button", { name: "记录并查看" }).click();
    await at.getByText(WRONG).waitFor();
  });

  await t.test("the form opens with the answers; nothing changed is nothing to send", async () => {
    await page.goto(`/reports/${case_no}`);
    await page.getByRole("link", { name: "填错了？更正" }).click();
    await page.waitForURL(`**/reports/${case_no}/correct`);
    await page.getByText("还没有改动").waitFor();
    assert.equal(await page.getByLabel(/店铺或食堂名称/).first().inputValue(), WRONG);
    await clean(chen, "the form");
    await shoot(page, "correction-form");
    await page.getByRole("button", { name: "提交更正" }).click();
    await page.getByText("没有改动，不用提交").waitFor();
  });

  await t.test("a wrong answer is told at its field", async () => {
    const name = page.getByLabel(/店铺或食堂名称/).first();
    await name.fill("");
    await page.getByRole("button", { name: "提交更正" }).click();
    await page.locator("[aria-invalid=true]").first().waitFor();
    assert.ok(await name.evaluate((one) => one === document.activeElement), "the field at fault has the focus");
    await clean(chen, "a wrong answer");
    await name.fill(RIGHT);
    await page.getByText(/改了 1 项/).waitFor();
    await shoot(page, "correction-changed");
  });

  await t.test("somebody acts meanwhile: the form says so, keeps what was entered, and is sent again", async () => {
    await staff.clerk.act(case_no, "claim");
    await page.getByRole("button", { name: "提交更正" }).click();
    await page.getByText("案件刚刚有了变化").waitFor();
    await clean(chen, "a conflict");
    await page.getByRole("button", { name: "提交更正" }).click();
    await page.waitForURL(`**/reports/${case_no}`);
    await page.getByText(/您更正了申请内容：/).waitFor();
    await page.getByRole("button", { name: "打开看看" }).click();
    await page.getByText(RIGHT).waitFor();
    await clean(chen, "corrected");
    await page.getByText(/您更正了申请内容：/).scrollIntoViewIfNeeded();
    await shoot(page, "correction-timeline");
  });

  await t.test("the clerk is told what was corrected, and that it was after the look", async () => {
    const at = clerk.page;
    await at.goto(`/centre/cases/${case_no}`);
    await at.getByText("您看过的是更正前的内容").waitFor();
    await at.getByText(/申请人更正了申请内容：/).first().waitFor();
    await clean(clerk, "the case");
    await shoot(at, "correction-centre");
    await at.getByRole("button", { name: "打开申请内容" }).click();
    await at.getByRole("button", { name: PURPOSE }).click();
    await at.getByRole("button", { name: "记录并查看" }).click();
    await at.getByText(RIGHT).waitFor();
    assert.equal(await at.getByText(WRONG).count(), 0, "the former answers are nobody's to read");
    await clean(clerk, "the answers");
    await shoot(at, "correction-opened");
  });

  await t.test("the correction is proved like every step", async () => {
    const events = (await staff.clerk.get(`/cases/${case_no}/events`)).items;
    const corrected = events.find(({ kind }) => kind === "corrected");
    const receipt = await until("the receipt", async () => (await direct.fetch("GET", `/receipts/${corrected.id}`)).ok);
    assert.ok(receipt);
    const own = await direct.get(`/reports/${case_no}/application`);
    assert.equal(corrected.body.commitment, own.commitment);
  });

  await t.test("the copy holds what was answered before", async () => {
    await page.goto("/me/data");
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "下载我的全部数据" }).click()]);
    const copy = JSON.parse(await readFile(await download.path(), "utf8"));
    assert.deepEqual([copy.cases[0].answers.shop_name, copy.cases[0].former_answers.map((one) => one.answers.shop_name)], [RIGHT, [WRONG]]);
  });

  await t.test("how they are addressed is theirs to change", async () => {
    await page.getByRole("button", { name: "改称呼" }).click();
    const name = page.getByLabel("怎么称呼您");
    assert.equal(await name.inputValue(), "陈先生");
    await name.fill("陈老板");
    await clean(chen, "the name");
    await shoot(page, "correction-name");
    await page.getByRole("button", { name: "保存" }).click();
    await page.getByText("陈老板").first().waitFor();
    assert.equal((await direct.get("/session")).party.display_name, "陈老板");
  });

  await t.test("after the decision it is over", async () => {
    await staff.clerk.act(case_no, "accept");
    await staff.reviewer.act(case_no, "propose", { proposal: "grant", note: "材料齐全" });
    await staff.chief.act(case_no, "grant", { note: "许可证已送达" });
    await page.goto(`/reports/${case_no}`);
    await page.getByRole("heading", { name: "我提交的内容" }).waitFor();
    // The page may begin with the case as it was kept, until the city has answered.
    await page.getByRole("link", { name: "填错了？更正" }).waitFor({ state: "detached" });
    await page.goto(`/reports/${case_no}/correct`);
    await page.getByText("现在不能更正了").waitFor();
    await clean(chen, "over");
  });
});
