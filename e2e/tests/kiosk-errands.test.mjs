// What people do at a terminal of a service hall: pay with their phone, add a picture and correct, book, draw their number
// and print it; in both languages.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { cp, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { barriers, launch, overflow, person, shoot } from "../lib/browser.mjs";
import { folder, freePort, must, ROOT, serve } from "../lib/dipper.mjs";
import { gateway } from "../lib/gateway.mjs";
import { signInAt } from "../lib/terminal.mjs";
import { png, Visitor } from "../lib/visitor.mjs";

const GRANDMA = { login: "grandma", password: "a long enough word" };
const SERVICE = "driving_licence_renew";
const TITLE = "车管所大厅 2 号";
const ANSWERS = { medical: "online", photo: "medical", id_number: "11010519491231002X", delivery: "window", phone: "13800000000" };

/** The demo city, whose vehicle office has its windows open day and night, and books until the last minute. */
async function cityThatNeverSleeps(home) {
  const pack = path.join(home, "pack");
  await cp(path.join(ROOT, "packs/demo"), pack, { recursive: true });
  const file = path.join(pack, "services/a-traffic.yaml");
  const before = await readFile(file, "utf8");
  const after = before.replace("booking: {calendar: working, minutes: 15,", "booking: {calendar: round_the_clock, minutes: 15, notice_minutes: 0,");
  assert.notEqual(after, before);
  await writeFile(file, after);
  return pack;
}

