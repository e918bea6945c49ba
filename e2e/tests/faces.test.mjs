// A story across the three faces in a real browser: from a resident's photo to the stars given at the end.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { barriers, launch, overflow, person, shoot } from "../lib/browser.mjs";
import { folder, serve, until } from "../lib/dipper.mjs";
import { makeStaff } from "../lib/staff.mjs";
import { png } from "../lib/visitor.mjs";

/** Presses an action of the centre's case page and sends its form. */
async function actAtCentre(page, no, title, fill = async () => {}) {
  await page.goto(`/centre/cases/${no}`);
  const panel = page.locator(".actions").first();
  await panel.getByRole("button", { name: new RegExp(`^${title}`) }).click();
  const form = panel.locator("form");
  await fill(form);
  await form.locator("button[type=submit]").click();
  await form.waitFor({ state: "detached" });
}

/** Presses an action of the field's case page and sends its sheet. */
async function actInField(page, no, title, fill = async () => {}) {
  await page.goto(`/field/cases/${no}`);
  await page.locator(".foot").waitFor();
  const direct = page.locator(".foot").getByRole("button", { name: title, exact: true });
  if (await direct.count()) await direct.click();
  else {
    await page.locator(".foot button").first().click();
    await page.getByRole("dialog").getByRole("button", { name: title, exact: true }).click();
  }
  const sheet = page.getByRole("dialog");
  await fill(sheet);
  await sheet.getByRole("button", { name: title, exact: true }).click();
  await sheet.waitFor({ state: "detached" });
}

async function signIn(page, face, { login, password }) {
  await page.goto(`${face}sign-in`);
  await page.getByLabel("账号").fill(login);
  await page.getByLabel("密码").fill(password);
  await page.getByRole("button", { name: "登录", exact: true }).click();
  await page.waitForURL((url) => !url.pathname.endsWith("sign-in"));
}

/** Waits until the free part of the map stands still and shows more than one colour: that packs into a few hundred bytes. */
async function drawn(page, address) {
  const canvas = page.locator("canvas.maplibregl-canvas").first();
  await canvas.waitFor();
  await canvas.scrollIntoViewIfNeeded();
  const box = await canvas.boundingBox();
  const clip = { x: box.x + box.width * 0.45, y: box.y + box.height * 0.3, width: box.width * 0.4, height: box.height * 0.3 };
  let before = Buffer.alloc(0);
  await until(`the map of ${address} drawn`, async () => {
    const now = await page.screenshot({ clip });
    const still = now.equals(before) && now.length > 4_000;
    before = now;
    await page.waitForTimeout(500);
    return still;
  }, 90_000);
}

