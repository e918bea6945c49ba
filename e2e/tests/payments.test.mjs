// Fees: the city and the payment gateway are two processes; both are killed at any moment, notifications come twice, and in
// the end both books say the same.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { BIN, ROOT, SURROUNDINGS, folder, freePort, until } from "../lib/dipper.mjs";
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
  const server = new Kept(t, serving, `${base}/healthz`);
  await server.start();
  return { base, other, taker, server, secret };
}

let people = 0;

/** Somebody with an application, each behind an address of their own. */
async function applicant(base) {
  people += 1;
  const visitor = new Visitor(base);
  const login = `payer${people}`;
  const from = { "x-forwarded-for": `10.7.${people >> 8}.${people & 255}` };
  await visitor.post("/residents", { login, password: PASSWORD, display_name: "P" }, from);
  await visitor.signIn({ login, password: PASSWORD });
  const { case_no } = await visitor.post(`/services/${SERVICE}/applications`, { answers: ANSWERS }, { ...from, "idempotency-key": randomUUID() });
  return { visitor, no: case_no, from };
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
  assert.deepEqual(await fee(payer), { amount: 1000, currency: "CNY", payable: true });
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

test("no money is lost or doubled when either side is killed at any moment", async (t) => {
  const { base, other, taker, server } = await pair(t);
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
});
