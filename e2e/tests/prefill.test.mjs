// Data runs instead of people: a new resident proves who they are, agrees, sees what departments gave, hands it in; the
// office sees where answers come from; the resident sees what was asked. Departments that are away or lie are told honestly.
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { barriers, launch, overflow, person, shoot } from "../lib/browser.mjs";
import { askDirectly, department, liar, sign } from "../lib/department.mjs";
import { addUser, folder, run, serve } from "../lib/dipper.mjs";
import { signInAll } from "../lib/staff.mjs";
import { Visitor } from "../lib/visitor.mjs";

const SERVICE = "fund_rent_withdrawal";
const OFFICE = "housing_fund_centre";
const FORM = `/services/${SERVICE}`;

async function forward(page, to) {
  await page.locator("main form button[type=submit]").click();
  await page.waitForURL(`**/apply/${to}`);
}

async function register(base, login) {
  const visitor = new Visitor(base);
  await visitor.post("/residents", { login, password: "a long enough word", display_name: login }).catch(() => {});
  await visitor.signIn({ login, password: "a long enough word" });
  return visitor;
}

test("departments fill in a form", { timeout: 600_000 }, async (t) => {
  const home = await folder(t);
  const [data, hall] = [path.join(home, "data"), path.join(home, "departments")];
  let offices = await department(t, hall);
  const [me, other, watched] = offices.people;
  const connected = ["--departments", offices.url, "--departments-secrets", path.join(hall, "secrets")];
  const accounts = { clerk: await addUser({ data }, "clerk", [`service_clerk:${OFFICE}:yaoguang`]) };
  const server = await serve(t, { data, args: connected });
  const staff = await signInAll(server.base, accounts);
  const browser = await launch(t);
  const resident = await person(browser, server.base);
  const { page } = resident;
  const clean = async (what, one = resident) => {
    await one.page.waitForTimeout(200);
    const wider = await overflow(one.page);
    assert.deepEqual([...(await barriers(one.page)), ...(wider > 1 ? [`${what} is ${wider} px wider`] : []), ...one.faults], [], what);
  };
  const reconcile = () => run(["reconcile", "--data", data, "--pack", "packs/demo", ...connected, "--day", new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Shanghai" }).format(new Date())]);
  let case_no;

  await t.test("a new resident is told who would be asked for what, and proves who they are", async () => {
    await page.goto(`/register?then=${encodeURIComponent(`${FORM}/apply`)}`);
    await page.getByLabel("怎么称呼您").fill("小李");
    await page.getByLabel("账号", { exact: true }).fill("li-xinghe");
    await page.getByLabel("密码", { exact: true }).fill("a long enough word");
    await page.getByRole("button", { name: "注册并登录" }).click();
    await page.waitForURL(`**${FORM}/apply`);
    await page.getByText("数据跑腿：部门有的，不用您填").waitFor();
    await page.getByText("瑶光市住房公积金管理中心").first().waitFor();
    await page.getByText("公积金账号、账户余额（元）").waitFor();
    await clean("what would be asked");
    await shoot(page, "prefill-consent");
    await page.getByRole("link", { name: "去实名" }).click();
    await page.getByLabel("姓名").fill(me.name);
    await page.getByLabel("身份证号").fill(me.id_number.replace(/.$/, (last) => (last === "0" ? "1" : "0")));
    await page.getByRole("button", { name: "核对" }).click();
    await page.getByText("身份证号不对，请再看一遍").waitFor();
    await page.getByLabel("姓名").fill("李星辰");
    await page.getByLabel("身份证号").fill(me.id_number);
    await page.getByRole("button", { name: "核对" }).click();
    await page.getByText("姓名和身份证号对不上").waitFor();
    await clean("no match");
    await shoot(page, "prefill-identity");
    await page.getByLabel("姓名").fill(me.name);
    await page.getByRole("button", { name: "核对" }).click();
    await page.waitForURL(`**${FORM}/apply`);
    await page.getByRole("button", { name: "同意并获取" }).waitFor();
  });

  await t.test("departments that are away are named, and asked again when they are back", async () => {
    await offices.kill();
    await page.getByRole("button", { name: "同意并获取" }).click();
    await page.getByText("瑶光市住房公积金管理中心的系统现在没有回应").waitFor();
    await page.getByText("您已经填的都还在").first().waitFor();
    await clean("departments away");
    await shoot(page, "prefill-away");
    offices = await department(t, hall, offices.port);
    for (const left of [2, 1, 0]) {
      await page.getByRole("button", { name: "再查一次" }).first().click();
      await page.waitForFunction((n) => document.querySelectorAll(".failed").length === n, left);
    }
    await page.getByText(/来自瑶光市住房公积金管理中心/).first().waitFor();
    await clean("filled in");
    await shoot(page, "prefill-given");
  });

  await t.test("what was given is not asked, cannot be changed, and is never taken from an address", async () => {
    await page.getByRole("button", { name: "开始填写" }).click();
    await page.waitForURL("**/q/lease");
    await page.getByText("第 1 题，共 4 题").waitFor();
    await page.goto(`${FORM}/apply/q/fund_account?fund_account=1&value=1`);
    await page.waitForURL("**/q/lease");
    await page.getByText("已备案").click();
    await forward(page, "q/rent");
    await page.locator("main form input").fill("1800");
    await forward(page, "q/records");
    await page.getByText("同意联网核查").click();
    await forward(page, "q/address");
    await page.locator("main form :is(input, textarea)").fill("天权区文昌路 1 号");
    await forward(page, "q/rhythm");
    await page.getByText("按月").click();
    await forward(page, "check");
    await page.getByText(/来自瑶光市公安局/).first().waitFor();
    assert.equal(await page.getByRole("link", { name: /修改\s*公积金账号/ }).count(), 0);
    await clean("the check");
    await shoot(page, "prefill-check");
    const changed = await page.evaluate(async (form) => {
      const session = await (await fetch("/api/v1/session")).json();
      const body = JSON.stringify({ answers: { lease: "yes", rent: 1800, records: "online", address: "x", rhythm: "month", fund_account: "666" } });
      const headers = { "content-type": "application/json", "x-csrf-token": session.csrf_token, "idempotency-key": "changed-by-hand" };
      const answer = await fetch(`/api/v1${form}/applications`, { method: "POST", headers, body });
      return { status: answer.status, body: await answer.json() };
    }, FORM);
    assert.deepEqual([changed.status, changed.body.fields.map(({ field }) => field)], [422, ["fund_account"]]);
    await page.getByRole("button", { name: "提交申请" }).click();
    await page.waitForURL("**/applied/*");
    case_no = decodeURIComponent(new URL(page.url()).pathname.split("/").at(-1));
  });

  await t.test("the office sees where every answer comes from", async () => {
    const opened = await staff.clerk.get(`/cases/${case_no}/application?purpose=${encodeURIComponent("审查申请材料")}`);
    assert.equal(opened.provenance.fund_account.office.id, OFFICE);
    assert.equal(opened.answers.name, me.name);
    assert.ok(opened.provenance.name.as_of && opened.provenance.name.request_id);
    const desk = await person(browser, server.base, "desk");
    await desk.page.goto("/centre/sign-in");
    await desk.page.getByLabel("账号", { exact: true }).fill(accounts.clerk.login);
    await desk.page.getByLabel("密码", { exact: true }).fill(accounts.clerk.password);
    await desk.page.getByRole("button", { name: "登录", exact: true }).click();
    await desk.page.waitForURL((url) => !url.pathname.endsWith("sign-in"));
    await desk.page.goto(`/centre/cases/${case_no}`);
    await desk.page.getByRole("button", { name: "打开申请内容" }).click();
    await desk.page.getByRole("button", { name: "审查申请材料" }).click();
    await desk.page.getByRole("button", { name: "记录并查看" }).click();
    await desk.page.getByText(/来自瑶光市住房公积金管理中心/).first().waitFor();
    await clean("provenance at the centre", desk);
    await shoot(desk.page, "prefill-centre");
    await desk.context.close();
  });

  await t.test("the resident sees every question, asked or not answered", async () => {
    await page.goto("/accesses");
    await page.getByRole("heading", { name: "向部门和医院查询" }).waitFor();
    const entries = page.locator(".fetches > li");
    // Two tries to prove who they are, three questions that nobody answered, three that were.
    assert.equal(await entries.count(), 8);
    await page.getByText("没有回应").first().waitFor();
    await page.getByText("公积金账号、账户余额（元）").first().waitFor();
    await clean("what was asked");
    await shoot(page, "prefill-accesses");
    await page.goto("/me/identity");
    await page.getByText("您已实名").waitFor();
    assert.equal(await page.getByText(me.id_number).count(), 0, "the number is not shown whole");
    await page.evaluate(() => document.documentElement.setAttribute("data-size", "elder"));
    await clean("large type");
  });

  await t.test("the logs agree, until somebody goes round the city", async () => {
    const whole = await reconcile();
    assert.equal(whole.code, 0, whole.stdout);
    assert.match(whole.stdout, /housing_fund: 1 on both sides, 1 not answered, 0 differ/);
    const ask = { request_id: "01KBZZZZZZZZZZZZZZZZZZZZZZ", consent: "01KBZZZZZZZZZZZZZZZZZZZZZZ", purpose: "随便看看", basis: "无", subject: other, fields: ["balance_yuan"] };
    assert.equal((await askDirectly(offices.url, hall, "housing_fund", ask)).status, 200);
    assert.equal((await askDirectly(offices.url, hall, "housing_fund", ask)).status, 409, "an id is answered once");
    const unsigned = await fetch(`${offices.url}/housing_fund/v1/ask`, { method: "POST", body: "{}" });
    assert.equal(unsigned.status, 401);
    const bypass = await reconcile();
    assert.equal(bypass.code, 1);
    assert.match(bypass.stdout, /01KBZZZZZZZZZZZZZZZZZZZZZZ .*the city has no record of it/);
  });

  await t.test("whoever asks about a canary is found, and everybody reads what was found", async () => {
    const canary = await register(server.base, "canary-one");
    assert.equal((await canary.post("/person/identity", watched)).level, "L2");
    const command = (...words) => run(["canary", ...words, "--data", data, "--pack", "packs/demo"]);
    assert.equal((await command("add", "nobody")).code, 1);
    assert.equal((await command("add", "canary-one")).code, 0);
    assert.equal((await command("list")).stdout, "canary-one\n");
    const ask = { request_id: "01KBZZZZZZZZZZZZZZZZZZZZZY", consent: "01KBZZZZZZZZZZZZZZZZZZZZZY", purpose: "随便看看", basis: "无", subject: watched, fields: ["name"] };
    assert.equal((await askDirectly(offices.url, hall, "population", ask)).status, 200);
    const found = await reconcile();
    assert.equal(found.code, 1);
    assert.match(found.stdout, /population: .* 1 differ\n {4}asked about a canary 1 times/);
    await page.goto("/accountability");
    await page.getByText("部门与本市的查询记录不一致").first().waitFor();
    await page.getByText("哨兵居民被查询").first().waitFor();
    await page.getByText("1 次查询本市没有记录").first().waitFor();
    await page.getByText("已发现，等待核查").first().waitFor();
    assert.equal(await page.getByText(watched.name).count(), 0, "it names nobody");
    await page.getByText("向部门查询").click();
    await clean("how data is used");
    await shoot(page, "accountability");
    await page.evaluate(() => document.documentElement.setAttribute("data-size", "elder"));
    await clean("how data is used, large");
    await page.goto("/accountability");
  });

  await t.test("a department that lies is refused, and the fetch is on the resident's page within a second", async () => {
    const visitor = await register(server.base, "wang-xiaoyue");
    await visitor.post("/person/identity", other);
    await offices.kill();
    const fetchFund = () => visitor.post(`${FORM}/prefill`, { sources: ["housing_fund"] });
    const honestly = (answer, secret) => ({ body: JSON.stringify(answer), signature: sign(secret, JSON.stringify(answer)) });
    const lies = [
      ["another question", "to another question", (answer, secret) => honestly({ ...answer, request_id: "01KBZZZZZZZZZZZZZZZZZZZZZZ" }, secret)],
      ["another register", "of another register", (answer, secret) => honestly({ ...answer, source: "population" }, secret)],
      ["a field too many", "what was not asked", (answer, secret) => honestly({ ...answer, values: { ...answer.values, criminal_record: "none" } }, secret)],
      ["a field too few", "was asked and not answered", (answer, secret) => honestly({ ...answer, values: { account: "1" } }, secret)],
      ["another type", "has not the type", (answer, secret) => honestly({ ...answer, values: { ...answer.values, balance_yuan: "1" } }, secret)],
      ["of the future", "of the future", (answer, secret) => honestly({ ...answer, as_of: "2099-01-01T00:00:00Z" }, secret)],
      ["another secret", "not one of this body", (answer) => honestly(answer, "x".repeat(64))],
      ["an old signature", "not of these", (answer, secret) => ({ body: JSON.stringify(answer), signature: sign(secret, JSON.stringify(answer), 1_600_000_000) })],
      ["too long", "longer than", (answer, secret) => honestly({ ...answer, values: { ...answer.values, account: "1".repeat(70_000) } }, secret)],
    ];
    for (const [what, why, lie] of lies) {
      const stop = await liar(t, hall, offices.port, lie);
      const view = await fetchFund();
      assert.deepEqual([view.sources.find(({ id }) => id === "housing_fund").outcome, view.values], ["refused", {}], what);
      assert.ok(server.log().includes(why), `${what}: ${server.log().slice(-400)}`);
      await stop();
    }
    const began = performance.now();
    const page_of_looks = await visitor.get("/accesses");
    const shown_ms = performance.now() - began;
    assert.equal(page_of_looks.fetches[0].outcome, "refused");
    assert.ok(shown_ms < 1_000, `${shown_ms} ms`);
    t.diagnostic(`a fetch is on the page ${Math.round(shown_ms)} ms after it was answered`);
    const stop = await liar(t, hall, offices.port, honestly);
    assert.equal((await fetchFund()).values.fund_account, "70009999", "the same server, honest, is believed");
    await stop();
  });
});
