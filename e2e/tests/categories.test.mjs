// Every group of the city's services has one that goes the whole way, from the register of its department to the decision:
// the city, the departments and the payment gateway are three processes.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import path from "node:path";
import { test } from "node:test";
import { mandateOf, under } from "../lib/acting.mjs";
import { department } from "../lib/department.mjs";
import { BIN, ROOT, SURROUNDINGS, addUser, folder, freePort, serve, until } from "../lib/dipper.mjs";
import { signInAll } from "../lib/staff.mjs";
import { Visitor } from "../lib/visitor.mjs";

const PASSWORD = "a long enough word";
/** Answers by format: each fits, none is anybody's. */
const FORMATS = { phone: "13800000000", id_card: "11010519491231002X", credit_code: "91350100M000100Y43", email: "a@city.example" };
const POSTS = ["service_clerk", "service_reviewer", "service_chief"];

/** Whether a field is asked after these answers. */
function isAsked(field, answers) {
  if (!field.show_if) return true;
  const given = [answers[field.show_if.field]].flat();
  return field.show_if.is.some((one) => given.includes(one));
}

/** A whole set of answers to a form, beside what departments have answered. */
async function fill(fields, given, visitor) {
  const answers = {};
  for (const field of fields) {
    if (!isAsked(field, { ...answers, ...given }) || field.id in given) continue;
    if (!field.required) continue;
    answers[field.id] = await answer(field, visitor);
  }
  return answers;
}

async function answer(field, visitor) {
  switch (field.type) {
    case "text":
      return FORMATS[field.format] ?? "见材料".slice(0, field.max);
    case "number":
      return field.min ?? 1;
    case "choice":
      return field.options[0].id;
    case "choices":
      return [field.options[0].id];
    case "date":
      return "2026-11-30";
    case "evidence":
      return Promise.all(Array.from({ length: Math.max(field.min, 1) }, () => visitor.picture()));
    default:
      throw new Error(`no answer for ${field.type}`);
  }
}

/** The payment gateway as a process of its own. */
async function gateway(t, data, port, city) {
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(BIN, ["demo", "gateway", "--data", data, "--listen", `127.0.0.1:${port}`, "--city", city], { cwd: ROOT, env: SURROUNDINGS, stdio: "ignore" });
  t.after(() => child.kill("SIGKILL"));
  await until("the gateway answers", () => fetch(`${url}/sums`).then((one) => one.ok, () => false), 30_000);
  return url;
}

test("every group of services goes the whole way", { timeout: 600_000 }, async (t) => {
  const home = await folder(t);
  const [data, hall, till] = ["data", "departments", "gateway"].map((name) => path.join(home, name));
  const [port, till_port] = [await freePort(), await freePort()];
  const base = `http://127.0.0.1:${port}`;
  const offices = await department(t, hall);
  const pays = await gateway(t, till, till_port, base);
  const connected = ["--departments", offices.url, "--departments-secrets", path.join(hall, "secrets"), "--payment-gateway", pays, "--payment-secret", path.join(till, "secret"), "--demo"];
  await serve(t, { data, args: connected, port });

  const open = new Visitor(base);
  const { groups } = await open.get("/catalogue");
  const pages = await Promise.all([0, 100].map((offset) => open.get(`/services?limit=100&offset=${offset}`)));
  const items = pages.flatMap((one) => one.items);
  const services = items.filter((one) => one.apply);
  const held = [...new Set(services.map((one) => one.office.id))];
  const accounts = {};
  for (const role of POSTS) accounts[role] = await addUser({ data }, role, held.map((office) => `${role}:${office}:yaoguang`));
  const staff = await signInAll(base, accounts);
  const residents = [];
  for (const [at, who] of offices.people.entries()) {
    const visitor = new Visitor(base);
    await visitor.post("/residents", { login: `resident${at}`, password: PASSWORD, display_name: who.name });
    await visitor.signIn({ login: `resident${at}`, password: PASSWORD });
    assert.equal((await visitor.post("/person/identity", who)).level, "L2");
    residents.push(visitor);
  }

  // What only organisations apply for: the representative of one gives a mandate.
  const [number] = (await residents[0].get("/organisations")).examples;
  await residents[0].post("/organisations", { number });
  const theirs = services.filter(({ audience }) => !audience.includes("person")).map(({ id }) => id);
  const agent = under(residents[1], await mandateOf(residents[0], residents[1], { organisation: number, services: theirs }));

  const done = new Map();
  for (const [at, service] of services.entries()) {
    await t.test(service.title["zh-CN"], async () => {
      const visitor = theirs.includes(service.id) ? agent : residents[at % residents.length];
      const { fields } = await visitor.get(`/services/${service.id}/form`);
      const before = await visitor.get(`/services/${service.id}/prefill`);
      const sources = before.sources.map(({ id }) => id);
      const after = sources.length > 0 ? await visitor.post(`/services/${service.id}/prefill`, { sources }) : before;
      assert.deepEqual(after.sources.filter(({ outcome }) => outcome !== "answered").map(({ id }) => id), [], "every register answered");
      const answers = await fill(fields, after.values, visitor);
      const { case_no } = await visitor.post(`/services/${service.id}/applications`, { answers }, { "idempotency-key": randomUUID() });
      const fee = await visitor.get(`/reports/${case_no}/fee`).catch(() => ({ payable: false }));
      if (fee.payable) {
        const { pay_url } = await visitor.post(`/reports/${case_no}/payment`);
        assert.equal((await fetch(pay_url, { method: "POST", body: new URLSearchParams({ choice: "agree" }), redirect: "manual" })).status, 303);
        await until("the fee is here", async () => (await visitor.get(`/reports/${case_no}/fee`)).state === "captured");
      }
      await staff.service_clerk.act(case_no, "accept");
      await staff.service_reviewer.get(`/cases/${case_no}/application?purpose=${encodeURIComponent("审查申请材料")}`);
      await staff.service_reviewer.act(case_no, "propose", { proposal: "grant", note: "符合条件" });
      await staff.service_chief.get(`/cases/${case_no}/application?purpose=${encodeURIComponent("作出决定")}`);
      await staff.service_chief.act(case_no, "grant", { note: "已批准" });
      assert.equal((await visitor.get(`/reports/${case_no}`)).public_state.en, "Done; please tell us how it went");
      const guide = await visitor.get(`/services/${service.id}`);
      for (const { id: group } of guide.groups) done.set(group, [...(done.get(group) ?? []), ...sources]);
    });
  }

  await t.test("in every group", () => {
    const missing = groups.map(({ id }) => id).filter((id) => !done.has(id));
    assert.deepEqual(missing, [], "groups without one");
    const registers = new Set([...done.values()].flat());
    assert.ok(registers.size >= 16, `${registers.size} registers answered`);
    t.diagnostic(`${done.size} groups, ${services.length} services, ${registers.size} registers`);
  });
});
