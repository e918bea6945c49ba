// At a window: a resident who booked and drew a number, and one who shows a code, are filed for while they are there; the
// case records the window, the official and the person, and the person sees it and follows it.
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { barriers, launch, overflow, person, shoot } from "../lib/browser.mjs";
import { department } from "../lib/department.mjs";
import { addUser, folder, serve } from "../lib/dipper.mjs";
import { signInAll } from "../lib/staff.mjs";
import { Visitor } from "../lib/visitor.mjs";

const PASSWORD = "a long enough word";
const SERVICE = "fund_rent_withdrawal";

async function register(base, login, display_name, identity) {
  const visitor = new Visitor(base);
  await visitor.post("/residents", { login, password: PASSWORD, display_name });
  await visitor.signIn({ login, password: PASSWORD });
  await visitor.post("/person/identity", identity);
  return visitor;
}

async function refused(call) {
  try {
    await call;
  } catch (error) {
    return `${error.status} ${error.body?.code}`;
  }
  return "done";
}

test("an official files for who stands at the window", { timeout: 600_000 }, async (t) => {
  const home = await folder(t);
  const [data, hall] = [path.join(home, "data"), path.join(home, "departments")];
  const offices = await department(t, hall);
  const connected = ["--departments", offices.url, "--departments-secrets", path.join(hall, "secrets")];
  const accounts = {
    clerk: await addUser({ data }, "clerk", ["service_clerk:housing_fund_centre:yaoguang"]),
    other: await addUser({ data }, "other", ["service_clerk:market_bureau:yaoguang"]),
    reviewer: await addUser({ data }, "reviewer", ["service_reviewer:housing_fund_centre:yaoguang"]),
  };
  const server = await serve(t, { data, args: connected });
  const { clerk, other, reviewer } = await signInAll(server.base, accounts);
  const elder = await register(server.base, "elder", "张大爷", offices.people[0]);
  const browser = await launch(t);
  const desk = await person(browser, server.base, "desk");
  const { page } = desk;
  const clean = async (what) => {
    await page.waitForTimeout(200);
    const wider = await overflow(page);
    assert.deepEqual([...(await barriers(page)), ...(wider > 1 ? [`${what} is ${wider} px wider`] : []), ...desk.faults], [], what);
  };
  let case_no;

  await t.test("somebody without a booking shows a code, and is filed for", async () => {
    const { code } = await elder.post("/mandates", { departments: true, days: 1, services: [SERVICE] });
    await page.goto("/centre/sign-in?then=/counter");
    await page.locator("input[autocomplete=username]").fill("clerk");
    await page.locator("input[type=password]").fill(PASSWORD);
    await page.getByRole("button", { name: "登录", exact: true }).click();
    await page.waitForURL("**/centre/counter");
    await page.getByText("今天还没有人取号。").waitFor();
    await clean("an empty hall");
    await shoot(page, "counter-empty");
    await page.getByLabel("对方手机上的授权码").fill(`${code.slice(0, 5)} ${code.slice(5).toLowerCase()}`);
    await page.getByRole("button", { name: "开始受理" }).click();
    await page.getByText("正在为张大爷办理").waitFor();
    await page.getByRole("combobox", { name: "办理事项" }).click();
    await page.getByRole("option", { name: "租房提取住房公积金" }).click();
    await page.getByRole("button", { name: "请部门填" }).click();
    await page.getByText(offices.people[0].name).waitFor();
    await page.getByRole("button", { name: "当面核对后提交" }).click();
    await page.getByText("还有没填好的").waitFor();
    await clean("a form at the window");
    await shoot(page, "counter-form");
    await page.getByText("已备案").click();
    await page.getByLabel(/房租|租金/).fill("1800");
    await page.getByText("同意联网核查").click();
    await page.getByLabel(/地址/).fill("天权区文昌路 1 号");
    await page.getByText("按月").click();
    await page.getByRole("button", { name: "当面核对后提交" }).click();
    await page.getByText("已经提交").waitFor();
    case_no = await page.locator(".slip .number").textContent();
    assert.equal(await page.locator(".slip svg.qr").count(), 1);
    await clean("the slip");
    await shoot(page, "counter-slip");
    await page.getByRole("button", { name: "办完，清屏" }).click();
    await page.getByText("今天还没有人取号。").waitFor();
    assert.equal(await page.getByText("张大爷").count(), 0, "nothing of them is left on the screen");
    assert.equal(await refused(clerk.post("/counter/sittings", { office: "housing_fund_centre", code, departments: true })), "422 wrong_code", "a code is used once");
  });

  await t.test("the case records the window, the official and the person; the person sees who did what", async () => {
    assert.deepEqual((await elder.get("/reports/mine")).items.map((one) => one.case_no), [case_no]);
    const { items } = await clerk.get(`/cases/${case_no}/events`);
    assert.deepEqual([items[0].actor.kind, items[0].actor.name, items[0].body.channel], ["staff", "clerk", "counter"]);
    const trail = await elder.get("/accesses");
    assert.ok(trail.acts.some((one) => one.act === "applied" && one.agent === "clerk" && one.case_no === case_no));
    assert.ok(trail.fetches.some((one) => one.asked_by === "clerk"));
    const { given } = await elder.get("/mandates");
    const sitting = given.find((one) => one.basis === "counter");
    assert.deepEqual([sitting.state, Boolean(sitting.office)], ["ended", true]);
  });

  await t.test("a number drawn today lets the office file, and nobody else", async () => {
    const act = { office: "housing_fund_centre", case_no, departments: false };
    assert.equal(await refused(clerk.post("/counter/sittings", act)), "409 not_at_window", "nobody came with it");
    assert.equal(await refused(reviewer.post("/counter/sittings", act)), "403 forbidden", "not a post at a window");
    assert.equal(await refused(other.post("/counter/sittings", act)), "403 forbidden", "another office");
    assert.equal(await refused(elder.post("/counter/sittings", act)), "403 forbidden");
    assert.equal(await refused(new Visitor(server.base).get("/counter")), "401 not_signed_in");
    const { code } = await elder.post("/mandates", { departments: false, days: 1 });
    const { mandate } = await clerk.post("/counter/sittings", { office: "housing_fund_centre", code, departments: true });
    assert.equal(mandate.departments, false, "what they chose on their phone counts");
    const headers = { "x-acting-for": mandate.id };
    const under = (method, url, body) => clerk.send(method, url, { headers, body });
    assert.equal(await refused(under("POST", `/services/${SERVICE}/prefill`, { sources: ["population"] })), "403 not_for_others", "departments were not agreed to");
    assert.equal(await refused(under("GET", `/reports/${case_no}`)), "404 not_found", "applications are filed at a window, not read");
    assert.equal(await refused(under("GET", "/reports/mine")), "403 not_for_others");
    assert.equal(await refused(under("GET", "/services/food_business_licence/draft")), "403 not_for_others", "a service of another office");
    assert.equal(await refused(other.send("GET", `/services/${SERVICE}/draft`, { headers })), "403 mandate_ended", "another official");
    await elder.send("DELETE", `/mandates/${mandate.id}`);
    assert.equal(await refused(under("GET", `/services/${SERVICE}/prefill`)), "403 mandate_ended", "the person ends it");
  });
});
