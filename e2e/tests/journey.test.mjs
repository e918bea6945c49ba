// A new resident with a phone, from nothing to a licence in the hand: signs up with a passkey, finds the item, proves who she
// is, has it filled in, hands it in, pays, books, receives the licence, proves it offline, and sees who read her data. The
// city, the departments and the payment gateway are processes of their own.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { barriers, launch, overflow, person, shoot } from "../lib/browser.mjs";
import { department } from "../lib/department.mjs";
import { addUser, BIN, folder, freePort, ROOT, run, serve, SURROUNDINGS, until } from "../lib/dipper.mjs";
import { phoneLock } from "../lib/passkey.mjs";
import { signInAll } from "../lib/staff.mjs";

const OFFICE = "traffic_police";
const POSTS = { clerk: [`service_clerk:${OFFICE}:yaoguang`], reviewer: [`service_reviewer:${OFFICE}:yaoguang`], chief: [`service_chief:${OFFICE}:yaoguang`] };

/** The demo gateway, which tells the city of payments. */
async function gateway(t, data, city) {
  const port = await freePort();
  const child = spawn(BIN, ["demo", "gateway", "--data", data, "--listen", `127.0.0.1:${port}`, "--city", city], { cwd: ROOT, env: SURROUNDINGS, stdio: "ignore" });
  t.after(() => child.kill("SIGKILL"));
  const url = `http://127.0.0.1:${port}`;
  await until("the gateway answers", () => fetch(`${url}/sums`).then((answer) => answer.ok, () => false));
  return { url, secret: path.join(data, "secret") };
}