test("errands at a terminal", { timeout: 600_000 }, async (t) => {
  const home = await folder(t);
  const [data, journal] = [path.join(home, "data"), path.join(home, "gateway")];
  const pack = await cityThatNeverSleeps(home);
  const port = await freePort();
  const taker = await gateway(t, journal, `http://127.0.0.1:${port}`);
  const server = await serve(t, { data, port, pack, args: ["--payment-gateway", taker.url, "--payment-secret", path.join(journal, "secret")] });
  const opened = await must(["kiosk", "add", "hall-2", "--office", "traffic_police", "--title", TITLE, "--data", data, "--pack", pack]);
  const she = new Visitor(server.base);
  await she.post("/residents", { ...GRANDMA, display_name: "王奶奶" });
  await she.signIn(GRANDMA);
  const { case_no } = await she.post(`/services/${SERVICE}/applications`, { answers: ANSWERS }, { "idempotency-key": randomUUID() });
  const other = await she.post("/services/water_household_quota/applications", { answers: { account_no: "W-2201", people: 6, phone: "13800000000", check: "online" } }, { "idempotency-key": randomUUID() });

  const browser = await launch(t);
  const [hall, own] = [await person(browser, server.base, "desk"), await person(browser, server.base)];
  await hall.page.setViewportSize({ width: 1080, height: 1920 });
  const [terminal, phone] = [hall.page, own.page];
  const clean = async ({ page, faults }, what) => {
    await page.waitForTimeout(300);
    const wider = await overflow(page);
    assert.deepEqual([...(await barriers(page)), ...(wider > 1 ? [`${what} is ${wider} px wider`] : []), ...faults], [], what);
  };

  await t.test("somebody signs in with their phone and finds their application", async () => {
    await terminal.goto(`/kiosk#${opened.trim().split("#").at(-1)}`);
    await terminal.getByRole("button", { name: "启用" }).click();
    await terminal.getByText("您好，请选择").waitFor();
    await phone.goto("/sign-in");
    await phone.getByLabel("账号", { exact: true }).fill(GRANDMA.login);
    await phone.getByLabel("密码", { exact: true }).fill(GRANDMA.password);
    await phone.getByRole("button", { name: "登录", exact: true }).click();
    await phone.waitForURL("**/reports");
    await signInAt(terminal, phone, TITLE);
    await terminal.getByRole("link", { name: "看进度、缴费、预约、取排队号" }).click();
    await terminal.getByRole("link", { name: /机动车驾驶证期满换证/ }).click();
    await terminal.waitForURL(`**/reports/${case_no}`);
    await clean(hall, "the application");
  });

  await t.test("the fee is paid on the phone; the terminal shows a code and hears of it", async () => {
    await terminal.getByRole("button", { name: "去缴费" }).click();
    await terminal.getByRole("heading", { name: "用手机扫码付款" }).waitFor();
    assert.equal(new URL(terminal.url()).pathname, `/reports/${case_no}`, "the terminal stays where it is");
    await clean(hall, "the code to pay");
    await shoot(terminal, "kiosk-pay");
    const { pay_url } = await she.post(`/reports/${case_no}/payment`);
    await phone.goto(pay_url);
    await phone.locator("button[value=agree]").click();
    await phone.waitForURL(`**/reports/${case_no}*`);
    await terminal.getByText("已缴费").first().waitFor();
    assert.equal(await terminal.getByRole("heading", { name: "用手机扫码付款" }).count(), 0);
    await clean(hall, "paid");
    await shoot(terminal, "kiosk-paid");
  });

  await t.test("a picture is added and the application corrected", async () => {
    await terminal.getByRole("link", { name: "填错了？更正" }).click();
    await terminal.waitForURL("**/correct");
    await terminal.getByText("换一张新照片").click();
    await terminal.locator("input[type=file]").first().setInputFiles({ name: "portrait.png", mimeType: "image/png", buffer: png(11) });
    await terminal.locator("img[src*='/evidence/']").first().waitFor();
    await clean(hall, "correcting");
    await shoot(terminal, "kiosk-correct");
    await terminal.getByRole("button", { name: "提交更正" }).click();
    await terminal.waitForURL(`**/reports/${case_no}`);
    const { answers } = await she.get(`/reports/${case_no}/application`);
    assert.deepEqual([answers.photo, answers.portrait.length], ["new", 1]);
  });

  await t.test("a time is booked, and its number drawn and printed", async () => {
    await terminal.getByRole("link", { name: "选一个时间" }).click();
    await terminal.waitForURL("**/visit");
    await terminal.getByRole("group", { name: "几点" }).getByRole("radio").first().check({ force: true });
    await terminal.getByRole("button", { name: "确认预约" }).click();
    await terminal.getByRole("button", { name: "取排队号" }).waitFor();
    await clean(hall, "booked");
    await terminal.goto(`/reports/${case_no}`);
    await terminal.getByRole("link", { name: "取排队号" }).click();
    await terminal.getByRole("button", { name: "取排队号" }).click();
    await terminal.getByRole("status").getByText("A001").waitFor();
    await clean(hall, "the number");
    await shoot(terminal, "kiosk-number");
    await terminal.evaluate(() => {
      globalThis.print = () => (globalThis.printed = true);
    });
    await terminal.getByRole("button", { name: "打印号条" }).click();
    assert.equal(await terminal.evaluate(() => globalThis.printed), true);
    await terminal.emulateMedia({ media: "print" });
    await terminal.setViewportSize({ width: 302, height: 600 });
    const seen = (await terminal.locator("body").innerText()).split("\n").filter(Boolean);
    for (const words of ["A001", "机动车驾驶证期满换证"]) assert.ok(seen.join(" ").includes(words), `${words} is on the slip`);
    for (const words of ["打印号条", "结束使用", "王奶奶"]) assert.ok(!seen.join(" ").includes(words), `${words} is not on the slip`);
    assert.ok((await overflow(terminal)) <= 1, "a roll of 80 mm is wide enough");
    await shoot(terminal, "kiosk-slip");
    await terminal.emulateMedia({ media: "screen" });
    await terminal.setViewportSize({ width: 1080, height: 1920 });
    assert.equal((await she.get(`/reports/${case_no}`)).visit.ticket, "A001");
  });

  await t.test("no number is drawn for an office that is elsewhere", async () => {
    const answer = await terminal.evaluate(async (no) => {
      const { csrf_token } = await (await fetch("/api/v1/session")).json();
      const drawn = await fetch(`/api/v1/reports/${no}/visit/arrival`, { method: "POST", headers: { "x-csrf-token": csrf_token } });
      return [drawn.status, (await drawn.json()).code];
    }, other.case_no);
    assert.deepEqual(answer, [409, "no_booking_here"]);
  });

  await t.test("all of it is there in English", async () => {
    await terminal.getByRole("button", { name: "English" }).click();
    const han = /\p{Script=Han}/u;
    for (const [address, words] of [
      ["/kiosk", "Welcome. What would you like to do?"],
      ["/reports", "My reports"],
      [`/reports/${case_no}`, "Print the number"],
      [`/reports/${case_no}/visit`, "Your number"],
      ["/services", "Services"],
    ]) {
      await terminal.goto(address);
      await terminal.getByText(words).first().waitFor();
      await clean(hall, `${address} in English`);
      const bare = (await terminal.locator("#main").innerText()).split("\n").filter((line) => han.test(line));
      t.diagnostic(`${address}: ${bare.join(" | ")}`);
      await shoot(terminal, `kiosk-en-${address.split("/").at(-1)}`);
    }
    await terminal.getByRole("button", { name: "Finish" }).click();
    await terminal.getByText("您好，请选择").waitFor();
    await terminal.getByRole("button", { name: "English" }).click();
    await terminal.getByRole("button", { name: "Sign in with your phone" }).click();
    await terminal.getByText("Scan with your phone", { exact: true }).waitFor();
    await clean(hall, "the code in English");
    await shoot(terminal, "kiosk-en-code");
  });
});
