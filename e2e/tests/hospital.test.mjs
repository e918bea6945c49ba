// Seeing a doctor: a new resident's whole way on a phone, from the first look to the doctor's answer; a hospital that is
// away in the middle of it; fifty people for one time; a hospital killed between taking a booking and saying so.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { barriers, launch, overflow, person, shoot } from "../lib/browser.mjs";
import { department } from "../lib/department.mjs";
import { folder, freePort, ROOT, run, serve, until } from "../lib/dipper.mjs";
import { between, Wards } from "../lib/hospital.mjs";
import { Visitor } from "../lib/visitor.mjs";
import { gateway } from "../lib/gateway.mjs";

const PASSWORD = "a long enough word";

/** A city with everything a journey needs. */
async function clinic(t, { pace, env = {}, through } = {}) {
  const home = await folder(t, "hospital");
  const [data, hall, wing, till] = ["data", "departments", "hospitals", "gateway"].map((name) => path.join(home, name));
  const offices = await department(t, hall);
  const wards = await Wards.start(t, wing, { pace });
  const middle = through ? await through(t, wards) : wards;
  const port = await freePort();
  const pay = await gateway(t, till, `http://127.0.0.1:${port}`);
  const args = [
    "--departments", offices.url, "--departments-secrets", path.join(hall, "secrets"),
    "--hospitals", middle.url, "--hospitals-secrets", path.join(wing, "secrets"),
    "--payment-gateway", pay.url, "--payment-secret", path.join(till, "secret"),
  ];
  const server = await serve(t, { data, args, port, env });
  return { base: server.base, data, connected: args.slice(0, 8), offices, wards, middle, pay };
}

