// Fees: the city and the payment gateway are two processes; both are killed at any moment, notifications come twice, and in
// the end both books say the same.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { barriers, launch, overflow, person, shoot } from "../lib/browser.mjs";
import { addUser, BIN, ROOT, SURROUNDINGS, folder, freePort, until } from "../lib/dipper.mjs";
import { Visitor } from "../lib/visitor.mjs";

const SERVICE = "driving_licence_renew";
const ANSWERS = { medical: "online", photo: "medical", id_number: "11010519491231002X", delivery: "window", phone: "13800000000" };
const PASSWORD = "a long enough word";

/** A process that is started again after it was killed, at the same address. */
class Kept {
  #child;
  constructor(t, args, url) {
    this.args = args;
    this.url = url;
    t.after(() => this.kill());
  }

  async start() {
    this.#child = spawn(BIN, this.args, { cwd: ROOT, env: { ...SURROUNDINGS, DIPPER_BEHIND_PROXY: "true", DIPPER_LOG: "error" }, stdio: "ignore" });
    await until(`${this.args[0]} answers`, () => fetch(this.url).then((answer) => answer.status < 500, () => false), 60_000);
  }

  async kill() {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  }
}

async function pair(t) {
  const place = await folder(t, "payments");
  const [city, gateway] = [await freePort(), await freePort()];
  const [base, other] = [`http://127.0.0.1:${city}`, `http://127.0.0.1:${gateway}`];
  const journal = path.join(place, "gateway");
  const secret = path.join(journal, "secret");
  const taker = new Kept(t, ["demo", "gateway", "--data", journal, "--listen", `127.0.0.1:${gateway}`, "--city", base, "--repeat", "2"], `${other}/sums`);
  await taker.start();
  const serving = ["serve", "--data", path.join(place, "data"), "--pack", "packs/demo", "--listen", `127.0.0.1:${city}`, "--payment-gateway", other, "--payment-secret", secret];
  const accounts = {};
  for (const role of ["clerk", "reviewer", "chief"]) accounts[role] = await addUser({ data: path.join(place, "data") }, role, [`service_${role}:traffic_police:yaoguang`]);
  const server = new Kept(t, serving, `${base}/healthz`);
  await server.start();
  return { base, other, taker, server, secret, accounts };
}

let people = 0;

/** Somebody with an application, each behind an address of their own. */
async function applicant(base, more = {}) {
  people += 1;
  const visitor = new Visitor(base);
  const login = `payer${people}`;
  const from = { "x-forwarded-for": `10.7.${people >> 8}.${people & 255}` };
  await visitor.post("/residents", { login, password: PASSWORD, display_name: "P" }, from);
  await visitor.signIn({ login, password: PASSWORD });
  const { case_no } = await visitor.post(`/services/${SERVICE}/applications`, { answers: { ...ANSWERS, ...more } }, { ...from, "idempotency-key": randomUUID() });
  return { visitor, no: case_no, from, login };
}

async function staffOf(base, account) {
  const visitor = new Visitor(base);
  await visitor.signIn(account);
  return visitor;
}

/** Tries until it is done: whoever pays presses the button again when the page did not come. */
async function patiently(what) {
  for (;;) {
    try {
      return await what();
    } catch (error) {
      if (error.status >= 400 && error.status < 500 && error.status !== 429) throw error;
      await wait(30);
    }
  }
}

/** Begins a payment and answers on the gateway's page. */
async function pay({ visitor, no, from }, choice = "agree") {
  const begun = await patiently(() => visitor.post(`/reports/${no}/payment`, undefined, from).catch((error) => (error.body?.code === "paid" ? undefined : Promise.reject(error))));
  if (!begun) return;
  await patiently(async () => {
    const answer = await fetch(begun.pay_url, { method: "POST", body: new URLSearchParams({ choice }), redirect: "manual" });
    if (answer.status !== 303) throw new Error(`the pay page answered ${answer.status}`);
  });
}

const fee = ({ visitor, no }) => visitor.get(`/reports/${no}/fee`);
const stateOf = (one) => fee(one).then((found) => found.state, () => undefined);

