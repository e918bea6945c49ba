// What a resident can do about their own data: see what is held, take it along, and be erased, as a browser shows it.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { barriers, launch, overflow, person, shoot } from "../lib/browser.mjs";
import { folder, serve } from "../lib/dipper.mjs";
import { Visitor } from "../lib/visitor.mjs";

const SERVICE = "food_business_licence";
const RESIDENT = { login: "zhao-teahouse", password: "a teahouse by the lake" };
const SHOP = "湖边茶馆";

test("a resident takes their data along and is erased", { timeout: 600_000 }, async (t) => {
  const data = path.join(await folder(t), "data");
  const server = await serve(t, { data });
  const browser = await launch(t);
  const zhao = await person(browser, server.base);
  const { page } = zhao;
  const clean = async (what) => {
    await page.waitForTimeout(200);
    const wider = await overflow(page);
    assert.deepEqual([...(await barriers(page)), ...(wider > 1 ? [`${what} is ${wider} px wider`] : []), ...zhao.faults], [], what);
  };
  /** The same person, speaking the API. */
  const direct = new Visitor(server.base);
  const erase = page.getByRole("button", { name: "永久删除" });
  let case_no;

  await t.test("registers, and leaves a draft and an application", async () => {
    await page.goto("/register");
    await page.getByLabel("怎么称呼您").fill("赵女士");
    await page.getByLabel("账号", { exact: true }).fill(RESIDENT.login);
    await page.getByLabel("密码", { exact: true }).fill(RESIDENT.password);
    await page.getByRole("button", { name: "注册并登录" }).click();
    await page.waitForURL("**/reports");
    await page.goto("/services/driving_licence_renew/apply");
    await page.getByRole("button", { name: "开始填写" }).click();
    await page.getByText("在联网医院或体检机做的").click();
    await page.locator("main form button[type=submit]").click();
    await page.getByText(/已保存，可换设备继续/).waitFor();

    await direct.signIn(RESIDENT);
    const answers = { applicant: "trader", shop_name: SHOP, address: "天权区文昌路 1 号", credit_code: "91350100M000100Y43", activities: ["hot"], area: 40, layout: [await direct.picture(3)], manager_name: "赵一", manager_phone: "13800001111" };
    ({ case_no } = await direct.post(`/services/${SERVICE}/applications`, { answers }, { "idempotency-key": randomUUID() }));
  });

  await t.test("is told what is held and downloads all of it", async () => {
    await page.goto("/me");
    await page.getByRole("link", { name: "我的数据", exact: true }).click();
    await page.waitForURL("**/me/data");
    await page.getByRole("heading", { name: "存着您的什么" }).waitFor();
    await clean("my data");
    await shoot(page, "person-data");
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "下载我的全部数据" }).click()]);
    assert.equal(download.suggestedFilename(), "my-data.json");
    const copy = JSON.parse(await readFile(await download.path(), "utf8"));
    assert.equal(copy.login, RESIDENT.login);
    assert.deepEqual(copy.cases.map((one) => [one.case_no, one.answers.shop_name]), [[case_no, SHOP]]);
    assert.equal(copy.drafts["driving_licence_renew"].medical, "online");
  });

  await t.test("is not erased by one press, nor by whoever finds the page open", async () => {
    await page.getByRole("link", { name: "看看会删掉什么" }).click();
    await page.waitForURL("**/me/data/erase");
    await page.getByRole("heading", { name: "会永远失去" }).waitFor();
    await erase.click();
    await page.getByText("确认要删除，请勾选这一项").waitFor();
    const sure = page.getByLabel("我明白无法恢复");
    assert.ok(await sure.evaluate((one) => one === document.activeElement), "the field at fault has the focus");
    await clean("nothing filled in");
    await sure.check();
    // Ten minutes later the server answers so; a test of it turns the clock.
    await page.route("**/api/v1/person/erasure", (route) => route.fulfill({ status: 403, json: { code: "not_present", message: "sign in once more", fields: [] } }), { times: 1 });
    await erase.click();
    const sheet = page.getByRole("dialog");
    await sheet.getByRole("heading", { name: "确认是您本人" }).waitFor();
    await sheet.getByLabel("密码", { exact: true }).fill("not the password");
    await sheet.getByRole("button", { name: "登录", exact: true }).click();
    await sheet.getByRole("alert").getByText("账号或密码不对").waitFor();
    await clean("a wrong password");
    await shoot(page, "person-prove");
    await sheet.getByLabel("密码", { exact: true }).fill(RESIDENT.password);
    await sheet.getByRole("button", { name: "登录", exact: true }).click();
    await sheet.waitFor({ state: "hidden" });
  });

  await t.test("is not erased while an application is open; the refusal leads there, and it is withdrawn", async () => {
    await page.getByRole("alert").getByText("还有申请没有办完").waitFor();
    await clean("an open application");
    await shoot(page, "person-open");
    await page.getByRole("link", { name: `看申请 ${case_no}` }).click();
    await page.waitForURL(`**/reports/${case_no}`);
    await page.getByRole("button", { name: "撤回申请" }).click();
    const sheet = page.getByRole("dialog");
    const reason = sheet.locator("textarea");
    if ((await reason.count()) > 0) await reason.fill("不办了");
    await sheet.getByRole("button", { name: "撤回申请" }).click();
    await sheet.waitFor({ state: "hidden" });
    assert.equal((await direct.get(`/reports/${case_no}`)).open, false);
  });

  await t.test("is erased, signed out and told so", async () => {
    await page.goto("/me/data/erase");
    await page.getByLabel("我明白无法恢复").check();
    await erase.click();
    await page.waitForURL("**/me/data/erased");
    await page.getByRole("heading", { name: "已经删除" }).waitFor();
    await clean("erased");
    await shoot(page, "person-erased");
    await page.goto("/me");
    await page.getByText("还没有登录").waitFor();
    await page.goto("/me/data");
    await page.getByText("登录后才能看").waitFor();
    assert.equal((await direct.fetch("GET", "/person/export")).status, 401);
  });

  await t.test("cannot sign in again", async () => {
    await page.goto("/sign-in");
    await page.getByLabel("账号", { exact: true }).fill(RESIDENT.login);
    await page.getByLabel("密码", { exact: true }).fill(RESIDENT.password);
    await page.getByRole("button", { name: "登录", exact: true }).click();
    await page.getByText("账号或密码不对").waitFor();
    await clean("signing in again");
  });
});