test("a resident's way through a hospital, on a phone", { timeout: 600_000 }, async (t) => {
  const { base, offices, wards, pay } = await clinic(t, { pace: 3 });
  const [me] = offices.people;
  const browser = await launch(t);
  const resident = await person(browser, base);
  const { page } = resident;
  const clean = async (what, one = resident) => {
    await one.page.waitForTimeout(200);
    const wider = await overflow(one.page);
    const faults = one.faults.filter((fault) => !fault.includes(pay.url));
    assert.deepEqual([...(await barriers(one.page)), ...(wider > 1 ? [`${what} is ${wider} px wider`] : []), ...faults], [], what);
  };

  await t.test("finds a doctor and a time without an account", async () => {
    await page.goto("/");
    await page.getByRole("link", { name: "看病就医" }).click();
    await page.getByRole("link", { name: "瑶光市第一人民医院" }).waitFor();
    await clean("hospitals");
    await shoot(page, "hospital-list");
    await page.getByRole("link", { name: "瑶光市第一人民医院" }).click();
    await page.getByRole("heading", { name: "皮肤科" }).waitFor();
    await clean("doctors");
    await shoot(page, "hospital-doctors");
    await page.getByRole("link", { name: "沈望舒" }).click();
    await page.getByText("挂号费 50.00 元").waitFor();
    await page.locator(".day").nth(1).click();
    await page.locator(".time").first().click();
    await clean("times");
    await shoot(page, "hospital-times");
    await page.getByRole("button", { name: "下一步：核对" }).click();
    await page.getByText("登录后才能挂号").waitFor();
  });

  await t.test("proves who they are, agrees to this hospital alone, and is registered", async () => {
    const back = new URL(page.url());
    await page.goto(`/register?then=${encodeURIComponent(back.pathname + back.search)}`);
    await page.getByLabel("怎么称呼您").fill("小李");
    await page.getByLabel("账号", { exact: true }).fill("li-xinghe");
    await page.getByLabel("密码", { exact: true }).fill(PASSWORD);
    await page.getByRole("button", { name: "注册并登录" }).click();
    await page.getByRole("link", { name: "去实名" }).click();
    await page.getByLabel("姓名").fill(me.name);
    await page.getByLabel("身份证号").fill(me.id_number);
    await page.getByRole("button", { name: "核对" }).click();
    await page.getByText("先要您单独同意").waitFor();
    assert.equal(await page.getByRole("button", { name: "确认挂号" }).count(), 0, "not before the consent");
    assert.equal(wards.facts().length, 0, "nothing was told");
    await clean("consent");
    await shoot(page, "hospital-consent");
    await page.getByRole("button", { name: "我同意" }).click();
    await page.getByRole("button", { name: "确认挂号" }).waitFor();
    await clean("check");
    await shoot(page, "hospital-check");
    await page.getByRole("button", { name: "确认挂号" }).click();
    await page.waitForURL("**/hospital-visits/*");
    await page.getByRole("button", { name: "我到了，报到" }).waitFor();
    await clean("booked");
    await shoot(page, "hospital-booked");
  });

  await t.test("is told honestly when the hospital is away, and goes on when it is back", async () => {
    await wards.kill();
    await page.reload();
    await page.getByText("医院的系统现在没有回应").waitFor();
    await page.getByText("号和付的钱都不会丢").waitFor();
    assert.equal(await page.getByText("沈望舒").count(), 1, "who and when is still there");
    await clean("away");
    await shoot(page, "hospital-away");
    await wards.start();
    await page.getByRole("button", { name: "再看一次" }).click();
    await page.getByRole("button", { name: "我到了，报到" }).click();
    await page.getByText("A004").waitFor();
    await page.getByText(/前面还有 [123] 位/).waitFor();
    await clean("queue");
    await shoot(page, "hospital-queue");
  });

  await t.test("pays what the hospital asks for, once", async () => {
    await until("it is their turn", async () => {
      if (await page.getByRole("button", { name: "去缴费" }).count()) return true;
      await page.getByRole("button", { name: "看看叫到几号" }).click();
      await wait(1_000);
      return false;
    }, 60_000);
    await page.getByText("95.50").waitFor();
    await clean("invoice");
    await shoot(page, "hospital-invoice");
    await page.getByRole("button", { name: "去缴费" }).click();
    await page.waitForURL(`${pay.url}/**`);
    await page.getByRole("button", { name: /确认付款/ }).click();
    await page.waitForURL("**/hospital-visits/*");
    await page.getByText("已缴清").or(page.getByText("已付款，正在告诉医院")).first().waitFor();
    await until("the hospital knows", () => wards.facts().some(({ fact }) => fact === "paid"), 20_000);
    assert.deepEqual(await (await fetch(`${pay.url}/sums`)).json(), { captured: 1, amount: 9550 });
  });

  await t.test("reads the report and asks the doctor", async () => {
    await until("the report is there", async () => {
      if (await page.getByText("有 2 项不在参考范围内").count()) return true;
      await page.reload();
      await page.getByRole("heading", { name: "检查报告" }).waitFor();
      await wait(1_000);
      return false;
    }, 60_000);
    const white = page.locator(".values li", { hasText: "白细胞计数" });
    assert.match((await white.innerText()).replace(/\s+/g, " "), /11\.2 10⁹\/L.*参考范围 3\.5–9\.5.*偏高/);
    await clean("report");
    await shoot(page, "hospital-report");
    await page.getByLabel("您想问什么").fill("要吃药吗？");
    await page.getByRole("button", { name: "发送" }).click();
    await page.locator(".messages .own", { hasText: "要吃药吗？" }).waitFor();
    await until("the doctor answers", async () => {
      await page.reload();
      await page.locator(".messages .own").waitFor();
      return (await page.getByText("沈望舒医生").count()) > 0;
    }, 60_000);
    await clean("conversation");
    await page.getByText("沈望舒医生").scrollIntoViewIfNeeded();
    await shoot(page, "hospital-talk");
  });

  await t.test("sees every question that was asked, the same on both sides", async () => {
    await page.getByRole("link", { name: "谁看过我的数据" }).click();
    const first = page.locator(".fetches li", { hasText: "姓名和身份证号（登记建档）" });
    await first.getByText("看病就医").waitFor();
    await first.getByText("《个人信息保护法》第二十九条").waitFor();
    assert.equal(await page.locator(".fetches li", { hasText: "没有回应" }).count() > 0, true, "also when nobody answered");
    await clean("accesses");
    await shoot(page, "hospital-accesses");
    const visitor = new Visitor(base);
    await visitor.signIn({ login: "li-xinghe", password: PASSWORD });
    const { fetches } = await visitor.get("/accesses");
    const ours = new Set(fetches.filter(({ hospital }) => hospital).map(({ request_id }) => request_id));
    const theirs = wards.accesses().filter(({ resource, patient }) => patient || /^(Patient|Appointment|Communication|PaymentNotice)/.test(resource));
    assert.ok(theirs.length > 10);
    assert.deepEqual(theirs.filter(({ request_id }) => !ours.has(request_id)), [], "nothing was asked past the log");
  });

  await t.test("has it large in elder mode, and in English on a desk", async () => {
    const state = await resident.context.storageState();
    for (const [size, locale, name] of [["phone", "zh-CN", "elder"], ["desk", "en", "english"]]) {
      const other = await person(browser, base, size, locale);
      await other.context.addCookies(state.cookies);
      if (name === "elder") {
        await other.page.goto("/");
        await other.page.getByRole("button", { name: /长辈/ }).click();
      }
      await other.page.goto("/hospitals");
      await other.page.getByRole("link", { name: /沈望舒/ }).click();
      await other.page.getByText("11.2").waitFor();
      await clean(name, other);
      await shoot(other.page, `hospital-${name}`);
    }
  });

  await t.test("withdraws the consent, and nothing of it is left here", async () => {
    await page.goto("/hospitals/first_hospital");
    await page.getByRole("button", { name: "撤回同意" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "撤回同意" }).click();
    await page.getByText("已经撤回").waitFor();
    await page.goto("/hospitals");
    await page.getByRole("link", { name: "瑶光市第一人民医院" }).waitFor();
    assert.equal(await page.getByRole("link", { name: /沈望舒/ }).count(), 0);
  });
});