test("a story across the three faces", { timeout: 600_000 }, async (t) => {
  const home = await folder(t);
  const city = { data: path.join(home, "data") };
  const accounts = await makeStaff(city);
  const server = await serve(t, city);
  const browser = await launch(t);
  const photos = [];
  for (let seed = 1; seed <= 6; seed++) {
    photos.push(path.join(home, `photo${seed}.png`));
    await writeFile(photos.at(-1), png(seed, 640, 480));
  }
  const people = [];
  const enter = async (size) => {
    const one = await person(browser, server.base, size);
    people.push(one);
    return one.page;
  };
  const resident = await enter("phone");
  let no;

  await t.test("the first load of the resident's face is light", async () => {
    await resident.goto("/", { waitUntil: "networkidle" });
    const bytes = await resident.evaluate(() =>
      performance.getEntriesByType("resource").filter(({ name }) => /\.js(\?|$)/.test(name)).reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0),
    );
    t.diagnostic(`${(bytes / 1000).toFixed(1)} kB of JavaScript before interaction`);
    assert.ok(bytes > 0 && bytes <= 150_000, `${bytes} bytes`);
  });

  await t.test("a resident reports with a photo in four steps", async () => {
    await resident.getByRole("link", { name: /我要上报/ }).first().click();
    await resident.locator("input[type=file]").first().setInputFiles(photos[0]);
    await resident.locator(".photo img").first().waitFor();
    await resident.getByLabel("搜一搜，例如：路灯、井盖、垃圾").fill("路灯");
    await resident.locator("button.line").filter({ has: resident.locator("strong", { hasText: /^路灯$/ }) }).click();
    await resident.waitForURL("**/report/where");
    await resident.getByRole("button", { name: "用我现在的位置" }).click();
    await resident.getByText("鼓楼街道").first().waitFor();
    const address = resident.getByRole("combobox", { name: /地址/ });
    await address.fill("鼓楼街");
    await resident.getByRole("option", { name: /^鼓楼街道 / }).click();
    assert.equal(await address.inputValue(), "鼓楼街道");
    await shoot(resident, "resident-where");
    await resident.getByRole("button", { name: "下一步：说一说" }).click();
    await resident.getByLabel(/情况说明/).fill("路口的灯三天没亮了，晚上看不清台阶。");
    await resident.getByRole("button", { name: "下一步：确认" }).click();
    await shoot(resident, "resident-confirm");
    await resident.getByRole("button", { name: "发送", exact: true }).click();
    await resident.waitForURL("**/report/sent/*");
    no = new URL(resident.url()).pathname.split("/").at(-1);
    assert.match(no, /^[A-Z]+-?\d/);
    await shoot(resident, "resident-sent");
    assert.deepEqual(await barriers(resident), []);
  });

  const acceptor = await enter("desk");
  const chief = await enter("desk");
  const dispatcher = await enter("desk");
  const collector = await enter("phone");
  const handler = await enter("phone");
  const checker = await enter("phone");

  await t.test("everybody signs in at their face", async () => {
    await signIn(acceptor, "/centre/", accounts.acceptor);
    await signIn(chief, "/centre/", accounts.chief);
    await signIn(dispatcher, "/centre/", accounts.dispatcher);
    await signIn(collector, "/field/", accounts.collector);
    await signIn(handler, "/field/", accounts.handler);
    await signIn(checker, "/field/", accounts.checker);
  });

  await t.test("accepted in the centre, verified in the field, filed and dispatched", async () => {
    await acceptor.goto("/centre/queues");
    await acceptor.getByText(no).first().waitFor().catch(async (error) => {
      await shoot(acceptor, "failed-queue");
      throw error;
    });
    await actAtCentre(acceptor, no, "受理并派核实");
    await actAtCentre(chief, no, "指定核实人", async (form) => {
      await form.getByRole("combobox").fill("collector");
      await form.getByRole("option", { name: "collector" }).click();
      await shoot(chief, "centre-assign");
    });
    await collector.goto("/field/");
    await actInField(collector, no, "核实属实", async (sheet) => {
      await sheet.locator("input[type=file]").first().setInputFiles(photos[1]);
      await sheet.locator(".photo img").first().waitFor();
      await shoot(collector, "field-verify");
    });
    await actAtCentre(chief, no, "立案", async (form) => {
      await form.locator("label.option input").first().check();
    });
    await actAtCentre(dispatcher, no, "派遣");
  });

  await t.test("handled with photos before and after, confirmed, checked by another, closed", async () => {
    await actInField(handler, no, "处置完毕", async (sheet) => {
      const inputs = sheet.locator(".add input[type=file]:not([capture])");
      await inputs.nth(0).setInputFiles(photos[2]);
      await sheet.locator(".photo img").first().waitFor();
      await inputs.nth(1).setInputFiles(photos[3]);
      await sheet.locator(".photo img").nth(1).waitFor();
      await sheet.getByLabel(/处置情况/).fill("更换灯头，已恢复照明。");
      await shoot(handler, "field-complete");
    });
    await actAtCentre(dispatcher, no, "确认反馈，转核查");
    await actInField(checker, no, "核查通过", async (sheet) => {
      await sheet.locator("input[type=file]").first().setInputFiles(photos[4]);
      await sheet.locator(".photo img").first().waitFor();
    });
    await actAtCentre(chief, no, "结案");
  });

  await t.test("the resident sees every step, rates it, and checks a receipt", async () => {
    await resident.goto(`/reports/${no}`);
    await resident.getByRole("button", { name: "评价" }).click();
    const sheet = resident.getByRole("dialog");
    await sheet.locator(".star").nth(4).click();
    await sheet.getByRole("button", { name: "评价", exact: true }).click();
    await sheet.waitFor({ state: "detached" });
    await resident.locator(".rated").waitFor();
    await shoot(resident, "resident-rated");
    await resident.getByRole("button", { name: "验证这一步" }).last().click();
    await resident.getByText("这一步已写入存证，未被改动").waitFor();
    await shoot(resident, "resident-receipt");
  });

  const pages = [
    ["resident", undefined, ["/", "/nearby", "/reports", `/reports/${no}`, "/report/what", "/me", "/grid", "/verify", "/services", "/services/social_card_issue"]],
    ["field", accounts.collector, ["/field/", `/field/cases/${no}`, "/field/map", "/field/patrol", "/field/me"]],
    ["centre", accounts.chief, ["/centre/map", "/centre/queues", `/centre/cases/${no}`, "/centre/board", "/centre/pack", "/centre/report", "/centre/grid"]],
  ];
  for (const size of ["phone", "desk"]) {
    for (const [face, account, addresses] of pages) {
      await t.test(`${face} on the ${size}: every page fits, has no serious barrier and asks no other host`, async () => {
        const one = await person(browser, server.base, size);
        if (account) await signIn(one.page, `/${face}/`, account);
        const faults = [];
        for (const address of addresses) {
          await one.page.goto(address, { waitUntil: "load" });
          // Live streams keep the network busy: pages are ready when nothing shows that it is loading.
          await one.page.waitForFunction(() => document.body.innerText.trim().length > 20);
          await one.page.waitForFunction(() => !document.querySelector(".bone, .skeleton, [aria-busy=true]"), undefined, { timeout: 30_000 }).catch(() => faults.push(`${address} goes on loading`));
          if (/map$|nearby$|^\/centre\/cases/.test(address)) await drawn(one.page, address);
          await shoot(one.page, `${size}-${address.replace(no, "case").replaceAll("/", "_").replace(/^_/, "") || "home"}`);
          faults.push(...(await barriers(one.page)).map((fault) => `${address}: ${fault}`));
          const wider = await overflow(one.page);
          if (wider > 1) faults.push(`${address} is ${wider} px wider than its window`);
        }
        faults.push(...one.faults);
        await one.context.close();
        assert.deepEqual(faults, []);
      });
    }
  }

  await t.test("nobody asked another host, and no page failed", () => {
    assert.deepEqual(people.flatMap(({ faults }) => faults), []);
  });
});
