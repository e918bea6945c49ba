// The grid pages of the centre and of residents, and cases within a drawn area, in a real browser at two sizes.
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { barriers, launch, overflow, person, shoot } from "../lib/browser.mjs";
import { folder, serve } from "../lib/dipper.mjs";
import { CATEGORY, makeStaff, PLACE } from "../lib/staff.mjs";
import { Visitor } from "../lib/visitor.mjs";

/** The cell of level 7 that holds the place, by the server. */
async function cellAt(base, level, height_m) {
  const query = new URLSearchParams({ ...PLACE, level, ...(height_m === undefined ? {} : { height_m }) });
  return (await fetch(`${base}/api/v1/grid/cell?${query}`)).json();
}

async function signIn(page, { login, password }, address = "/centre/sign-in") {
  await page.goto(address);
  await page.getByLabel("账号").fill(login);
  await page.getByLabel("密码").fill(password);
  await page.getByRole("button", { name: "登录", exact: true }).click();
  await page.waitForURL((url) => !url.pathname.endsWith("sign-in"));
}

/** The code the page shows now, as it would be copied. */
const shownCode = (page) => page.locator(".grid-code .grid-hidden").first();

async function faultsOf(page, address, faults) {
  const wider = await overflow(page);
  return [...(await barriers(page)), ...(wider > 1 ? [`${address} is ${wider} px wider than its window`] : []), ...faults];
}

/** Everything the grid page does, in the order a person would try it. */
async function tryGrid({ page, faults }, base, address, name) {
  const flat = await cellAt(base, 7);
  await page.goto(`${address}?level=7&at=${PLACE.lon},${PLACE.lat}`);
  await page.locator("canvas.maplibregl-canvas").waitFor();
  await page.getByText(flat.code, { exact: true }).first().waitFor({ state: "attached" });
  assert.equal(await shownCode(page).textContent(), flat.code);
  await page.getByText(flat.key, { exact: true }).waitFor({ state: "attached" });
  assert.deepEqual(await faultsOf(page, address, faults), []);

  // Up to level 5 by its line of the code.
  await page.getByRole("button", { name: new RegExp(`看网格 ${flat.parents[4]}$`) }).click();
  await page.waitForURL((url) => url.searchParams.get("level") === "5");
  assert.equal(await shownCode(page).textContent(), flat.parents[4]);

  await page.getByRole("button", { name: "复制网格码" }).click();
  await page.getByText("已复制").waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), flat.parents[4]);

  // A wrong character is named; a good code of three dimensions is found and drawn.
  const field = page.getByLabel(/输入网格码/);
  const find = page.getByRole("button", { name: "查位置" });
  await field.fill(`${flat.code.slice(0, 4)}Z${flat.code.slice(5)}`);
  await find.click();
  await page.getByText("第 5 个字符“Z”不对").waitFor();
  await shoot(page, `grid-${name}-refused`);
  const tall = await cellAt(base, 6, 120);
  await field.fill(tall.code.toLowerCase());
  await find.click();
  await page.getByText(tall.heights.footprint, { exact: true }).waitFor({ state: "attached" });
  assert.equal(await shownCode(page).textContent(), tall.code);
  assert.equal(await page.locator(".grid-refused").count(), 0);

  // Below ground the layers are mirrored, and the address keeps the height.
  await page.getByLabel("大地高，米").fill("-10");
  const deep = await cellAt(base, 6, -10);
  await page.waitForFunction((code) => document.querySelector(".grid-code .grid-hidden")?.textContent === code, deep.code);
  await page.waitForURL((url) => url.searchParams.get("height") === "-10");
  await shoot(page, `grid-${name}-deep`);
  assert.deepEqual(await faultsOf(page, address, faults), []);

  // Shared, the address shows the same.
  await page.reload();
  await page.waitForFunction((code) => document.querySelector(".grid-code .grid-hidden")?.textContent === code, deep.code);
}

