// What people and programs are told: in the list of the resident face, by e-mail to an address that was confirmed, by text
// message, and by signed calls that a published library checks; and nothing is lost or told twice when the server is killed.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { Webhook } from "standardwebhooks";
import { barriers, launch, overflow, person, shoot } from "../lib/browser.mjs";
import { addUser, BIN, folder, freePort, must, ROOT, run, serve, SURROUNDINGS, until } from "../lib/dipper.mjs";
import { mailServer, SILENT } from "../lib/smtp.mjs";
import { addClient, signInAll } from "../lib/staff.mjs";
import { Visitor } from "../lib/visitor.mjs";

const SERVICE = "food_business_licence";
const OFFICE = "market_bureau";
const POSTS = { clerk: [`service_clerk:${OFFICE}:yaoguang`] };
const RESIDENT = { login: "wang-noodles", password: "noodles with lotus root" };
const ADDRESS = "wang@example.com";
const PHONE = "13800000000";
const NAME = "莲花面馆";

const answersOf = async (visitor) => ({ applicant: "trader", shop_name: NAME, address: "天权区文昌路 1 号", credit_code: "91350100M000100Y43", activities: ["hot"], area: 60, layout: [await visitor.picture(7)], manager_name: "王伟", manager_phone: "13800001111" });
const apply = async (visitor) => (await visitor.post(`/services/${SERVICE}/applications`, { answers: await answersOf(visitor) }, { "idempotency-key": randomUUID() })).case_no;

/** What the metrics say of a channel and state. */
async function count(base, channel, state) {
  const text = await fetch(`${base}/metrics`).then((answer) => answer.text());
  return Number(text.match(new RegExp(`dipper_messages\\{channel="${channel}",state="${state}"\\} (\\d+)`))?.[1] ?? 0);
}

/** A program that keeps every call; `answer` says what each is answered with. */
async function program(t, answer = () => 204) {
  const calls = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      calls.push({ url: request.url, headers: request.headers, body });
      const said = answer(calls.length, request);
      if (said === undefined) return; // Never answered.
      response.writeHead(said, said === 302 ? { location: "/elsewhere" } : {});
      response.end();
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close().closeAllConnections());
  return { calls, url: `http://127.0.0.1:${server.address().port}/hook` };
}

async function makeCity(t, data, env = {}) {
  const accounts = {};
  for (const [login, posts] of Object.entries(POSTS)) accounts[login] = await addUser({ data }, login, posts);
  const server = await serve(t, { data, env });
  const { clerk } = await signInAll(server.base, accounts);
  await new Visitor(server.base).post("/residents", { ...RESIDENT, display_name: "王女士" });
  const resident = new Visitor(server.base);
  await resident.signIn(RESIDENT);
  return { server, clerk, resident };
}