test("a new resident renews her driving licence on the phone", { timeout: 600_000 }, async (t) => {
  const home = await folder(t);
  const [data, hall] = [path.join(home, "data"), path.join(home, "departments")];
  const accounts = {};
  for (const [login, posts] of Object.entries(POSTS)) accounts[login] = await addUser({ data }, login, posts);
  const port = await freePort();
  const base = `http://localhost:${port}`;
  const offices = await department(t, hall);
  const payments = await gateway(t, path.join(home, "gateway"), `http://127.0.0.1:${port}`);
  await serve(t, {
    data,
    port,
    args: ["--base-url", base, "--departments", offices.url, "--departments-secrets", path.join(hall, "secrets"), "--payment-gateway", payments.url, "--payment-secret", payments.secret],
  });
  const staff = await signInAll(`http://127.0.0.1:${port}`, accounts);
  const browser = await launch(t);
  const she = await person(browser, base);
  const { page } = she;
  const [me] = offices.people;
  const clean = async (what) => {
    await page.waitForTimeout(200);
    const wider = await overflow(page);
    const faults = she.faults.filter((fault) => !fault.includes(payments.url));
    assert.deepEqual([...(await barriers(page)), ...(wider > 1 ? [`${what} is ${wider} px wider`] : []), ...faults], [], what);
  };
  const forward = async (to) => {
    await page.locator("main form button[type=submit]").click();
    await page.waitForURL(`**/apply/${to}`);
  };
  let case_no;

  await t.test("she signs up with the phone's own lock", async () => {
    await phoneLock(page);
    await page.goto("/register");
    await page.getByLabel("怎么称呼您").fill("李女士");
    await page.getByLabel("账号", { exact: true }).fill("li-on-the-phone");
    await page.getByRole("button", { name: "用刷脸或指纹注册" }).click();
    await page.waitForURL("**/reports");
  });

  await t.test("she finds the item by the first letters of its sounds", async () => {
    await page.goto("/services");
    await page.getByRole("searchbox").fill("jsz");
    await page.getByRole("link", { name: /机动车驾驶证期满换证/ }).first().click();
    await page.getByRole("link", { name: /在线申请|在线办理|我要办/ }).first().click();
    await page.waitForURL("**/driving_licence_renew/apply");
  });

  await t.test("she proves who she is, agrees, and it is filled in", async () => {
    await page.getByRole("link", { name: "去实名" }).click();
    await page.getByLabel("姓名").fill(me.name);
    await page.getByLabel("身份证号").fill(me.id_number);
    await page.getByRole("button", { name: "核对" }).click();
    await page.waitForURL("**/driving_licence_renew/apply");
    await page.getByRole("button", { name: "同意并获取" }).click();
    await page.getByText(/来自瑶光市公安局/).first().waitFor();
    await clean("filled in");
    await shoot(page, "journey-filled");
    await page.getByRole("button", { name: "开始填写" }).click();
    await page.waitForURL("**/q/medical");
    await page.getByText("在联网医院或体检机做的").click();
    await forward("q/photo");
    await page.getByText("体检时拍的").click();
    await forward("q/concession");
    await page.getByText("不属于", { exact: true }).click();
    await forward("q/delivery");
    await page.getByText("到车管所领").click();
    await forward("q/phone");
    await page.locator("main form input").fill("13800001111");
    await forward("check");
    await page.getByRole("button", { name: "提交申请" }).click();
    await page.waitForURL("**/applied/*");
    case_no = decodeURIComponent(new URL(page.url()).pathname.split("/").at(-1));
    await clean("handed in");
    await shoot(page, "journey-handed-in");
  });

  await t.test("she pays on the gateway's page and comes back", async () => {
    await page.goto(`/reports/${case_no}`);
    await page.getByRole("button", { name: /支付|缴费|去付/ }).first().click();
    await page.waitForURL(`${payments.url}/**`);
    await page.locator("button[value=agree]").click();
    await page.waitForURL(`**/reports/${case_no}*`);
    await page.getByText("已缴费").first().waitFor();
    await clean("paid");
    await shoot(page, "journey-paid");
  });

  await t.test("she books a time to collect it", async () => {
    await page.getByRole("link", { name: "选一个时间" }).click();
    await page.waitForURL(`**/reports/${case_no}/visit`);
    const times = page.getByRole("group", { name: "几点" }).getByRole("radio");
    await times.first().waitFor({ state: "attached" });
    await page.getByRole("group", { name: "哪一天" }).getByRole("radio").last().check({ force: true });
    await times.last().check({ force: true });
    await page.getByRole("button", { name: "确认预约" }).click();
    await page.getByRole("heading", { name: "您的预约" }).waitFor();
    await clean("booked");
  });

  await t.test("the offices look, propose and grant, and the licence is there", async () => {
    const opened = await staff.clerk.get(`/cases/${case_no}/application?purpose=${encodeURIComponent("核对证件状态")}`);
    assert.equal(opened.answers.id_number, me.id_number, "the department's word, not hers");
    await staff.clerk.act(case_no, "accept");
    await staff.reviewer.act(case_no, "propose", { proposal: "grant", note: "体检合格，没有未处理的违法" });
    await staff.chief.act(case_no, "grant", { note: "电子驾驶证在“我的证照”里" });
    await until("the licence", async () => {
      await page.goto("/licences");
      return page.getByRole("link", { name: /机动车驾驶证/ }).first().waitFor({ timeout: 2_000 }).then(() => true, () => false);
    });
    await clean("the licence");
    await shoot(page, "journey-licence");
    await page.getByRole("link", { name: /机动车驾驶证/ }).first().click();
    await page.getByText(me.id_number).waitFor();
  });

  await t.test("she proves it, and it is checked without any server", async () => {
    await page.getByRole("link", { name: "出示" }).click();
    await page.getByRole("checkbox").first().check({ force: true });
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "保存 .sd-jwt 文件" }).click()]);
    const [file, keys] = [path.join(home, "shown.sd-jwt"), path.join(home, "keys.json")];
    await download.saveAs(file);
    await writeFile(keys, await (await fetch(`${base}/licences/keys`)).text());
    const checked = await run(["verify", file, "--keys", keys]);
    assert.equal(checked.code, 0, checked.stdout + checked.stderr);
    assert.ok(checked.stdout.includes(me.id_number), checked.stdout);
  });

  await t.test("she sees who read her data and what was asked of whom", async () => {
    await page.goto("/accesses");
    await page.getByText("核对证件状态").waitFor();
    await page.getByRole("heading", { name: /部门/ }).first().waitFor();
    await clean("who read her data");
    await shoot(page, "journey-accesses");
    await page.goto("/messages");
    await page.getByText(case_no).first().waitFor();
  });
});