test("somebody else's models read what both sides send", { timeout: 120_000 }, async (t) => {
  const wards = await Wards.start(t, path.join(await folder(t), "hospitals"), { pace: 1 });
  const seen = [];
  const ask = async (...args) => {
    const { status, resource } = await wards.ask(...args);
    seen.push(resource);
    const body = args[2]?.body;
    if (body && !Array.isArray(body)) seen.push(body);
    return { status, resource };
  };
  const id = (value, what) => [{ system: `urn:dipper:test:${what}`, value }];
  const condition = (value, what) => `identifier=urn%3Adipper%3Atest%3A${what}%7C${value}`;
  seen.push(await (await fetch(`${wards.url}/first_hospital/fhir/metadata`)).json());
  const people = { resourceType: "Patient", identifier: [...id("s1", "patient"), { system: "urn:oid:2.16.156.10011.1.3", value: "99990119900101001X" }], active: true, name: [{ use: "official", text: "王晓" }] };
  const { resource: patient } = await ask("POST", "Patient", { body: people, condition: condition("s1", "patient") });
  await ask("GET", "PractitionerRole?active=true&_count=2");
  await ask("GET", "Practitioner/p1");
  await ask("GET", "Schedule?actor=PractitionerRole/r2");
  await ask("GET", "ChargeItemDefinition?identifier=urn:dipper:registration%7Cr2");
  const from = new Date().toISOString();
  const { resource: slots } = await ask("GET", `Slot?schedule=Schedule/s-r2&status=free&start=ge${from}&_count=3`);
  const [slot, other] = slots.entry.map(({ resource }) => resource);
  const actor = (reference) => ({ actor: { reference }, status: "accepted" });
  const wish = (value, of, status) => ({ resourceType: "Appointment", identifier: id(value, "visit"), status, slot: [{ reference: `Slot/${of.id}` }], start: of.start, end: of.end, participant: [actor(`Patient/${patient.id}`), actor("PractitionerRole/r2")] });
  const { resource: appointment } = await ask("POST", "Appointment", { body: wish("v1", slot, "booked"), condition: condition("v1", "visit") });
  assert.equal((await ask("POST", "Appointment", { body: wish("v2", slot, "booked"), condition: condition("v2", "visit") })).status, 409);
  await ask("PUT", `Appointment?${condition("v3", "visit")}`, { body: wish("v3", other, "cancelled") });
  await ask("PATCH", `Appointment/${appointment.id}`, { body: [{ op: "replace", path: "/status", value: "arrived" }], kind: "application/json-patch+json" });
  const of = `subject=Patient/${patient.id}`;
  const { resource: encounters } = await ask("GET", `Encounter?patient=Patient/${patient.id}&appointment=Appointment/${appointment.id}`);
  const encounter = encounters.entry[0].resource;
  const count = await ask("GET", `Encounter?_summary=count&status=arrived&participant=PractitionerRole/r2&date=lt${encounter.period.start}`);
  assert.equal(count.resource.total, 3);
  await wait(3_200);
  const { resource: bills } = await ask("GET", `Invoice?${of}&account=${encounter.account[0].reference}`);
  const invoice = bills.entry[0].resource;
  const notice = { resourceType: "PaymentNotice", identifier: id("g1", "payment"), status: "active", request: { reference: `Invoice/${invoice.id}` }, created: new Date().toISOString(), payment: { identifier: id("g1", "payment")[0] }, recipient: { display: "first_hospital" }, amount: invoice.totalGross };
  assert.equal((await ask("POST", "PaymentNotice", { body: notice, condition: condition("g1", "payment") })).status, 200);
  assert.equal((await ask("POST", "PaymentNotice", { body: { ...notice, identifier: id("g2", "payment") }, condition: condition("g2", "payment") })).status, 409, "paid by another");
  const report = `DiagnosticReport?${of}&encounter=Encounter/${encounter.id}&_include=DiagnosticReport:result`;
  await ask("GET", report);
  const question = { resourceType: "Communication", identifier: id("m1", "message"), status: "completed", subject: { reference: `Patient/${patient.id}` }, encounter: { reference: `Encounter/${encounter.id}` }, sent: new Date().toISOString(), sender: { reference: `Patient/${patient.id}` }, recipient: [{ reference: "PractitionerRole/r2" }], payload: [{ contentString: "要吃药吗？" }] };
  await ask("POST", "Communication", { body: question, condition: condition("m1", "message") });
  await wait(2_200);
  assert.equal((await ask("GET", report)).resource.entry.length, 6, "a report and its five values");
  await ask("GET", `Communication?${of}&encounter=Encounter/${encounter.id}`);
  await ask("GET", "Patient/nobody");
  const seconds = (offset) => new Date(Date.now() + offset).toISOString();
  const { resource: log } = await ask("GET", `AuditEvent?date=ge${seconds(-600_000)}&date=lt${seconds(600_000)}&_count=500`);
  assert.ok(log.total > 15, `${log.total} lines`);
  const input = seen.map((resource) => JSON.stringify(resource)).join("\n");
  const checked = spawnSync(path.join(ROOT, "e2e/.venv/bin/python"), [path.join(ROOT, "e2e/clients/check_fhir.py")], { input, encoding: "utf8" });
  assert.equal(checked.status, 0, checked.stderr);
  const types = JSON.parse(checked.stdout);
  for (const type of ["CapabilityStatement", "Patient", "PractitionerRole", "Schedule", "Slot", "Appointment", "Encounter", "Invoice", "PaymentNotice", "DiagnosticReport", "Observation", "Communication", "OperationOutcome", "ChargeItemDefinition", "AuditEvent", "Bundle"]) {
    assert.ok(types[type] > 0, type);
  }
});

