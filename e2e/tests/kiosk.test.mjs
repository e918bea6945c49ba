// A terminal of a service hall: opened once, signed in at with one's own phone, an application handed in, nothing left behind.
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { barriers, launch, overflow, person, shoot } from "../lib/browser.mjs";
import { addUser, folder, must, serve, until } from "../lib/dipper.mjs";
import { signInAll } from "../lib/staff.mjs";
import { askToSignIn } from "../lib/terminal.mjs";
import { Visitor } from "../lib/visitor.mjs";

const PASSWORD = "a long enough word";
const NAME = "赵奶奶的账号";
const SERVICE = "water_household_quota";
const OFFICE = "water_supply";
const TITLE = "一楼大厅 1 号";
const PHONE = "13800138077";

async function refused(call) {
  try {
    await call;
  } catch (error) {
    return `${error.status} ${error.body?.code}`;
  }
  return "done";
}

test("a terminal of a service hall", { timeout: 600_000 }, async (t) => {
  const data = path.join(await folder(t), "data");
  const accounts = { clerk: await addUser({ data }, "clerk", [`service_clerk:${OFFICE}:yaoguang`]) };
  const server = await serve(t, { data });
  const common = ["--data", data, "--pack", "packs/demo"];
  const opened = await must(["kiosk", "add", "hall-1", "--office", OFFICE, "--title", TITLE, ...common]);
  const opening = opened.trim().split("#").at(-1);
  const visitor = new Visitor(server.base);
  await visitor.post("/residents", { login: "grandma", password: PASSWORD, display_name: NAME });
  const browser = await launch(t);
  const hall = await person(browser, server.base, "desk");
  const own = await person(browser, server.base);
  await hall.page.setViewportSize({ width: 1080, height: 1920 });
  const [terminal, phone] = [hall.page, own.page];
  const clean = async ({ page, faults }, what) => {
    await page.waitForTimeout(300);
    const wider = await overflow(page);
    assert.deepEqual([...(await barriers(page)), ...(wider > 1 ? [`${what} is ${wider} px wider`] : []), ...faults], [], what);
  };
  let case_no;

  await t.test("is opened with its code, once", async () => {
    await terminal.goto("/kiosk");
    await terminal.getByText("供大厅工作人员使用").waitFor();
    await clean(hall, "opening");
    await terminal.goto(`/kiosk#${opening}`);
    await terminal.reload();
    await terminal.getByRole("textbox").fill(`${opening.slice(0, 5)} ${opening.slice(5).toLowerCase()}`);
    await terminal.getByRole("button", { name: "启用" }).click();
    await terminal.getByText("您好，请选择").waitFor();
    await clean(hall, "the first page");
    await shoot(terminal, "kiosk-start");
    assert.equal(await refused(visitor.post("/kiosk", { code: opening })), "404 kiosk_code", "the code is used up");
    await terminal.goto("/me/security");
    await terminal.waitForURL("**/kiosk");
  });

  await t.test("somebody signs in with their own phone, after proving who they are", async () => {
    await phone.goto("/sign-in");
    await phone.getByLabel("账号", { exact: true }).fill("grandma");
    await phone.getByLabel("密码", { exact: true }).fill(PASSWORD);
    await phone.getByRole("button", { name: "登录", exact: true }).click();
    await phone.waitForURL("**/reports");
    const code = await askToSignIn(terminal, phone, TITLE);
    await clean(hall, "the code");
    await shoot(terminal, "kiosk-code");
    await clean(own, "the question on the phone");
    await shoot(phone, "kiosk-phone");
    await phone.getByRole("button", { name: "确认登录" }).click();
    await phone.getByText("已确认").waitFor();
    await terminal.getByText(`${NAME}，您好`).waitFor();
    await clean(hall, "signed in");
    await shoot(terminal, "kiosk-signed-in");
    await phone.goto("/me");
    await phone.goto(`/at-kiosk#${code}`);
    await phone.getByText("没有终端在显示这个码").waitFor();
  });

  await t.test("only what is listed is done there, whoever is signed in", async () => {
    const status = (method, address, body) =>
      terminal.evaluate(
        async ([method, address, body]) => {
          const session = await (await fetch("/api/v1/session")).json();
          const headers = { "x-csrf-token": session.csrf_token, "content-type": "application/json" };
          const answer = await fetch(`/api/v1${address}`, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
          return `${answer.status} ${(await answer.json().catch(() => ({}))).code ?? ""}`.trim();
        },
        [method, address, body],
      );
    for (const [method, address, body] of [
      ["GET", "/security"],
      ["PUT", "/security/password", { password: "another long word" }],
      ["GET", "/person/export"],
      ["POST", "/person/erasure"],
      ["GET", "/mandates"],
      ["POST", "/session", { login: "grandma", password: PASSWORD }],
      ["POST", "/residents", { login: "thief", password: PASSWORD, display_name: "x" }],
      ["GET", "/hospitals"],
    ]) {
      assert.equal(await status(method, address, body), "403 not_at_kiosk", `${method} ${address}`);
    }
    assert.equal(await status("GET", "/reports/mine"), "200");
  });

  await t.test("an application is filled in and handed in there", async () => {
    await terminal.getByRole("link", { name: "找事项、办业务" }).click();
    await terminal.getByRole("searchbox").fill("阶梯水价");
    await terminal.getByRole("link", { name: /阶梯水价/ }).first().click();
    await terminal.getByRole("link", { name: "在线办理" }).click();
    await terminal.getByRole("button", { name: "开始填写" }).click();
    for (let step = 0; step < 12 && !terminal.url().includes("/apply/check"); step++) {
      await terminal.waitForURL(/apply\/(q\/|check)/);
      const address = terminal.url();
      if (address.includes("/apply/check")) break;
      const id = address.split("/").at(-1);
      if (id === "check") await terminal.getByText("同意自动核对").click();
      else await terminal.locator("main form :is(input, textarea)").fill({ account_no: "W-2201", people: "6", phone: PHONE }[id] ?? "1");
      if (id === "phone") await shoot(terminal, "kiosk-question");
      await terminal.locator("main form button[type=submit]").click();
      await terminal.waitForURL((url) => url.href !== address);
    }
    await clean(hall, "the answers");
    await terminal.locator("main").getByRole("button", { name: /提交/ }).click();
    await terminal.waitForURL("**/applied/**");
    case_no = decodeURIComponent(terminal.url().split("/applied/")[1]);
    await clean(hall, "handed in");
    await shoot(terminal, "kiosk-applied");
    const { clerk } = await signInAll(server.base, accounts);
    const { items } = await clerk.get(`/cases/${case_no}/events`);
    assert.equal(items[0].body.channel, "kiosk");
  });

  await t.test("ending leaves nothing: not in the browser, not by going back", async () => {
    await terminal.getByRole("button", { name: "结束使用" }).click();
    await terminal.waitForURL("**/kiosk");
    await terminal.getByText("您好，请选择").waitFor();
    const left = await terminal.evaluate(async () => {
      const stores = await indexedDB.databases();
      const caches = await globalThis.caches.keys();
      const workers = await navigator.serviceWorker.getRegistrations();
      return { local: JSON.stringify(localStorage), session: JSON.stringify(sessionStorage), cookie: document.cookie, stores: stores.length, caches: caches.length, workers: workers.length };
    });
    assert.deepEqual([left.stores, left.caches, left.workers, left.cookie], [0, 0, 0, ""]);
    for (const words of [NAME, PHONE, case_no, "grandma"]) assert.ok(!(left.local + left.session).includes(words), words);
    assert.deepEqual((await hall.context.cookies()).map(({ name }) => name), ["dipper_kiosk"]);
    await terminal.goBack();
    await terminal.waitForTimeout(1_500);
    const shown = await terminal.locator("body").innerText();
    for (const words of [NAME, PHONE, case_no]) assert.ok(!shown.includes(words), `${words} comes back`);
    assert.equal((await visitor.signIn({ login: "grandma", password: PASSWORD }), (await visitor.get("/reports/mine")).items.length), 1, "it is hers, from her own phone");
  });

  await t.test("who walks away is signed out after a quiet minute and a countdown", async () => {
    await terminal.clock.install();
    await terminal.goto("/kiosk");
    await askToSignIn(terminal, phone, TITLE);
    await phone.getByRole("button", { name: "确认登录" }).click();
    await phone.getByText("已确认").waitFor();
    await until("the terminal hears of it", async () => {
      await terminal.clock.runFor(2_000);
      return (await terminal.getByText(`${NAME}，您好`).count()) === 1;
    });
    await terminal.clock.runFor(61_000);
    await terminal.getByText("您还在吗？").waitFor();
    await shoot(terminal, "kiosk-idle");
    await terminal.getByRole("button", { name: "我还在" }).click();
    assert.equal(await terminal.getByText("您还在吗？").isVisible(), false);
    await terminal.clock.runFor(61_000);
    await terminal.getByText("您还在吗？").waitFor();
    await terminal.clock.runFor(31_000);
    await terminal.getByText("您好，请选择").waitFor();
    await until("the session is over", async () => (await hall.context.cookies()).every(({ name }) => name !== "dipper_session"));
  });

  await t.test("a terminal that is removed is a browser like any other", async () => {
    await must(["kiosk", "remove", "hall-1", ...common]);
    // The page may be loading anew by itself just now.
    await terminal.goto("/kiosk").catch(() => {});
    await until("the cookie is gone", async () => {
      await terminal.clock.runFor(1_000);
      return (await hall.context.cookies()).length === 0;
    });
    await until("the page, which loads anew, has forgotten too", async () => {
      const kept = await terminal.evaluate(() => localStorage.getItem("dipper.kiosk")).catch(() => "loading");
      return kept === null;
    });
  });
});