test("a resident is told in the list, by mail and by text message", { timeout: 600_000 }, async (t) => {
  const home = await folder(t);
  const data = path.join(home, "data");
  const mail = await mailServer(t);
  const secret = path.join(home, "messages.secret");
  const port = await freePort();
  const sink = spawn(BIN, ["demo", "messages", "--listen", `127.0.0.1:${port}`, "--secret", secret], { cwd: ROOT, env: SURROUNDINGS, stdio: "ignore" });
  t.after(() => sink.kill("SIGKILL"));
  await until("the sink answers", () => fetch(`http://127.0.0.1:${port}/messages`).then(({ ok }) => ok, () => false));
  const env = { DIPPER_SMTP_URL: mail.url, DIPPER_MAIL_FROM: "瑶光市 <notice@yaoguang.example>", DIPPER_SMS_GATEWAY: `http://127.0.0.1:${port}/sms`, DIPPER_GATEWAY_SECRET: secret, DIPPER_BASE_URL: "https://yaoguang.example" };
  const check = await run(["config", "check", "--data", data, "--listen", "127.0.0.1:0"], { env });
  assert.equal(check.code, 0, check.stderr);
  const wrong = await run(["config", "check", "--data", data, "--listen", "127.0.0.1:0"], { env: { ...env, DIPPER_SMTP_URL: "smtp://127.0.0.1:1" } });
  assert.match(wrong.stderr, /smtp_url: the mail server cannot be used/);
  const { server, clerk, resident } = await makeCity(t, data, env);
  const browser = await launch(t);
  const wang = await person(browser, server.base);
  const { page } = wang;
  const clean = async (what) => {
    await page.waitForTimeout(250);
    const wider = await overflow(page);
    assert.deepEqual([...(await barriers(page)), ...(wider > 1 ? [`${what} is ${wider} px wider`] : []), ...wang.faults], [], what);
  };
  let case_no;

  await t.test("has no messages yet, and chooses how to be told", async () => {
    await page.goto("/messages");
    await page.getByRole("link", { name: "登录" }).click();
    await page.getByLabel("账号", { exact: true }).fill(RESIDENT.login);
    await page.getByLabel("密码", { exact: true }).fill(RESIDENT.password);
    await page.getByRole("button", { name: "登录", exact: true }).click();
    await page.getByText("还没有消息").waitFor();
    await clean("no messages");
    await shoot(page, "messages-none");
    await page.getByRole("link", { name: "通知设置" }).click();
    await page.getByRole("heading", { name: "电子邮件" }).waitFor();
    await clean("settings");
    await shoot(page, "messages-settings-first");
  });

  await t.test("confirms an address by the code that came there", async () => {
    await page.getByLabel("邮箱地址").fill("wang at home");
    await page.getByRole("button", { name: "发送验证码" }).first().click();
    await page.getByText("邮箱写成 name@example.com 的样子").waitFor();
    await clean("a wrong address");
    await page.getByLabel("邮箱地址").fill(ADDRESS);
    await page.getByRole("button", { name: "发送验证码" }).first().click();
    await page.getByLabel("6 位验证码").waitFor();
    const [letter] = mail.letters;
    assert.deepEqual([letter.from, letter.to], ["notice@yaoguang.example", [ADDRESS]]);
    assert.match(letter.headers["message-id"], /^<[0-9A-Z]{26}@yaoguang\.example>$/);
    assert.equal(letter.headers["auto-submitted"], "auto-generated");
    const code = letter.subject.match(/\d{6}/)[0];
    await page.getByLabel("6 位验证码").fill(code === "000000" ? "000001" : "000000");
    await page.getByRole("button", { name: "确认", exact: true }).click();
    await page.getByText("验证码不对").waitFor();
    await clean("a wrong code");
    await shoot(page, "messages-code");
    await page.getByLabel("6 位验证码").fill(code);
    await page.getByRole("button", { name: "确认", exact: true }).click();
    await page.getByText(`已确认，会发到 ${ADDRESS}`).waitFor();
    await clean("confirmed");
    await shoot(page, "messages-settings");
  });

  await t.test("confirms a telephone number too", async () => {
    await page.getByLabel("手机号").fill(PHONE);
    await page.getByRole("button", { name: "发送验证码" }).click();
    await page.getByLabel("6 位验证码").waitFor();
    const [given] = await fetch(`http://127.0.0.1:${port}/messages`).then((answer) => answer.json());
    assert.deepEqual([given.channel, given.to], ["sms", PHONE]);
    await page.getByLabel("6 位验证码").fill(given.title.match(/\d{6}/)[0]);
    await page.getByRole("button", { name: "确认", exact: true }).click();
    await page.getByText(`已确认，会发到 ${PHONE}`).waitFor();
  });

  await t.test("switches a channel off for one group, and wants no quiet hours", async () => {
    const off = page.getByRole("switch", { name: "办件进度：短信" });
    await off.click();
    await until("it is off", async () => (await off.getAttribute("aria-checked")) === "false");
    const quiet = page.getByRole("switch", { name: /夜间免打扰/ });
    await quiet.click();
    await until("no quiet hours", async () => (await quiet.getAttribute("aria-checked")) === "false");
    const kept = await resident.get("/notification-settings");
    assert.deepEqual(kept.groups.find(({ id }) => id === "applications").channels, ["email"]);
    assert.equal(kept.quiet, undefined);
    await clean("switched");
  });

  await t.test("is told of the acceptance: bell, list and letter", async () => {
    case_no = await apply(resident);
    await clerk.act(case_no, "accept");
    const letter = await until("the letter", () => mail.letters.find(({ subject }) => subject.startsWith("已受理")));
    assert.ok(letter.text.includes(case_no) && letter.text.includes(`https://yaoguang.example/reports/${case_no}`), letter.text);
    assert.ok(!letter.text.includes(NAME) && !letter.text.includes("王"), "no answers and no names");
    await page.goto("/");
    await page.getByRole("link", { name: /消息，1 条未读/ }).waitFor();
    await clean("the bell");
    await shoot(page, "messages-bell");
    await page.getByRole("link", { name: /消息，1 条未读/ }).click();
    await page.getByText("已受理：").waitFor();
    await clean("the list");
    await shoot(page, "messages-list");
    await page.getByText("已受理：").click();
    await page.waitForURL(`**/reports/${case_no}`);
    await page.goto("/messages");
    await page.getByText("已受理：").waitFor();
    assert.equal((await resident.get("/notifications/unread")).unread, 0);
    assert.equal(await page.getByText("未读", { exact: true }).count(), 0);
    const [, second] = await fetch(`http://127.0.0.1:${port}/messages`).then((answer) => answer.json());
    assert.equal(second, undefined, "text messages are off for applications");
    assert.equal(await count(server.base, "in_app", "delivered"), 1);
    assert.equal(await count(server.base, "sms", "suppressed"), 1);
  });

  await t.test("reads it in English and in elder mode, with a keyboard", async () => {
    await page.goto("/");
    await page.getByRole("button", { name: /长辈|关怀|大字/ }).first().click();
    await page.getByRole("button", { name: "English" }).click();
    await page.goto("/messages");
    await page.getByText("Accepted: ").waitFor();
    await clean("English, elder");
    await shoot(page, "messages-elder-en");
    await page.goto("/messages/settings");
    await page.getByRole("heading", { name: "What to be told of" }).waitFor();
    await clean("settings, English, elder");
    await shoot(page, "messages-settings-elder-en");
    await page.getByRole("switch", { name: /Quiet at night/ }).focus();
    await page.keyboard.press("Space");
    await page.getByLabel("From").waitFor();
    await clean("quiet hours");
  });

  await t.test("takes the addresses along, and they go with the person", async () => {
    const copy = await resident.get("/person/export");
    assert.deepEqual(copy.addresses, { email: ADDRESS, sms: PHONE });
    assert.equal(copy.notifications.length, 1);
    await resident.post(`/reports/${case_no}/actions/withdraw`, { answers: {} });
    await resident.post("/person/erasure", { password: RESIDENT.password });
    await until("nothing is left", async () => (await count(server.base, "in_app", "delivered")) === 0);
    const bytes = (await readFile(path.join(data, "dipper.db"))).toString("latin1");
    assert.ok(!bytes.includes(ADDRESS), "the address never stood in the database in clear");
  });
});