test("a fee is paid on the gateway's page, refused, and given back", async (t) => {
  const { base, other, secret } = await pair(t);
  const [payer, refuser, quitter] = [await applicant(base), await applicant(base), await applicant(base)];
  const { fees, ...whole } = await fee(payer);
  assert.deepEqual(whole, { amount: 1000, currency: "CNY", payable: true, refunds: [], refunded: 0 });
  assert.deepEqual(fees.map(({ title, amount, full }) => [title["zh-CN"], amount, full]), [["驾驶证工本费", 1000, 1000]]);
  const begun = await payer.visitor.post(`/reports/${payer.no}/payment`, undefined, payer.from);
  const page = await (await fetch(begun.pay_url)).text();
  assert.match(page, /10\.00 CNY/);
  assert.match(page, /不会真的扣款/);
  await pay(payer);
  await until("the fee is here", async () => (await stateOf(payer)) === "captured");
  await assert.rejects(payer.visitor.post(`/reports/${payer.no}/payment`, undefined, payer.from), (error) => error.body.code === "paid");
  await pay(refuser, "refuse");
  await until("the refusal is known", async () => (await stateOf(refuser)) === "failed");
  assert.equal((await fee(refuser)).payable, true, "it can be tried again");
  await pay(quitter);
  await until("the fee is here", async () => (await stateOf(quitter)) === "captured");
  await quitter.visitor.post(`/reports/${quitter.no}/actions/withdraw`, { answers: {} });
  await until("the money is back", async () => (await stateOf(quitter)) === "refunded", 20_000);
  assert.deepEqual(await (await fetch(`${other}/sums`)).json(), { captured: 1, amount: 1000 });
  await t.test("nobody else can tell that something was paid", async () => {
    const body = JSON.stringify({ payment: begun.payment, standing: "refunded", amount: 1000, reference: "G-1" });
    const key = await readFile(secret, "utf8");
    assert.ok(key.trim().length >= 32);
    for (const signature of ["", "t=1,v1=00", `t=${Math.floor(Date.now() / 1000)},v1=${"0".repeat(64)}`]) {
      const answer = await fetch(`${base}/payments/notify`, { method: "POST", body, headers: { "x-payment-signature": signature } });
      assert.equal(answer.status, 401, signature);
    }
    assert.equal(await stateOf(payer), "captured");
  });
});

test("several fees are paid together, reduced by the answers, and one of them is given back", async (t) => {
  const { base, other, accounts } = await pair(t);
  const payer = await applicant(base, { delivery: "post", address: "天权区文昌路 1 号", concession: "disabled" });
  const free = await applicant(base, { concession: "allowance" });
  const due = await fee(payer);
  assert.deepEqual([due.amount, due.fees.map(({ amount, full }) => [amount, full])], [1700, [[500, 1000], [1200, 1200]]]);
  assert.deepEqual(due.fees.map(({ reduction }) => reduction?.en), ["Half for people with disabilities", undefined]);
  assert.deepEqual([(await fee(free)).amount, (await fee(free)).payable], [0, false]);
  await assert.rejects(free.visitor.post(`/reports/${free.no}/payment`, undefined, free.from), (error) => error.body.code === "nothing_due");
  await pay(payer);
  await until("the fee is here", async () => (await stateOf(payer)) === "captured");
  const clerk = await staffOf(base, accounts.clerk);
  await clerk.act(payer.no, "accept");

  const browser = await launch(t);
  const clean = async ({ page, faults }, what) => {
    await page.waitForTimeout(200);
    const wider = await overflow(page);
    assert.deepEqual([...(await barriers(page)), ...(wider > 1 ? [`${what} is ${wider} px wider`] : []), ...faults], [], what);
  };
  await t.test("the chief gives the postage back, and no more than was paid", async () => {
    const desk = await person(browser, base, "desk");
    const { page } = desk;
    await page.goto("/centre/sign-in");
    await page.getByLabel("账号", { exact: true }).fill(accounts.chief.login);
    await page.getByLabel("密码", { exact: true }).fill(accounts.chief.password);
    await page.getByRole("button", { name: "登录", exact: true }).click();
    await page.waitForURL((url) => !url.pathname.endsWith("sign-in"));
    await page.goto(`/centre/cases/${payer.no}`);
    await page.getByText("残疾人减半").waitFor();
    const give = async (yuan) => {
      await page.getByRole("button", { name: /退还部分费用/ }).click();
      await page.getByLabel(/退还多少元/).fill(yuan);
      await page.getByLabel(/退还理由/).fill("改为自取，退邮寄费");
      await page.locator("form.form button[type=submit]").click();
    };
    await give("17.01");
    await page.getByText(/that much is left of what was paid|不超过/).last().waitFor();
    await page.getByLabel(/退还多少元/).fill("12");
    await page.locator("form.form button[type=submit]").click();
    await until("the part is back", async () => (await fee(payer)).refunded === 1200, 20_000);
    await page.reload();
    await page.getByText("已退回").waitFor();
    await clean(desk, "the fees of a case");
    await shoot(page, "payments-centre");
    await desk.context.close();
  });
  await t.test("she sees what was paid for what, and what came back", async () => {
    const phone = await person(browser, base);
    const { page } = phone;
    await page.request.post("/api/v1/session", { data: { login: payer.login, password: PASSWORD } });
    await page.goto(`/reports/${payer.no}`);
    await page.getByText("已退回一部分").waitFor();
    const said = await page.locator(".lines").innerText();
    for (const words of ["驾驶证工本费", "发改价格〔2004〕2831号", "残疾人减半", "证件邮寄费", "−12.00 元", "实际收取"]) assert.ok(said.includes(words), words);
    await page.getByText("改为自取，退邮寄费").waitFor();
    await page.getByText("承诺").first().waitFor();
    await page.getByText("法定").first().waitFor();
    await clean(phone, "the fees of an application");
    await shoot(page, "payments-lines");
    await phone.context.close();
  });
  assert.deepEqual(await (await fetch(`${other}/sums`)).json(), { captured: 1, amount: 500 });
  await payer.visitor.post(`/reports/${payer.no}/actions/withdraw`, { answers: {} });
  await until("the rest is back", async () => (await stateOf(payer)) === "refunded", 20_000);
  assert.equal((await fee(payer)).refunded, 1700);
  assert.deepEqual(await (await fetch(`${other}/sums`)).json(), { captured: 0, amount: 0 });
});

