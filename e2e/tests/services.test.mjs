// The catalogue of services: found and read on a phone, imported on the command line, checked by other people's tools.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { barriers, launch, overflow, person, shoot } from "../lib/browser.mjs";
import { folder, ROOT, run, serve, SHARED } from "../lib/dipper.mjs";

const execute = promisify(execFile);

test("the catalogue conforms to CPSV-AP", { skip: SHARED ? false : "skipped: no shared data" }, async (t) => {
  const server = await serve(t, { data: path.join(await folder(t), "data") });
  const shapes = path.join(SHARED, "data/services/shapes/cpsv-ap-3.2.0/cpsv-ap-SHACL.ttl");
  const script = path.join(ROOT, "e2e/clients/check_cpsv.py");
  const interpreter = path.join(ROOT, "e2e/.venv/bin/python");
  const { stdout } = await execute(interpreter, [script, `${server.base}/api/v1/catalogue/cpsv-ap`, shapes], { timeout: 300_000 });
  const checked = JSON.parse(stdout);
  const { services } = await (await fetch(`${server.base}/api/v1/catalogue`)).json();
  assert.deepEqual(checked.violations, []);
  assert.equal(checked.services, services);
});

test("items of another system become a file of the pack, or nothing does", async (t) => {
  const place = await folder(t);
  const pack = path.join(place, "pack");
  await cp(path.join(ROOT, "packs/demo"), pack, { recursive: true });
  const [map, file] = [path.join(place, "map.yaml"), path.join(place, "items.csv")];
  await writeFile(
    map,
    "locale: zh-CN\ncolumns: {title: name, code: code, office: office, task_type: type}\ncode_forms: [local]\n" +
      "offices: {民政局: civil_affairs_bureau}\ntask_types: {'7': confirmation}\nlevel: district\naudience: [person]\n",
  );
  const code = (number) => `511A01380000${number}-990102000000-000-119901000000000000-1-00`;
  await writeFile(file, `name,code,office,type\n收养登记,${code("01")},民政局,7\n解除收养关系登记,${code("02")},民政局,7\n无主,${code("03")},卫健局,7\n`);
  const args = ["import", "services", "--pack", pack, "--map", map, file];
  const dry = await run([...args, "--dry-run"], { cwd: place });
  assert.equal(dry.code, 3, dry.stderr);
  assert.deepEqual(await run(["pack", "check", pack]).then(({ stdout }) => stdout.includes("收养")), false);
  const done = await run(args, { cwd: place });
  const { rows, imported, rejected } = JSON.parse(done.stdout);
  assert.deepEqual([done.code, rows, imported, rejected], [3, 3, 2, 1], done.stderr);
  assert.match(await readFile(path.join(place, "items.rejects.csv"), "utf8"), /4,"?the map names no office for/);
  assert.match(await readFile(path.join(pack, "services/imported.yaml"), "utf8"), /收养登记/);
  // A dry run touches nothing of the pack.
  const untouched = await stat(path.join(pack, "services/imported.yaml"));
  assert.equal(JSON.parse((await run([...args, "--dry-run"], { cwd: place })).stdout).imported, 2);
  assert.equal((await stat(path.join(pack, "services/imported.yaml"))).ino, untouched.ino);
  // What does not pass with the rest of the pack is not kept, and what stood there stays.
  const clash = path.join(place, "clash.yaml");
  await writeFile(clash, (await readFile(map, "utf8")).replace("zh-CN", "fr"));
  const refused = await run(["import", "services", "--pack", pack, "--map", clash, file], { cwd: place });
  assert.equal(refused.code, 1, refused.stdout);
  assert.match(refused.stderr, /nothing was kept of the import/);
  assert.equal((await stat(path.join(pack, "services/imported.yaml"))).ino, untouched.ino);
  // Done again, the file is made anew.
  const again = await run(args, { cwd: place });
  assert.equal(JSON.parse(again.stdout).imported, 2, again.stderr);
  const server = await serve(t, { data: path.join(place, "data"), pack });
  const found = await (await fetch(`${server.base}/api/v1/services?q=${encodeURIComponent("收养")}`)).json();
  assert.equal(found.total, 2);
});

test("residents find and read a service", { timeout: 600_000 }, async (t) => {
  const server = await serve(t, { data: path.join(await folder(t), "data") });
  const browser = await launch(t);
  for (const size of ["phone", "desk"]) {
    await t.test(`on the ${size}`, async () => {
      const { context, page, faults } = await person(browser, server.base, size);
      const clean = async (address) => {
        const wider = await overflow(page);
        assert.deepEqual([...(await barriers(page)), ...(wider > 1 ? [`${address} is ${wider} px wider`] : []), ...faults], []);
      };
      await page.goto("/");
      await page.getByRole("link", { name: /办事/ }).first().click();
      await page.getByRole("heading", { name: "按主题" }).waitFor();
      await page.getByText("承诺时限都不超过法定时限").waitFor();
      await clean("/services");
      await shoot(page, `services-${size}`);

      // First letters of a name that the item has by a synonym alone.
      await page.getByRole("searchbox").fill("sbk");
      await page.waitForURL((url) => url.searchParams.get("q") === "sbk");
      await page.getByRole("link", { name: /社会保障卡申领/ }).waitFor();
      await clean("/services?q=sbk");
      await page.getByRole("searchbox").fill("没有这样的事项吧哈哈");
      await page.waitForURL((url) => url.searchParams.get("q").startsWith("没有"));
      await page.getByText("没有找到这样的事项").first().waitFor();
      await shoot(page, `services-${size}-none`);

      await page.goto("/services?group=social");
      await page.getByRole("link", { name: /社会保障卡申领/ }).click();
      await page.getByRole("heading", { name: "社会保障卡申领" }).waitFor();
      await page.getByRole("heading", { name: "要准备什么" }).waitFor();
      await clean("/services/social_card_issue");
      await shoot(page, `services-${size}-guide`);
      await page.goBack();
      await page.waitForURL((url) => url.searchParams.get("group") === "social");

      // Nearest first: the phone is at a place, and every line says how far.
      await context.grantPermissions(["geolocation"]);
      await page.getByRole("button", { name: "离我最近" }).click();
      await page.getByText(/\d+(\.\d+)? ?(米|公里)/).first().waitFor();
      await clean("/services?near=1");
      await context.close();
    });
  }
});