/** Residents who are matched and agree, through the API. */
async function patients({ base, offices }, count) {
  const people = [];
  for (let number = 0; number < Math.min(count, offices.people.length); number++) {
    const visitor = new Visitor(base);
    const from = { "x-forwarded-for": `10.9.0.${number + 1}` };
    await visitor.post("/residents", { login: `patient${number}`, password: PASSWORD, display_name: "P" }, from);
    await visitor.signIn({ login: `patient${number}`, password: PASSWORD });
    await visitor.post("/person/identity", offices.people[number], from);
    await visitor.send("PUT", "/hospitals/first_hospital/agreement", { headers: from });
    people.push({ visitor, from });
  }
  return people;
}

test("a hospital killed at any moment books nobody twice, and one time goes to one person", { timeout: 300_000 }, async (t) => {
  const city = await clinic(t, { pace: 1, env: { DIPPER_BEHIND_PROXY: "true" } });
  const { wards } = city;
  const people = await patients(city, 4);
  const { items } = await people[0].visitor.get("/hospitals/first_hospital/times?role=r3");
  // Each wants the same times; a press that brought no answer is pressed again.
  const wishes = items.slice(0, 16).map(({ slot }) => slot);
  let [going, kills] = [true, 0];
  t.after(() => (going = false));
  const killing = (async () => {
    while (going) {
      await wait(60 + Math.random() * 200);
      await wards.kill();
      kills += 1;
      await wait(Math.random() * 150);
      await wards.start();
    }
  })();
  const outcomes = await Promise.all(people.map(async ({ visitor, from }) => {
    const got = [];
    for (const [at, slot] of wishes.entries()) {
      // However fast the machine: one kill at least for every three times.
      while (kills < at / 3) await wait(20);
      for (;;) {
        try {
          const visit = await visitor.post("/hospital-visits", { hospital: "first_hospital", role: "r3", slot }, from);
          if (visit.state === "booked") {
            got.push(slot);
            break;
          }
        } catch (error) {
          if (error.body?.code === "time_taken") break;
          if (error.status !== 503 && error.status !== 429) throw error;
        }
        await wait(100);
      }
    }
    return got;
  }));
  going = false;
  await killing;
  assert.ok(kills > 3, `killed ${kills} times`);
  const won = outcomes.flat();
  assert.deepEqual([...won].sort(), [...wishes].sort(), "every time has exactly one holder");
  const taken = wards.facts().filter(({ fact, is_taken }) => fact === "booked" && is_taken).map(({ slot }) => slot);
  assert.deepEqual(taken.sort(), [...wishes].sort(), "and the hospital has each once");
});

