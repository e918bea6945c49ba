// A mother and her children, on a telephone: the register names them, she enrols one and corrects the form, sees the child's
// trail, a register that lies or is away changes nothing, and the child's own account has it all.
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { under } from "../lib/acting.mjs";
import { barriers, launch, overflow, person, shoot } from "../lib/browser.mjs";
import { department, liar, sign } from "../lib/department.mjs";
import { addUser, folder, serve, until } from "../lib/dipper.mjs";
import { signInAll } from "../lib/staff.mjs";
import { Visitor } from "../lib/visitor.mjs";

const PASSWORD = "a long enough word";
const SCHOOL = "/services/school_transfer";
const BIRTH = "/services/birth_certificate";
const AGREED = { agreed: true };

async function register(base, login, display_name, identity) {
  const visitor = new Visitor(base);
  await visitor.post("/residents", { login, password: PASSWORD, display_name });
  await visitor.signIn({ login, password: PASSWORD });
  if (identity) await visitor.post("/person/identity", identity);
  return visitor;
}

/** The refusal's code and status. */
async function refused(call) {
  try {
    await call;
  } catch (error) {
    return `${error.status} ${error.body?.code}`;
  }
  return "done";
}

test("a guardian acts for her children", { timeout: 600_000 }, async (t) => {
  const home = await folder(t);
  const [data, hall] = [path.join(home, "data"), path.join(home, "departments")];
  const offices = await department(t, hall);
  const [, wang, chen, zhao] = offices.people;
  const [small, autumn, summer] = offices.children;
  const connected = ["--departments", offices.url, "--departments-secrets", path.join(hall, "secrets"), "--demo"];
  const accounts = { clerk: await addUser({ data }, "clerk", ["service_clerk:education_bureau:yaoguang"]) };
  const server = await serve(t, { data, args: connected });
  const { clerk } = await signInAll(server.base, accounts);
  const mother = await register(server.base, "mother", "晓月", wang);
  const father = await register(server.base, "father", "望舒", chen);
  const unknown = await register(server.base, "unknown", "路人");
  const browser = await launch(t);
  const phone = await person(browser, server.base);
  const { page } = phone;
  const clean = async (what) => {
    await page.waitForTimeout(200);
    const wider = await overflow(page);
    assert.deepEqual([...(await barriers(page)), ...(wider > 1 ? [`${what} is ${wider} px wider`] : []), ...phone.faults], [], what);
  };
  let mandate;
  let case_no;

  await t.test("the register is asked with consent, and names her children", async () => {
    assert.equal(await refused(new Visitor(server.base).get("/children")), "401 not_signed_in");
    assert.equal(await refused(unknown.post("/children", AGREED)), "403 not_identified");
    assert.match(await refused(mother.post("/children", { agreed: false })), /^422 /);
    await page.goto(`/sign-in?then=${encodeURIComponent("/me/children")}`);
    await page.getByLabel("账号", { exact: true }).fill("mother");
    await page.getByLabel("密码", { exact: true }).fill(PASSWORD);
    await page.getByRole("button", { name: "登录", exact: true }).click();
    await page.waitForURL("**/me/children");
    await page.getByRole("button", { name: "同意并核对" }).waitFor();
    await clean("no children");
    await shoot(page, "guardians-ask");
    await page.getByRole("button", { name: "同意并核对" }).click();
    await page.getByRole("heading", { name: small.name }).waitFor();
    await page.getByRole("heading", { name: summer.name }).waitFor();
    await clean("children");
    await shoot(page, "guardians-children");
    const { items } = await mother.get("/children");
    assert.deepEqual(items.map((one) => one.name).sort(), [small, autumn, summer].map((one) => one.name).sort());
    const found = items.find((one) => one.name === small.name);
    assert.deepEqual([found.mandate.basis, found.mandate.all_services, found.born_on], ["guardian", true, "2018-05-20"]);
    assert.ok(!JSON.stringify(items).includes(small.id_number), "the number is masked");
    mandate = found.mandate.id;
    const [fathers] = (await father.post("/children", AGREED)).items.filter((one) => one.name === small.name);
    assert.notEqual(fathers.mandate.id, mandate, "each parent has a mandate of their own");
    const trail = await mother.get("/accesses");
    assert.ok(trail.fetches.some((one) => one.source.id === "guardians" && one.outcome === "answered"));
  });

  await t.test("she moves the child to another school, filled in under the child's own number", async () => {
    const acting = under(mother, mandate);
    const prefill = await acting.post(`${SCHOOL}/prefill`, { sources: ["school_roll", "population"] });
    assert.equal(prefill.values.pupil_name, small.name);
    const answers = { from: "here", why: "home", start_on: "2027-02-22", phone: "13800000000" };
    ({ case_no } = await acting.post(`${SCHOOL}/applications`, { answers }, { "idempotency-key": "school-transfer-1" }));
    assert.deepEqual((await mother.get("/reports/mine")).items, [], "it is the child's, not hers");
    assert.deepEqual((await acting.get("/reports/mine")).items.map((one) => one.case_no), [case_no]);
    const [fathers] = (await father.get("/children")).items.filter((one) => one.name === small.name);
    assert.equal((await under(father, fathers.mandate.id).get(`/reports/${case_no}`)).case_no, case_no, "the other parent sees it");
    assert.equal(await refused(father.get(`/reports/${case_no}`)), "404 not_found");
    const events = await clerk.get(`/cases/${case_no}/events`);
    assert.equal(events.items[0].actor.kind, "agent");
  });

  await t.test("a lost birth certificate is applied for too", async () => {
    const acting = under(mother, mandate);
    const prefill = await acting.post(`${BIRTH}/prefill`, { sources: ["births"] });
    assert.equal(prefill.values.born_on, "2018-05-20");
    const answers = { what: "replace", loss: [await acting.picture()], child_name: small.name, mother_name: wang.name, mother_id: wang.id_number, father: "yes", father_name: chen.name, father_id: chen.id_number, phone: "13800000000" };
    await acting.post(`${BIRTH}/applications`, { answers }, { "idempotency-key": "birth-certificate-1" });
    assert.equal((await acting.get("/reports/mine")).items.length, 2);
  });

  await t.test("she corrects it, and it stands as an act for the child", async () => {
    const acting = under(mother, mandate);
    const before = await acting.get(`/reports/${case_no}/application`);
    const answers = { ...before.answers, wish_school: "瑶光二小" };
    assert.equal(await refused(mother.send("PUT", `/reports/${case_no}/application`, { body: { answers, version: before.version } })), "404 not_found");
    const after = await acting.put(`/reports/${case_no}/application`, { answers, version: before.version });
    assert.equal(after.answers.wish_school, "瑶光二小");
    const corrected = (await clerk.get(`/cases/${case_no}/events`)).items.find((one) => one.kind === "corrected");
    assert.equal(corrected.actor.kind, "agent");
    const acts = (await acting.get("/accesses")).acts.map((one) => one.act);
    for (const act of ["asked", "applied", "corrected"]) assert.ok(acts.includes(act), act);
  });

  await t.test("the child's trail is open to her, and to nobody under another mandate", async () => {
    await page.reload();
    const card = page.locator("section", { has: page.getByRole("heading", { name: small.name }) }).first();
    await card.getByRole("button", { name: `谁看过${small.name}的数据` }).click();
    await page.waitForURL("**/accesses");
    await page.getByText(`您正在为${small.name}办事`).waitFor();
    await page.getByText("更正了申请内容").first().waitFor();
    assert.equal(await page.getByText("这一页是您自己的内容").count(), 0);
    await clean("the trail of a child");
    await shoot(page, "guardians-trail");
    await page.getByRole("button", { name: "换回自己" }).click();
    assert.equal(await refused(under(unknown, mandate).get("/accesses")), "403 mandate_ended");
    assert.equal(await refused(under(mother, mandate).get("/notifications")), "403 not_for_others");
  });

  await t.test("she is told that the register named her, in words that name nobody", async () => {
    await until("the message", async () => (await mother.get("/notifications")).items.some((one) => one.kind === "guardian_found"));
    const message = (await mother.get("/notifications")).items.find((one) => one.kind === "guardian_found");
    assert.deepEqual([message.path, message.case_no], ["/me/children", undefined]);
    assert.ok(!JSON.stringify(message).includes(small.name));
    assert.equal((await mother.get("/notifications")).items.filter((one) => one.kind === "guardian_found").length, 1, "three children, one message");
    await page.goto("/messages");
    await page.getByText("已核对监护关系").first().waitFor();
    await clean("messages");
    await shoot(page, "guardians-messages");
  });

  await t.test("who proves the child's number has what was done, and the mother goes on", async () => {
    const herself = await register(server.base, "summer", "知夏", summer);
    const [childhood] = (await herself.get("/children")).childhoods;
    assert.equal(childhood.basis, "oneself");
    assert.equal(await refused(herself.send("DELETE", `/mandates/${childhood.id}`)), "409 mandate_state");
    const { items } = await mother.get("/children");
    const hers = items.find((one) => one.name === summer.name).mandate.id;
    await under(mother, hers).get("/drafts");
    assert.ok((await under(herself, childhood.id).get("/accesses")).acts !== undefined);
    assert.equal((await herself.get("/reports/mine")).items.length, 0);
  });

  await t.test("somebody without children is told so", async () => {
    const none = await register(server.base, "none", "南斗", zhao);
    assert.deepEqual((await none.post("/children", AGREED)).items, []);
  });

  await t.test("a register that lies or is away changes nothing", async () => {
    await offices.kill();
    assert.equal(await refused(mother.post("/children", AGREED)), "503 department_away");
    const record = (id_number, birth_date, name = small.name) => ({ name, id_number, birth_date });
    const right = record(small.id_number, "2018-05-20");
    let records;
    await liar(t, hall, offices.port, (honest, secret) => {
      const body = JSON.stringify({ ...honest, records });
      return { body, signature: sign(secret, body) };
    });
    for (records of [
      [record(small.id_number, "2017-05-20")],
      [right, right],
      [record(wang.id_number, `${wang.id_number.slice(6, 10)}-${wang.id_number.slice(10, 12)}-${wang.id_number.slice(12, 14)}`)],
      Array.from({ length: 21 }, () => right),
    ])
      assert.equal(await refused(mother.post("/children", AGREED)), "503 department_away");
    assert.equal((await mother.get("/children")).items.length, 3);
    assert.equal((await under(mother, mandate).get(`/reports/${case_no}`)).case_no, case_no);
    records = [];
    assert.deepEqual((await mother.post("/children", AGREED)).items, [], "a register that names none ends them");
    assert.equal(await refused(under(mother, mandate).get(`/reports/${case_no}`)), "403 mandate_ended");
    const [fathers] = (await father.get("/children")).items.filter((one) => one.name === small.name);
    assert.equal((await under(father, fathers.mandate.id).get(`/reports/${case_no}`)).case_no, case_no, "the other parent's stays");
  });
});