test("no money is lost or doubled when either side is killed at any moment", async (t) => {
  const { base, other, taker, server, accounts } = await pair(t);
  const payers = [];
  for (let number = 0; number < 24; number++) payers.push(await applicant(base));
  let going = true;
  t.after(() => (going = false));
  const paying = Promise.all(payers.map(async (one, at) => {
    await wait(at * 120);
    await pay(one);
    // Pressed twice, as people do.
    await pay(one);
  }));
  const killing = (async () => {
    for (let round = 0; round < 6 && going; round++) {
      await wait(350 + Math.random() * 400);
      const victim = round % 2 === 0 ? server : taker;
      await victim.kill();
      await wait(Math.random() * 200);
      await victim.start();
    }
  })();
  await killing;
  await paying;
  going = false;
  await until("everything is settled", async () => (await Promise.all(payers.map(stateOf))).every((state) => state === "captured"), 60_000);
  assert.deepEqual(await (await fetch(`${other}/sums`)).json(), { captured: payers.length, amount: payers.length * 1000 }, "each paid once, on both sides");

  // Two officials give back parts of every payment at once, more than was paid together, while both sides are killed.
  const clerk = await staffOf(base, accounts.clerk);
  for (const { no } of payers) await clerk.act(no, "accept");
  const chiefs = [await staffOf(base, accounts.chief), await staffOf(base, accounts.chief)];
  going = true;
  let given = 0;
  const giving = Promise.all(payers.flatMap(({ no }) => chiefs.flatMap((chief) => ["3.50", "4"].map(async (yuan) => {
    await wait(Math.random() * 2_500);
    // A part is asked for once: what was cut off may have been decided, and is not asked for again.
    await chief.act(no, "refund", { refund_amount: yuan, note: "多收了" }).then(() => (given += 1), () => undefined);
  }))));
  for (let round = 0; round < 4; round++) {
    await wait(400 + Math.random() * 300);
    const victim = round % 2 === 0 ? taker : server;
    await victim.kill();
    await wait(Math.random() * 200);
    await victim.start();
  }
  await giving;
  going = false;
  const settled = async () => {
    const all = await Promise.all(payers.map(fee));
    return all.every(({ refunds }) => refunds.every(({ made_at }) => made_at)) ? all : undefined;
  };
  const all = await until("every part is back", () => settled().catch(() => undefined), 60_000);
  assert.ok(given > payers.length / 2, `${given} parts were given`);
  for (const { refunds, refunded, amount } of all) {
    assert.equal(refunds.reduce((sum, part) => sum + part.amount, 0), refunded);
    assert.ok(refunded <= amount, "never more than was paid");
  }
  const kept = all.reduce((sum, { amount, refunded }) => sum + amount - refunded, 0);
  assert.deepEqual(await (await fetch(`${other}/sums`)).json(), { captured: payers.length, amount: kept }, "both books say the same");
});