test("a program is told by signed calls, through failures, time-outs and redirects", { timeout: 300_000 }, async (t) => {
  const data = path.join(await folder(t), "data");
  const hook = await program(t, (n) => (n === 3 ? undefined : ({ 1: 500, 2: 302 }[n] ?? 204)));
  const env = { DIPPER_WEBHOOKS_PRIVATE: "true" };
  await addClient({ data }, "fix-it");
  const refused = await run(["webhook", "add", "--data", data, "--office", OFFICE, "--url", hook.url]);
  assert.match(refused.stderr, /https/);
  const nobody = await run(["webhook", "add", "--data", data, "--office", "no_such_office", "--url", hook.url], { env });
  assert.match(nobody.stderr, /no office/);
  const [id, secret] = (await must(["webhook", "add", "--data", data, "--office", OFFICE, "--url", hook.url], { env })).trim().split(" ");
  assert.match(await must(["webhook", "list", "--data", data]), new RegExp(`${id} office:${OFFICE} http`));
  const { server, clerk, resident } = await makeCity(t, data, env);
  for (let n = 0; n < 3; n += 1) await clerk.act(await apply(resident), "accept");
  // Three of the six calls are not taken at first; the first comes again within a minute.
  await until("every message is taken or waits to be tried again", async () => (await count(server.base, "webhook", "delivered")) >= 6, 120_000);
  assert.equal(await count(server.base, "webhook", "failed"), 0);
  const seen = new Set();
  for (const { url, headers, body } of hook.calls) {
    assert.equal(url, "/hook", "a redirect is not followed");
    const told = new Webhook(secret).verify(body, headers);
    assert.ok(["case.reported", "case.moved"].includes(told.type) && told.data.case_no.startsWith("YG"), body);
    assert.ok(!body.includes(NAME), "no answers");
    seen.add(headers["webhook-id"]);
  }
  assert.deepEqual([seen.size, hook.calls.length], [6, 9], "each came again under its own id");
  assert.throws(() => new Webhook(secret).verify(`${hook.calls[0].body} `, hook.calls[0].headers));
  await must(["webhook", "remove", "--data", data, id]);
});