test("a look that the city did not make, and one that the hospital hides, are found and told in public", { timeout: 180_000 }, async (t) => {
  const city = await clinic(t, { pace: 60, env: { DIPPER_BEHIND_PROXY: "true" } });
  const { base, data, connected, wards } = city;
  const [{ visitor, from }] = await patients(city, 1);
  const { items } = await visitor.get("/hospitals/first_hospital/times?role=r1");
  const { id } = await visitor.post("/hospital-visits", { hospital: "first_hospital", role: "r1", slot: items[0].slot }, from);
  await visitor.get(`/hospital-visits/${id}`);
  const day = new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Shanghai" }).format(new Date());
  const reconcile = () => run(["reconcile", "--data", data, "--pack", "packs/demo", ...connected, "--day", day]);
  const whole = await reconcile();
  assert.equal(whole.code, 0, whole.stdout);
  assert.match(whole.stdout, /first_hospital: [2-9] on both sides, 0 not answered, 0 differ/);
  assert.match(whole.stdout, /population: 1 on both sides/);

  // Somebody who has the hospital's secret reads a patient's file without the city.
  assert.equal((await wards.ask("GET", "Appointment?patient=Patient/p-1&_count=5")).status, 200);
  assert.equal((await wards.ask("GET", "PractitionerRole?active=true")).status, 200, "which is about nobody");
  const bypass = await reconcile();
  assert.equal(bypass.code, 1);
  assert.match(bypass.stdout, /first_hospital: .* 1 differ\n {4}[0-9a-f-]{36} at .*: it was asked, and the city has no record of it/);
  const visible = async () => (await (await fetch(`${base}/api/v1/accountability`)).json());
  const told = await visible();
  const alarm = told.alarms.find(({ about }) => about?.["zh-CN"] === "瑶光市第一人民医院");
  assert.match(alarm.title["zh-CN"], /查询记录不一致/);
  const days = told.registers.find(({ source }) => source["zh-CN"] === "瑶光市第一人民医院").days;
  assert.deepEqual([days[0].not_recorded, days[0].not_seen], [1, 0]);

  // The hospital strikes a question of the city's out of its log.
  const log = path.join(wards.data, "access.jsonl");
  const lines = readFileSync(log, "utf8").trim().split("\n");
  const { request_id } = JSON.parse(lines.find((line) => JSON.parse(line).resource === "Patient"));
  writeFileSync(log, lines.filter((line) => JSON.parse(line).request_id !== request_id).map((line) => `${line}\n`).join(""));
  const hidden = await reconcile();
  assert.equal(hidden.code, 1);
  assert.match(hidden.stdout, new RegExp(`${request_id} at .*: the city says it was answered, and it has no record of it there`));
  const [today] = (await visible()).registers.find(({ source }) => source["zh-CN"] === "瑶光市第一人民医院").days;
  assert.deepEqual([today.not_recorded, today.not_seen, today.other_fields], [1, 1, 0]);
});

