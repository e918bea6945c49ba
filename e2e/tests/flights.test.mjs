// Flights: files of a drone are chosen in the centre, sent piece by piece, sealed and looked at; a later flight over the same
// ground shows what was built; the flight becomes evidence of a case, and its archive holds offline.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { drawn, flight, tagged } from "../lib/aerial.mjs";
import { barriers, launch, overflow, person, shoot } from "../lib/browser.mjs";
import { addUser, folder, run, serve, until } from "../lib/dipper.mjs";
import { PLACE, signInAll } from "../lib/staff.mjs";

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

async function signIn(page, { login, password }, then) {
  await page.goto(`/centre/sign-in?then=${encodeURIComponent(then)}`);
  await page.locator("input[autocomplete=username]").fill(login);
  await page.locator("input[type=password]").fill(password);
  await page.getByRole("button", { name: /^(登录|Sign in)$/ }).click();
  await page.waitForURL(`**/centre${then}`);
}

test("flights", { timeout: 600_000 }, async (t) => {
  const home = await folder(t);
  const data = path.join(home, "data");
  const accounts = {
    pilot: await addUser({ data }, "pilot", ["dispatcher:command_centre:yaoguang"]),
    chief: await addUser({ data }, "chief", ["duty_chief:supervision_centre:yaoguang"]),
    stranger: await addUser({ data }, "stranger", ["supervisor:city_committee:tianxuan"]),
    collector: await addUser({ data }, "collector", ["collector:gulou-collectors:gulou"]),
    acceptor: await addUser({ data }, "acceptor", ["acceptor:supervision_centre:yaoguang"]),
  };
  const server = await serve(t, { data });
  const { pilot, chief, stranger, collector, acceptor } = await signInAll(server.base, accounts);
  const browser = await launch(t);
  const desk = await person(browser, server.base, "desk");
  const clean = async (what, one = desk) => {
    await one.page.waitForTimeout(400);
    const wider = await overflow(one.page);
    assert.deepEqual([...(await barriers(one.page)), ...(wider > 1 ? [`${what} is ${wider} px wider`] : []), ...one.faults], [], what);
  };
  const { page } = desk;
  await signIn(page, accounts.pilot, "/flights");

  /** Brings a flight in as a person does, and answers with its id. */
  async function bringIn(title, files, shot) {
    await page.goto("/centre/flights/new");
    await page.getByLabel("名称").fill(title);
    await page.getByLabel("用途").fill("违法建设核查");
    await page.locator("input[type=file]").setInputFiles(files);
    await page.getByRole("button", { name: "开始上传" }).click();
    await page.getByRole("button", { name: "导入并封存" }).waitFor();
    if (shot) {
      await clean(shot);
      await shoot(page, shot);
    }
    await page.getByRole("button", { name: "导入并封存" }).click();
    await page.waitForURL(/\/centre\/flights\/[0-9A-Z]{26}$/);
    return page.url().split("/").at(-1);
  }

  let first;
  let second;
  let sent;
  await t.test("files are chosen, sent, timed, placed and sealed", async () => {
    await page.getByText("还没有航拍").waitFor();
    await clean("no flights");
    sent = await flight(page, PLACE, { day: "2026-10-10" });
    first = await bringIn("钟楼片区 10 月航拍", sent, "flight-sending");
    await page.getByText("航拍封存").waitFor({ timeout: 20_000 });
    await page.locator("figure img").first().evaluate((image) => image.decode());
    await page.locator(".maplibregl-canvas").waitFor();
    await page.waitForTimeout(1_500);
    await clean("a flight");
    await shoot(page, "flight");
    const view = await pilot.get(`/flights/${first}`);
    assert.equal(view.items.length, 7);
    assert.ok(view.items.filter(({ kind }) => kind === "picture").every(({ placed_by, grid_code, at }) => placed_by === "file" && grid_code && at));
    assert.equal(view.items.find(({ name }) => name === "DJI_0001.JPG").at, "2026-10-10T02:00:00Z", "the camera's clock was the city's");
    const original = Buffer.from(await (await pilot.fetch("GET", `/flights/${first}/files/1`)).arrayBuffer());
    assert.equal(sha256(original), view.items[0].sha256);
    const part = await pilot.fetch("GET", `/flights/${first}/files/1`, { headers: { range: "bytes=10-19" } });
    assert.deepEqual([part.status, Buffer.from(await part.arrayBuffer())], [206, original.subarray(10, 20)]);
    const shown = Buffer.from(await (await pilot.fetch("GET", `/flights/${first}/files/1?size=view`)).arrayBuffer());
    assert.ok(!shown.includes("Exif") && !shown.includes("drone-dji"), "what is shown has no metadata");
  });

  await t.test("pictures without a place are placed by the track", async () => {
    second = await bringIn("钟楼片区 11 月航拍", await flight(page, PLACE, { day: "2026-11-10", built: true, drift: 2, light: 0.93, places: false }));
    const { items } = await pilot.get(`/flights/${second}`);
    assert.ok(items.filter(({ kind }) => kind === "picture").every(({ placed_by, height_m }) => placed_by === "track" && height_m === 180));
  });

  await t.test("what was built between two flights is shown on a map and side by side", async () => {
    await page.getByRole("link", { name: "比对变化" }).first().click();
    await page.getByText("6 对照片都已比对").waitFor({ timeout: 120_000 });
    const changes = await pilot.get(`/flights/${second}/changes?before=${first}`);
    assert.equal(changes.pairs.length, 6);
    const differing = changes.pairs.filter(({ comparison }) => comparison.finding === "differs");
    assert.ok(differing.length >= 1 && differing.length <= 4, `${differing.length} of 6 show the hall`);
    // The hall lies 30 to 54 m east and 20 to 36 m south of the middle: a change on the ground is there, within 6 m.
    const areas = differing.flatMap(({ areas: found }) => found);
    const metres = ([lon, lat]) => [(lon - PLACE.lon) * 93_900, (lat - PLACE.lat) * 110_900];
    const centres = areas.map((corners) => corners.map(metres).reduce((sum, [x, y]) => [sum[0] + x / 4, sum[1] + y / 4], [0, 0]));
    assert.ok(centres.some(([x, y]) => Math.hypot(x - 42, y + 28) < 8), JSON.stringify(centres));
    await page.locator(".compare img").first().evaluate((image) => image.decode());
    await page.waitForTimeout(1_500);
    await clean("changes");
    await shoot(page, "flight-changes");
    await page.getByRole("button", { name: "重叠对比" }).click();
    await page.waitForTimeout(500);
    await shoot(page, "flight-changes-over");
    // Kept: the page comes again with everything compared.
    await page.reload();
    await page.getByText("6 对照片都已比对").waitFor();
    await page.getByText("张照片有变化").waitFor();
  });

  let case_no;
  await t.test("a flight becomes evidence of a case, whose readers see it", async () => {
    const filed = await acceptor.report({ category: "b0137", description: "钟楼后面新盖了蓝顶棚", ...PLACE });
    case_no = filed.case_no;
    await page.goto(`/centre/flights/${second}`);
    await page.getByLabel("案件编号").fill("20990101-000001");
    await page.getByRole("button", { name: "附入案件" }).click();
    await page.getByText("没有这个编号的案件").waitFor();
    await page.getByLabel("案件编号").fill(case_no);
    await page.getByRole("button", { name: "附入案件" }).click();
    await page.getByRole("link", { name: case_no }).waitFor();
    await page.getByText("航拍附入案件").waitFor();
    await clean("a flight with its case");
    await page.getByRole("link", { name: case_no }).click();
    await page.getByText("航拍证据").waitFor();
    await clean("a case with its flight");
    await shoot(page, "flight-case");
    // The acceptor may read the case and no flights: this one is seen, the other is not.
    assert.deepEqual((await acceptor.get(`/cases/${case_no}/flights`)).map(({ id }) => id), [second]);
    assert.equal((await acceptor.get(`/flights/${second}`)).cases[0].no, case_no);
    assert.equal((await acceptor.fetch("GET", `/flights/${first}`)).status, 404);
  });

  await t.test("the archive of a flight proves it offline, and says which file was changed", async () => {
    const answer = await until("the archive", async () => {
      const asked = await pilot.fetch("GET", `/flights/${first}/package`);
      return asked.status === 200 ? asked : undefined;
    });
    const bytes = Buffer.from(await answer.arrayBuffer());
    assert.equal(bytes.length, Number(answer.headers.get("content-length")));
    const archive = path.join(home, "flight.tar");
    await writeFile(archive, bytes);
    await mkdir(path.join(home, "out"));
    await promisify(execFile)("tar", ["xf", archive, "-C", path.join(home, "out")]);
    const there = path.join(home, "out", `flight-${first}`);
    const names = await readdir(there);
    assert.deepEqual(names.filter((name) => /^[A-Zlmr]/.test(name) && !/^\d/.test(name)).sort(), ["README.txt", "ledger-key.txt", "manifest.json", "receipt.tlog-proof"]);
    assert.equal(names.length, 11);
    const verify = () => run(["verify", path.join(there, "receipt.tlog-proof"), "--key", path.join(there, "ledger-key.txt"), "--flight", there, "--locale", "en"]);
    const held = await verify();
    assert.equal(held.code, 0, held.stderr);
    assert.match(held.stdout, /all 7 files are there, unchanged/);
    await rename(path.join(there, names.find((name) => name.startsWith("0003"))), path.join(there, "renamed.jpg"));
    assert.equal((await verify()).code, 0, "names are nothing to a digest");
    const changed = await readFile(path.join(there, "renamed.jpg"));
    changed[changed.length - 9] ^= 1;
    await writeFile(path.join(there, "renamed.jpg"), changed);
    const broken = await verify();
    assert.notEqual(broken.code, 0);
    assert.match(broken.stderr + broken.stdout, /1 of 7 files are missing or were changed/);
  });

  await t.test("who may not, does not; what is no flight is refused in words", async () => {
    assert.deepEqual((await stranger.get("/flights")).items, [], "another district's");
    const track = (await pilot.get(`/flights/${first}`)).items.find(({ kind }) => kind === "track").number;
    const statuses = await Promise.all(
      [
        [stranger, "GET", `/flights/${first}`],
        [stranger, "GET", `/flights/${first}/files/1`],
        [stranger, "GET", `/flights/${first}/package`],
        [stranger, "PUT", `/flights/${first}/cases/${case_no}`],
        [collector, "GET", "/flights"],
        [collector, "PUT", "/flights/01BX5ZZKBK0000000000000000", { title: "a", purpose: "b", uploads: [first] }],
        [pilot, "GET", `/flights/${first}/files/99`],
        [pilot, "GET", `/flights/${first}/files/${track}?size=view`],
        [pilot, "POST", `/flights/${second}/changes`, { before: first, before_number: 1, after_number: 6 }],
      ].map(async ([who, method, where, body]) => (await who.fetch(method, where, body ? { body } : {})).status),
    );
    assert.deepEqual(statuses, [404, 404, 404, 404, 403, 404, 404, 409, 409]);
    await page.goto("/centre/flights/new");
    const nowhere = tagged(await drawn(page), { local: "2026:10:10 10:00:00" });
    await page.getByLabel("名称").fill("没有位置");
    await page.getByLabel("用途").fill("核查");
    await page.locator("input[type=file]").setInputFiles([
      { name: "DJI_0001.JPG", mimeType: "image/jpeg", buffer: nowhere },
      { name: "plan.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.7\n") },
    ]);
    await page.getByRole("button", { name: "开始上传" }).click();
    await page.getByRole("button", { name: "导入并封存" }).click();
    await page.getByText("plan.pdf 不是照片、视频或航迹").waitFor();
    await shoot(page, "flight-refused");
    await page.getByRole("button", { name: "移除 plan.pdf" }).click();
    await page.getByRole("button", { name: "导入并封存" }).click();
    await page.getByText("没有一个文件带位置").waitFor();
    desk.faults.length = 0;
  });

  await t.test("on a phone, in English, it is the same flight", async () => {
    const phone = await person(browser, server.base, "phone", "en");
    await signIn(phone.page, accounts.chief, "/flights");
    await phone.page.getByText("钟楼片区 11 月航拍").waitFor();
    await clean("flights on a phone", phone);
    await shoot(phone.page, "flights-phone");
    await phone.page.getByText("钟楼片区 11 月航拍").click();
    await phone.page.getByText("Evidence of these cases").waitFor();
    await phone.page.waitForTimeout(1_000);
    await clean("a flight on a phone", phone);
    await shoot(phone.page, "flight-phone");
    assert.equal((await chief.get("/flights")).items.length, 2);
  });
});
