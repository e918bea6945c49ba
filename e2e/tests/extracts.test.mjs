// Data of many people: asked for, approved by somebody else, taken once, seen and proved by everybody in it. An investigator's
// look is counted, and told later.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { barriers, launch, overflow, person, shoot } from "../lib/browser.mjs";
import { addUser, folder, run, serve, until } from "../lib/dipper.mjs";
import { signInAll } from "../lib/staff.mjs";
import { Visitor } from "../lib/visitor.mjs";

const SERVICE = "food_business_licence";
const RESIDENT = { login: "li-xinghe", password: "a long enough word" };
const POSTS = {
  officer: ["data_officer:data_bureau:yaoguang"],
  chief: ["data_chief:data_bureau:yaoguang"],
  inspector: ["investigator:city_committee:yaoguang"],
};

test("data of many people is approved, taken once, and seen by everybody in it", { timeout: 300_000 }, async (t) => {
  const home = await folder(t);
  const data = path.join(home, "data");
  const accounts = {};
  for (const [login, posts] of Object.entries(POSTS)) accounts[login] = await addUser({ data }, login, posts);
  const server = await serve(t, { data });
  const staff = await signInAll(server.base, accounts);
  const residents = [];
  for (const [login, shop] of [[RESIDENT.login, "星河小馆"], ["wang", "南斗茶楼"], ["zhao", "望舒面馆"]]) {
    const visitor = new Visitor(server.base);
    await visitor.post("/residents", { login, password: RESIDENT.password, display_name: login });
    await visitor.signIn({ login, password: RESIDENT.password });
    const answers = { applicant: "company", credit_code: "91350100M000100Y43", shop_name: shop, address: "鼓楼街道 5 号", activities: ["hot"], area: 60, layout: [await visitor.picture()], manager_name: "李四四", manager_phone: "13800000000" };
    const { case_no } = await visitor.post(`/services/${SERVICE}/applications`, { answers }, { "idempotency-key": randomUUID() });
    residents.push({ visitor, case_no });
  }
  const browser = await launch(t);
  const clean = async ({ page, faults }, what) => {
    await page.waitForTimeout(200);
    const wider = await overflow(page);
    assert.deepEqual([...(await barriers(page)), ...(wider > 1 ? [`${what} is ${wider} px wider`] : []), ...faults], [], what);
  };
  const enter = async (account, size, address) => {
    const one = await person(browser, server.base, size);
    await one.page.goto(address);
    await one.page.getByLabel("账号", { exact: true }).fill(account.login);
    await one.page.getByLabel("密码", { exact: true }).fill(account.password);
    await one.page.getByRole("button", { name: "登录", exact: true }).click();
    await one.page.waitForURL((url) => !url.pathname.endsWith("sign-in"));
    return one;
  };
  const officer = await enter(accounts.officer, "desk", "/centre/sign-in");
  let case_no;

  await t.test("an officer says what is needed and no more", async () => {
    const { page } = officer;
    await page.goto("/centre/extract");
    await page.getByLabel("哪个事项的申请").selectOption({ value: SERVICE });
    await page.getByLabel("经营面积（平方米）").check();
    await page.getByLabel("店铺或食堂名称").check();
    assert.equal(await page.getByLabel("经营场所平面图").count(), 0, "files are not taken");
    const today = new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Shanghai" }).format(new Date());
    await page.getByLabel("从哪天提交的").fill(today);
    await page.getByLabel("到哪天").fill(today);
    await page.getByLabel("用来做什么").fill("核对辖区餐饮面积");
    await clean(officer, "asking");
    await shoot(page, "extract-ask");
    await page.getByRole("button", { name: "提交申请" }).click();
    await page.waitForURL("**/centre/cases/*");
    case_no = decodeURIComponent(new URL(page.url()).pathname.split("/").at(-1));
    await page.getByText("核对辖区餐饮面积").first().waitFor();
    assert.equal(await page.getByRole("button", { name: "提取数据" }).count(), 0, "not approved yet");
  });

  await t.test("the chief approves, the officer takes it once", async () => {
    await staff.chief.act(case_no, "approve", { note: "只取两项，够用" });
    const { page } = officer;
    await page.reload();
    await page.getByRole("button", { name: "提取数据" }).waitFor();
    await clean(officer, "approved");
    await shoot(page, "extract-take");
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "提取数据" }).click()]);
    const text = await readFile(await download.path(), "utf8");
    assert.equal(text.trim().split("\n").length, 4);
    assert.ok(text.includes("星河小馆") && !text.includes("李四四"), text);
    const again = await staff.officer.post(`/cases/${case_no}/extract`).catch((error) => error);
    assert.equal(again.body?.code, "taken");
  });

  await t.test("an investigator's look is counted and not told", async () => {
    const inspector = await enter(accounts.inspector, "desk", "/centre/sign-in");
    const { page } = inspector;
    await page.goto(`/centre/cases/${residents[0].case_no}`);
    await page.getByRole("button", { name: "打开申请内容" }).click();
    await page.getByLabel("用途（可以自己写）").fill("核查举报线索");
    await page.getByLabel("依法调查，暂不告知当事人").check();
    await page.getByLabel("依据和理由").fill("监察调查需要");
    await clean(inspector, "sealing");
    await shoot(page, "extract-seal");
    await page.getByRole("button", { name: "记录并查看" }).click();
    await page.getByText("星河小馆").first().waitFor();
    await inspector.context.close();
  });

  await t.test("she sees that she is in it, and proves it without the city", async () => {
    const resident = await enter(RESIDENT, "phone", "/sign-in");
    const { page } = resident;
    await page.goto("/accesses");
    await page.getByRole("heading", { name: "批量用数" }).waitFor();
    await page.getByText("共 3 份申请").waitFor();
    await page.getByText("店铺或食堂名称、经营面积（平方米）").or(page.getByText("经营面积（平方米）、店铺或食堂名称")).waitFor();
    await page.getByText("另有 1 次查看因依法调查暂不公开").waitFor();
    assert.equal(await page.getByText("核查举报线索").count(), 0);
    await clean(resident, "data of many people");
    await shoot(page, "extract-accesses");
    const [saved] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "下载“我在其中”的证明" }).click()]);
    const proof = JSON.parse(await readFile(await saved.path(), "utf8"));
    const receipt = path.join(home, "extract.tlog-proof");
    await until("the event is sealed", async () => {
      const answer = await residents[0].visitor.fetch("GET", `/receipts/${proof.event_id}`);
      if (answer.ok) await writeFile(receipt, Buffer.from(await answer.arrayBuffer()));
      return answer.ok;
    });
    const file = path.join(home, "membership.json");
    await writeFile(file, JSON.stringify(proof));
    const verify = () => run(["verify", receipt, "--key", path.join(data, "ledger/key"), "--membership", file]);
    const held = await verify();
    assert.equal(held.code, 0, held.stderr);
    assert.ok(held.stdout.includes(residents[0].case_no) && held.stdout.includes("shop_name"), held.stdout);
    await writeFile(file, JSON.stringify({ ...proof, statement: proof.statement.replace("shop_name", "manager_name") }));
    assert.equal((await verify()).code, 1);
    const stranger = new Visitor(server.base);
    await stranger.post("/residents", { login: "nobody", password: RESIDENT.password, display_name: "N" });
    await stranger.signIn({ login: "nobody", password: RESIDENT.password });
    assert.equal((await stranger.fetch("GET", `/receipts/${proof.event_id}`)).status, 404);
  });
});
