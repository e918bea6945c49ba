// Applying for a service as people do: question by question on one phone, on with it on another, handed in once, opened
// for a stated purpose, decided, seen, rated.
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { barriers, launch, overflow, person, shoot } from "../lib/browser.mjs";
import { addUser, folder, serve, until } from "../lib/dipper.mjs";
import { signInAll } from "../lib/staff.mjs";
import { png } from "../lib/visitor.mjs";

const SERVICE = "food_business_licence";
const OFFICE = "market_bureau";
const POSTS = { clerk: [`service_clerk:${OFFICE}:yaoguang`], reviewer: [`service_reviewer:${OFFICE}:yaoguang`], chief: [`service_chief:${OFFICE}:yaoguang`] };
const RESIDENT = { login: "wang-canteen", password: "a canteen by the river" };
const PURPOSE = "审查申请材料";

/** Goes on from a question. */
async function forward(page, to) {
  await page.locator("main form button[type=submit]").click();
  if (to) await page.waitForURL(`**/apply/${to}`);
}

async function write(page, words, to) {
  await page.locator("main form :is(input, textarea)").fill(words);
  await forward(page, to);
}

test("a resident applies for a service", { timeout: 600_000 }, async (t) => {
  const data = path.join(await folder(t), "data");
  const accounts = {};
  for (const [login, posts] of Object.entries(POSTS)) accounts[login] = await addUser({ data }, login, posts);
  const server = await serve(t, { data });
  const staff = await signInAll(server.base, accounts);
  const browser = await launch(t);
  const first = await person(browser, server.base);
  const second = await person(browser, server.base);
  const clean = async ({ page, faults }, what) => {
    await page.waitForTimeout(200);
    const wider = await overflow(page);
    assert.deepEqual([...(await barriers(page)), ...(wider > 1 ? [`${what} is ${wider} px wider`] : []), ...faults], [], what);
  };
  let case_no;

  await t.test("finds it, registers on the way, and comes back to where they were", async () => {
    const { page } = first;
    await page.goto("/services");
    await page.getByRole("searchbox").fill("食品经营许可");
    const card = page.getByRole("link", { name: /^食品经营许可 / });
    await card.getByText("可在线办").waitFor();
    await card.click();
    await page.getByRole("link", { name: "在线办理" }).click();
    await page.getByText("登录后就能办").waitFor();
    await clean(first, "the start, for a visitor");
    await page.getByRole("link", { name: "注册" }).click();
    await page.getByLabel("怎么称呼您").fill("王女士");
    await page.getByLabel("账号", { exact: true }).fill(RESIDENT.login);
    await page.getByLabel("密码", { exact: true }).fill(RESIDENT.password);
    await page.getByRole("button", { name: "注册并登录" }).click();
    await page.waitForURL(`**/services/${SERVICE}/apply`);
    await clean(first, "the start");
    await shoot(page, "apply-start");
  });

  await t.test("answers one question a page; a wrong answer is told at its field", async () => {
    const { page } = first;
    await page.getByRole("button", { name: "开始填写" }).click();
    await page.waitForURL("**/apply/q/applicant");
    await page.getByText("第 1 题，共 11 题").waitFor();
    await forward(page);
    await page.getByText("这一项要填").waitFor();
    await clean(first, "an unanswered question");
    await page.getByText("单位食堂").click();
    await forward(page, "q/credit_code");
    await page.getByText("第 2 题，共 12 题").waitFor();
    await page.getByText(/已保存，可换设备继续/).waitFor();
    await write(page, "123");
    const input = page.locator("main form input");
    await page.getByText(/请填 18 位统一社会信用代码/).waitFor();
    const described = await input.getAttribute("aria-describedby");
    assert.equal(await input.getAttribute("aria-invalid"), "true");
    assert.ok((await page.locator(`#${described.split(" ").at(-1)}`).textContent()).includes("18 位"));
    assert.ok(await input.evaluate((one) => one === document.activeElement), "the field at fault has the focus");
    await clean(first, "a wrong answer");
    // Small letters and spaces are no reason to send anybody back.
    await write(page, " 91350100m000100y43 ", "q/shop_name");
    await write(page, "河边食堂", "q/address");
  });

  await t.test("the browser's back goes one question back, with its answer", async () => {
    const { page } = first;
    await page.goBack();
    await page.waitForURL("**/q/shop_name");
    assert.equal(await page.locator("main form input").inputValue(), "河边食堂");
    await forward(page, "q/address");
  });

  await t.test("is told the truth without a network, and nothing is lost", async () => {
    const { page, context } = first;
    await context.setOffline(true);
    await write(page, "天权区文昌路 1 号", "q/activities");
    await page.getByText("没有保存上。").waitFor();
    await clean(first, "not saved");
    await shoot(page, "apply-offline");
    await context.setOffline(false);
    await page.getByText(/已保存，可换设备继续/).waitFor();
  });

  await t.test("goes on on another device where it was left", async () => {
    const { page } = second;
    await page.goto("/sign-in");
    await page.getByLabel("账号", { exact: true }).fill(RESIDENT.login);
    await page.getByLabel("密码", { exact: true }).fill(RESIDENT.password);
    await page.getByRole("button", { name: "登录", exact: true }).click();
    await page.waitForURL("**/reports");
    await page.getByRole("link", { name: /食品经营许可.*继续填写/ }).click();
    await page.getByText("您有一份没填完的申请").waitFor();
    await clean(second, "an unfinished draft");
    await page.getByRole("button", { name: "继续填写" }).click();
    await page.waitForURL("**/apply/q/activities");
    await page.getByText("热食类制售").click();
    await page.getByText("生食类制售").click();
    await forward(page, "q/raw_room");
    await page.getByText("没有", { exact: true }).click();
    await forward(page, "q/area");
    await page.getByText(/已保存，可换设备继续/).waitFor();
  });

  await t.test("is asked which one counts when the first device goes on too", async () => {
    const { page } = first;
    await page.getByText("糕点类制售").click();
    await forward(page);
    await page.getByRole("heading", { name: "别的设备上改过这份申请" }).waitFor();
    await clean(first, "changed elsewhere");
    await shoot(page, "apply-moved");
    await page.getByRole("button", { name: "用那一份" }).click();
    await page.waitForURL("**/apply/q/area");
    await page.goto("/");
  });

  await t.test("sends photos at once, checks everything, and changes one answer", async () => {
    const { page } = second;
    await write(page, "120", "q/diners");
    await write(page, "80", "q/layout");
    await page.locator("input[type=file]").last().setInputFiles([1, 2].map((seed) => ({ name: `${seed}.png`, mimeType: "image/png", buffer: png(seed) })));
    await page.getByText("2 / 4").waitFor();
    await page.getByRole("status").filter({ hasText: "正在上传" }).waitFor({ state: "detached" });
    await clean(second, "photos");
    await shoot(page, "apply-photos");
    await forward(page, "q/manager_name");
    await write(page, "李伟", "q/manager_phone");
    await write(page, "138 0000 0000", "q/opens_on");
    await clean(second, "a day");
    await write(page, "2027-01-15", "q/remark");
    await write(page, "旁边是学校", "check");
    await page.getByText("第 13 题").waitFor({ state: "detached" });
    await until("the last answer saved", async () => (await (await page.request.get(`/api/v1/services/${SERVICE}/draft`)).json()).answers.remark === "旁边是学校");
    await clean(second, "the check");
    await shoot(page, "apply-check");
    // No raw food after all: the question that hung on it goes, and the check comes back at once.
    await page.getByRole("link", { name: /修改\s*经营哪些项目/ }).click();
    await page.getByText("生食类制售").click();
    await forward(page, "check");
    await page.getByText("2027年1月15日").waitFor();
    assert.equal(await page.getByText("有独立的生食专间吗").count(), 0);
  });

  await t.test("hands it in once, however often the button is pressed", async () => {
    const { page } = second;
    await page.getByRole("button", { name: "提交申请" }).dblclick();
    await page.waitForURL("**/applied/*");
    await page.getByRole("heading", { name: "申请已提交" }).waitFor();
    await page.getByText("受理之后 5 个工作日内作出决定").waitFor();
    case_no = decodeURIComponent(new URL(page.url()).pathname.split("/").at(-1));
    await clean(second, "handed in");
    await shoot(page, "apply-sent");
    await page.goto("/reports");
    await page.getByRole("link", { name: /食品经营许可/ }).waitFor();
    assert.equal(await page.getByRole("link", { name: /食品经营许可/ }).count(), 1, "one application, and no draft");
    await clean(second, "my applications");
    await page.getByRole("link", { name: /食品经营许可/ }).click();
    await page.getByRole("button", { name: "打开看看" }).click();
    await page.getByText("91350100M000100Y43").waitFor();
    assert.equal(await page.locator(".maplibregl-map").count(), 0);
    await clean(second, "the application");
    await page.getByRole("link", { name: "谁看过我的数据" }).click();
    await page.getByText("还没有人看过").waitFor();
    await clean(second, "no looks yet");
  });

  await t.test("a clerk opens the answers for a purpose and accepts", async () => {
    const clerk = await person(browser, server.base, "desk");
    const { page } = clerk;
    await page.goto("/centre/sign-in");
    await page.getByLabel("账号", { exact: true }).fill(accounts.clerk.login);
    await page.getByLabel("密码", { exact: true }).fill(accounts.clerk.password);
    await page.getByRole("button", { name: "登录", exact: true }).click();
    await page.waitForURL((url) => !url.pathname.endsWith("sign-in"));
    await page.goto(`/centre/cases/${case_no}`);
    await page.getByRole("button", { name: "打开申请内容" }).click();
    assert.equal(await page.getByText("91350100M000100Y43").count(), 0, "sealed until a purpose is said");
    assert.equal(await page.locator(".maplibregl-map").count(), 0);
    await page.getByRole("button", { name: PURPOSE }).click();
    await clean(clerk, "the purpose");
    await page.getByRole("button", { name: "记录并查看" }).click();
    await page.getByText("91350100M000100Y43").waitFor();
    await page.getByText("河边食堂").waitFor();
    await clean(clerk, "the answers");
    await shoot(page, "apply-centre");
    await page.getByRole("button", { name: /^受理/ }).click();
    await page.locator("form.form button[type=submit]").click();
    await page.getByText("审查中").first().waitFor();
    await clerk.context.close();
  });

  await t.test("nobody else may open them", async () => {
    const stranger = await addUser({ data }, "lamp-office", ["department_handler:street_lighting:yaoguang"]);
    const { "lamp-office": other } = await signInAll(server.base, { "lamp-office": stranger });
    const refusal = await other.get(`/cases/${case_no}/application?purpose=${encodeURIComponent(PURPOSE)}`).catch((error) => error);
    assert.ok([403, 404].includes(refusal.status), String(refusal));
  });

  await t.test("it is reviewed and granted", async () => {
    await staff.reviewer.act(case_no, "propose", { proposal: "grant", note: "材料齐全，场所符合要求" });
    await staff.chief.act(case_no, "grant", { note: "许可证已送达，可在线下载" });
  });

  await t.test("the resident sees it granted, sees the look, and rates it", async () => {
    const { page } = second;
    await page.goto(`/reports/${case_no}`);
    await page.getByText("已办好，请您评价").first().waitFor();
    await page.getByText("许可证已送达，可在线下载").waitFor();
    await page.goto("/accesses");
    const look = page.getByRole("listitem").filter({ hasText: PURPOSE });
    await look.getByText("瑶光市市场监督管理局").waitFor();
    await look.getByText("窗口受理员").waitFor();
    await clean(second, "one look");
    await shoot(page, "apply-accesses");
    await look.getByRole("link", { name: new RegExp(case_no) }).click();
    await page.getByRole("button", { name: "评价" }).click();
    await page.getByRole("radio", { name: /^5 星/ }).check({ force: true });
    await page.getByRole("dialog").getByRole("button", { name: "评价" }).click();
    await until("the rating", async () => (await staff.chief.get(`/cases/${case_no}`)).rating === 5);
    await clean(second, "rated");
    assert.deepEqual([first.faults, second.faults], [[], []]);
  });
});