test("the grid and areas", { timeout: 900_000 }, async (t) => {
  const city = { data: path.join(await folder(t), "data") };
  const { chief } = await makeStaff(city, ["chief"]);
  const server = await serve(t, city);
  const visitor = new Visitor(server.base);
  // Three lamps: two within 200 m of the place, one about 700 m east of it.
  const lamps = [];
  for (const east of [0, 0.001, 0.0075]) {
    lamps.push((await visitor.report({ category: CATEGORY, description: "灯不亮", lon: PLACE.lon + east, lat: PLACE.lat })).case_no);
  }
  const browser = await launch(t);
  const enter = async (size, account) => {
    const one = await person(browser, server.base, size);
    await one.context.grantPermissions(["clipboard-read", "clipboard-write", "geolocation"]);
    if (account) await signIn(one.page, account);
    return one;
  };

  for (const size of ["phone", "desk"]) {
    await t.test(`residents read, copy and decode codes on the ${size}, without signing in`, async () => {
      const one = await enter(size);
      await tryGrid(one, server.base, "/grid", `resident-${size}`);
      await one.context.close();
    });

    await t.test(`the centre does the same on the ${size}`, async () => {
      const one = await enter(size, chief);
      await tryGrid(one, server.base, "/centre/grid", `centre-${size}`);
      await one.context.close();
    });

    await t.test(`cases within an area are listed on the ${size}`, async () => {
      const { context, page, faults } = await enter(size, chief);
      await page.goto("/centre/map");
      const canvas = page.locator("canvas.maplibregl-canvas");
      await canvas.waitFor();
      // To the place, by what anybody can press: the person stands there.
      const arrived = page.waitForRequest((request) => {
        const { pathname, searchParams } = new URL(request.url());
        return pathname === "/api/v1/map/cases" && Number(searchParams.get("zoom")) >= 16;
      });
      await page.getByRole("button", { name: "定位到我的位置" }).click();
      await arrived;
      await page.getByRole("button", { name: "圈圆" }).click();
      await page.getByRole("button", { name: "200 米", exact: true }).click();
      await page.getByRole("button", { name: "以十字为圆心" }).click();
      await page.getByRole("heading", { name: "圈内 2 件" }).waitFor();
      const results = page.getByRole("region", { name: "圈内案件" });
      assert.equal(await results.getByText(lamps[2]).count(), 0);
      await page.getByRole("button", { name: "1000 米", exact: true }).click();
      await page.getByRole("heading", { name: "圈内 3 件" }).waitFor();
      await shoot(page, `area-${size}-circle`);
      assert.deepEqual(await faultsOf(page, "/centre/map", faults), []);
      // Sent or loaded again, the address shows the same area; on a phone the map first, and what it holds on the button.
      assert.equal(new URL(page.url()).searchParams.get("radius_m"), "1000");
      await page.reload();
      if (size === "phone") await page.getByRole("button", { name: /^圈内 3 件/ }).click();
      await page.getByRole("heading", { name: "圈内 3 件" }).waitFor();
      // The page's filters count here too.
      await page.getByText("超时", { exact: true }).last().click();
      await page.getByRole("heading", { name: "圈内 0 件" }).waitFor();
      await page.getByText("全部", { exact: true }).last().click();
      await results.getByText(lamps[0]).click();
      await page.getByRole("complementary", { name: "案件摘要" }).getByText(lamps[0]).waitFor();
      await page.keyboard.press("Escape");
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "圈多边形" }).waitFor();
      await context.close();
    });
  }

  await t.test("an area that was sent is shown after signing in", async () => {
    const { context, page, faults } = await enter("desk");
    const area = new URLSearchParams({ ...PLACE, radius_m: 1000 });
    await signIn(page, chief, `/centre/map?${area}`);
    await page.getByRole("heading", { name: "圈内 3 件" }).waitFor();
    assert.equal(new URL(page.url()).search, `?${area}`);
    assert.deepEqual(faults, []);
    await context.close();
  });

  await t.test("a polygon is drawn by presses, taken back, finished and cleared", async () => {
    const { context, page, faults } = await enter("desk", chief);
    await page.goto("/centre/map");
    const canvas = page.locator("canvas.maplibregl-canvas");
    await canvas.waitFor();
    await page.getByRole("button", { name: "圈多边形" }).click();
    const { x, y, width, height } = await canvas.boundingBox();
    const press = (right, down) => page.mouse.click(x + width * right, y + height * down);
    await press(0.35, 0.15);
    await press(0.95, 0.2);
    await page.getByText("已有 2 个角").waitFor();
    await press(0.6, 0.6);
    await page.getByRole("button", { name: "撤销" }).click();
    await page.getByText("已有 2 个角").waitFor();
    await press(0.9, 0.85);
    await press(0.35, 0.85);
    await shoot(page, "area-desk-drawing");
    await page.getByRole("button", { name: "完成" }).click();
    await page.getByRole("heading", { name: /^圈内 \d+ 件$/ }).waitFor();
    await shoot(page, "area-desk-polygon");
    assert.equal(new URL(page.url()).searchParams.get("polygon").split(" ").length, 4);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "圈圆" }).waitFor();
    assert.deepEqual(faults, []);
    await context.close();
  });
});