test("what a hospital says wrongly, too long, too late or unsigned is not believed", { timeout: 120_000 }, async (t) => {
  const city = await clinic(t, { pace: 60, through: between, env: { DIPPER_BEHIND_PROXY: "true" } });
  const { middle } = city;
  const [{ visitor, from }] = await patients(city, 1);
  const { items } = await visitor.get("/hospitals/first_hospital/times?role=r1");
  const { id } = await visitor.post("/hospital-visits", { hospital: "first_hospital", role: "r1", slot: items[0].slot }, from);
  const look = () => visitor.get(`/hospital-visits/${id}`);
  assert.equal((await look()).journey.step, "arrive");
  const overheard = [];
  for (const [what, lie, fault] of [
    ["another patient", (_, { status, body }, signed) => signed(status, body.toString().replaceAll("Patient/p-1", "Patient/p-2")), "refused"],
    ["unsigned", (_, honest) => ({ ...honest, signature: "" }), "refused"],
    ["changed on the way", (_, honest) => ({ ...honest, body: Buffer.from(honest.body.toString().replace("booked", "noshow")) }), "refused"],
    // Whatever is asked meanwhile gets its own answer; the first of them is kept.
    ["an answer that is overheard", (_, honest) => (overheard.push(honest), honest), undefined],
    ["an answer to another request", () => overheard[0], "refused"],
    ["too long", (_, __, signed) => signed(200, JSON.stringify({ resourceType: "Bundle", type: "searchset", note: "x".repeat(1 << 20) })), "refused"],
    ["no JSON", (_, __, signed) => signed(200, "<html>"), "refused"],
    ["an error of something in between", () => ({ status: 502, body: "bad gateway", signature: "" }), "away"],
    ["too late", async () => void (await wait(6_000)), "away"],
  ]) {
    middle.lie = lie;
    const seen = await look();
    assert.deepEqual([seen.fault, seen.state, seen.doctor], [fault, "booked", "沈望舒"], what);
    assert.equal(seen.journey === undefined, fault !== undefined, what);
  }
  middle.lie = undefined;
  assert.equal((await look()).journey.step, "arrive");
  const { fetches } = await visitor.get("/accesses");
  const outcomes = fetches.filter(({ hospital }) => hospital).map(({ outcome }) => outcome);
  assert.deepEqual(["refused", "away"].map((word) => outcomes.filter((outcome) => outcome === word).length), [6, 2]);
});