test("killed while it sends, the server loses nothing and tells the list once", { timeout: 300_000 }, async (t) => {
  const data = path.join(await folder(t), "data");
  const mail = await mailServer(t);
  const env = { DIPPER_SMTP_URL: mail.url, DIPPER_MAIL_FROM: "notice@yaoguang.example", DIPPER_MESSAGES_PER_HOUR: "100", DIPPER_MESSAGES_PER_DAY: "100" };
  const city = await makeCity(t, data, env);
  const { clerk, resident } = city;
  await resident.send("PUT", "/notification-settings", { body: { groups: {}, locale: "zh-CN" } });
  await resident.send("PUT", "/notification-addresses/email", { body: { address: ADDRESS, locale: "zh-CN" } });
  await resident.post("/notification-addresses/email/confirmation", { code: mail.letters[0].subject.match(/\d{6}/)[0] });
  mail.letters.length = 0;
  const cases = [];
  for (let n = 0; n < 6; n += 1) cases.push(await apply(resident));
  // The server of mail takes a letter and never says so: the city dies between the two.
  let first = true;
  mail.answer = (word) => {
    if (word !== "END" || !first) return undefined;
    first = false;
    return SILENT;
  };
  for (const case_no of cases) await clerk.act(case_no, "accept");
  await until("a letter was taken without a word", () => !first);
  await city.server.kill();
  const again = await serve(t, { data, env });
  // What was leased when it died comes back when the lease ends, after two minutes.
  await until("every letter is taken", async () => (await count(again.base, "email", "delivered")) === cases.length, 180_000);
  const told = new Set(mail.letters.map(({ text }) => cases.find((case_no) => text.includes(case_no))));
  assert.equal(told.size, cases.length);
  const ids = new Set(mail.letters.map(({ headers }) => headers["message-id"]));
  assert.equal(ids.size, cases.length, "a letter that comes again has the same Message-ID");
  const visitor = new Visitor(again.base);
  await visitor.signIn(RESIDENT);
  const { items } = await visitor.get("/notifications?limit=100");
  assert.deepEqual(items.map(({ case_no }) => case_no).sort(), [...cases].sort(), "in the list exactly once");
});
