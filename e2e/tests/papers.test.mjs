// A licence on paper: a PDF by the server with the facts chosen, read by programs that are not ours (pypdf, poppler, qpdf,
// zxing, sd-jwt), checked by `dipper verify` without a network; refused when anything of it was changed.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { mandateOf, under } from "../lib/acting.mjs";
import { barriers, launch, overflow, person, shoot } from "../lib/browser.mjs";
import { addUser, folder, freePort, ROOT, run, serve, until } from "../lib/dipper.mjs";
import { signInAll } from "../lib/staff.mjs";
import { Visitor } from "../lib/visitor.mjs";

const execute = promisify(execFile);
const SERVICE = "food_business_licence";
const OFFICE = "market_bureau";
const POSTS = { clerk: [`service_clerk:${OFFICE}:yaoguang`], reviewer: [`service_reviewer:${OFFICE}:yaoguang`], chief: [`service_chief:${OFFICE}:yaoguang`] };
const RESIDENT = { login: "ma-yan", password: "noodles with rare names" };
// 䶮 is of extension A and 𬸣 of extension E: in the font. 𠮷 is of extension B and is not.
const SHOWN = { shop_name: "𠮷莲花面馆", manager_name: "马䶮𬸣" };
const WITHHELD = { credit_code: "91350100M000100Y43", address: "天权区文昌路 1 号" };

const python = (script, ...args) => execute(path.join(ROOT, "e2e/.venv/bin/python"), [path.join(ROOT, "e2e/clients", script), ...args], { timeout: 120_000 });
const squeezed = (text) => text.replace(/\s+/g, "");

test("a licence on paper", { timeout: 600_000 }, async (t) => {
  const home = await folder(t);
  const data = path.join(home, "data");
  const accounts = {};
  for (const [login, posts] of Object.entries(POSTS)) accounts[login] = await addUser({ data }, login, posts);
  const port = await freePort();
  const server = await serve(t, { data, port, args: ["--base-url", `http://127.0.0.1:${port}`] });
  const staff = await signInAll(server.base, accounts);
  await new Visitor(server.base).post("/residents", { ...RESIDENT, display_name: "马女士" });
  const resident = new Visitor(server.base);
  await resident.signIn(RESIDENT);
  const answers = { applicant: "trader", ...SHOWN, ...WITHHELD, activities: ["hot", "drinks"], area: 60, layout: [await resident.picture(7)], manager_phone: "13800001111" };
  const { case_no } = await resident.post(`/services/${SERVICE}/applications`, { answers }, { "idempotency-key": randomUUID() });
  await staff.clerk.act(case_no, "accept");
  await staff.reviewer.act(case_no, "propose", { proposal: "grant", note: "材料齐全" });
  await staff.chief.act(case_no, "grant", { note: "已送达" });
  const [licence] = await until("the licence", async () => {
    const { items } = await resident.get("/licences");
    return items.length > 0 ? items : undefined;
  }, 3_000);
  const saved = async (name, address) => {
    const file = path.join(home, name);
    await writeFile(file, await (await fetch(server.base + address)).text());
    return file;
  };
  const pdfOf = async (name, show) => {
    const answer = await resident.fetch("GET", `/licences/${licence.id}/pdf?show=${show}`);
    assert.equal(answer.status, 200, await answer.clone().text());
    const file = path.join(home, name);
    await writeFile(file, Buffer.from(await answer.arrayBuffer()));
    return file;
  };
  const checked = (file, ...more) => run(["verify", file, "--keys", path.join(home, "keys.json"), ...more]);
  await saved("keys.json", "/licences/keys");
  await mkdir(path.join(home, "inside"));
  let file;
  let inside;

  await t.test("she downloads it beside printing, with what she ticked", async () => {
    const browser = await launch(t);
    for (const mode of ["phone", "elder"]) {
      const holder = await person(browser, server.base);
      const { page, faults } = holder;
      if (mode === "elder") await page.addInitScript(() => localStorage.setItem("dipper.preferences", JSON.stringify({ locale: "zh-CN", size: "elder" })));
      await page.request.post("/api/v1/session", { data: RESIDENT });
      await page.goto(`/licences/${licence.id}/show`);
      // By keyboard: in elder mode the foot of the page may lie over a box.
      for (const name of [/店铺或食堂名称/, /食品安全管理人员姓名/]) await page.getByRole("checkbox", { name }).press("Space");
      const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "下载 PDF" }).click()]);
      assert.equal(download.suggestedFilename(), `${licence.id}.pdf`);
      file = path.join(home, "licence.pdf");
      await download.saveAs(file);
      const wider = await overflow(page);
      assert.deepEqual([...(await barriers(page)), ...(wider > 1 ? [`${wider} px wider`] : []), ...faults], []);
      await page.getByRole("button", { name: "下载 PDF" }).scrollIntoViewIfNeeded();
      await shoot(page, `papers-show-${mode}`);
      // Refused, it says why and can be asked again.
      await holder.context.route(/\/pdf\?/, (route) => route.fulfill({ status: 503, json: { code: "no_paper_font", message: "no font" } }));
      await page.getByRole("button", { name: "下载 PDF" }).click();
      await page.getByText("no font").or(page.getByRole("alert")).first().waitFor({ timeout: 8_000 });
      await holder.context.close();
    }
  });

  await t.test("other programs read every word of it", async () => {
    const { stdout } = await python("check_paper.py", file, path.join(home, "inside"), "resave");
    inside = JSON.parse(stdout);
    assert.equal(inside.pages.length, 1);
    assert.deepEqual(inside.size.map(Math.round), [595, 842], "A4");
    const [text] = inside.pages;
    const day = new Intl.DateTimeFormat("zh-CN", { timeZone: "Asia/Shanghai", dateStyle: "long" }).format(new Date(licence.issued_at));
    const expected = ["瑶光市 · 瑶光市市场监督管理局", "食品经营许可证", "制作时状态 Status", "有效", "Valid", licence.id, day, ...Object.values(SHOWN), "持证人另有 3 项内容没有出示。", `${server.base}/verify`, "怎样核对", "没有证明", "Unicode"];
    for (const words of expected) assert.ok(squeezed(text).includes(squeezed(words)), `pypdf: ${words}\n${text}`);
    for (const words of Object.values(WITHHELD)) assert.ok(!text.includes(words), words);
    assert.deepEqual(inside.fonts.map(({ embedded, unicode }) => [embedded, unicode]), [[true, true]], "one font, embedded, with its characters");
    assert.match(inside.fonts[0].name, /^\/[A-Z]{6}\+NotoSansSC/);
    assert.deepEqual([inside.language, inside.is_tagged, inside.title], ["zh-CN", true, "食品经营许可证"]);
    assert.match(inside.xmp, /pdfaid:part[>="]+3[\s\S]*pdfaid:conformance[>="]+A/);
    const poppler = (await execute("pdftotext", ["-layout", file, "-"])).stdout;
    for (const words of expected) assert.ok(squeezed(poppler).includes(squeezed(words)), `poppler: ${words}\n${poppler}`);
    assert.match((await execute("qpdf", ["--check", file])).stdout, /No syntax or stream encoding errors found/);
    const bytes = (await readFile(file)).length;
    assert.ok(bytes < 300_000, `${bytes} bytes`);
    t.diagnostic(`the PDF has ${bytes} bytes`);
  });

  await t.test("attached is the licence with the facts chosen, and sd-jwt verifies it", async () => {
    assert.deepEqual(Object.fromEntries(Object.entries(inside.attached).map(([name, { relation, kind }]) => [name, [relation, kind]])), {
      "licence.sd-jwt": ["/Source", "/application/dc+sd-jwt"],
      "seal.jwt": ["/Supplement", "/application/jose"],
      "status.jwt": ["/Data", "/application/statuslist+jwt"],
    });
    assert.equal(inside.associated, 3);
    const theirs = JSON.parse((await python("check_licence.py", path.join(home, "inside/licence.sd-jwt"), path.join(home, "keys.json"), path.join(home, "inside/status.jwt"))).stdout);
    assert.deepEqual([theirs.status, theirs.bound], [0, false]);
    const facts = Object.fromEntries(Object.entries(theirs.claims).filter(([name]) => name in SHOWN || name in WITHHELD));
    assert.deepEqual(facts, SHOWN);
    assert.ok(theirs.claims.cnf, "bound to a key that nobody has");
  });

  await t.test("the code of the printed page is the licence, in black and white too", async () => {
    const licenceText = await readFile(path.join(home, "inside/licence.sd-jwt"), "utf8");
    for (const [name, flags] of [["colour", ["-r", "150"]], ["grey", ["-r", "130", "-gray"]], ["black", ["-r", "200", "-mono"]]]) {
      const at = path.join(home, name);
      await execute("pdftoppm", [...flags, ...(name === "black" ? [] : ["-png"]), "-singlefile", file, at]);
      const picture = name === "black" ? `${at}.pbm` : `${at}.png`;
      assert.deepEqual(JSON.parse((await python("read_codes.py", picture)).stdout), [licenceText], name);
    }
    const scanned = path.join(home, "scanned.sd-jwt");
    await writeFile(scanned, licenceText);
    assert.equal((await checked(scanned, "--status", await saved("status.jwt", "/licences/status"))).code, 0);
    await execute("pdftoppm", ["-r", "110", "-png", "-singlefile", file, path.join(ROOT, "e2e/screenshots/papers-page")]);
  });

  await t.test("dipper verify reads the PDF itself, without a network", async () => {
    const done = await checked(file);
    assert.equal(done.code, 0, done.stderr);
    for (const words of ["真实", "状态清单显示有效", ...Object.values(SHOWN), "这是副本", "此后没有改动", "按 PDF 里"]) assert.ok(done.stdout.includes(words), `${words}\n${done.stdout}`);
    for (const words of Object.values(WITHHELD)) assert.ok(!done.stdout.includes(words), words);
    const english = await checked(file, "--locale", "en");
    assert.match(english.stdout, /not changed since[\s\S]*by the status list inside/);
    const live = await checked(file, "--live");
    assert.notEqual(live.code, 0);
    assert.match(live.stderr, /副本/);
    // Out of standard input too.
    const bytes = await readFile(file);
    assert.equal((await run(["verify", "-", "--keys", path.join(home, "keys.json")], { input: bytes })).code, 0);
    const keyless = await run(["verify", file]);
    assert.match(keyless.stderr, /--keys/);
  });

  await t.test("what was changed is refused, and what has no licence says so", async () => {
    const good = await readFile(file);
    const changed = async (what, change) => {
      const bytes = Buffer.from(good);
      change(bytes);
      const other = path.join(home, `${what}.pdf`);
      await writeFile(other, bytes);
      return checked(other);
    };
    const at = (bytes, words) => bytes.indexOf(words, "latin1");
    const page = await changed("page", (bytes) => (bytes[at(bytes, "/FlateDecode") + 600] ^= 4));
    assert.deepEqual([page.code === 0, /在制作以后被改动过/.test(page.stderr)], [false, true], page.stderr);
    const { length } = await readFile(path.join(home, "inside/licence.sd-jwt"));
    const attachment = await changed("attachment", (bytes) => (bytes[at(bytes, "stream\neyJ") + length - 20] ^= 1));
    assert.deepEqual([attachment.code === 0, /改动过/.test(attachment.stderr)], [false, true], attachment.stderr);
    const cut = await changed("cut", (bytes) => bytes.fill(32, bytes.length - 30));
    assert.match(cut.stderr, /不是城市网站给的样子/);
    for (const [name, words] of [["resaved.pdf", /没有可以核对的证照|不是城市网站给的样子|改动过/], ["bare.pdf", /没有可以核对的证照|不是城市网站给的样子/]]) {
      const done = await checked(path.join(home, "inside", name));
      assert.notEqual(done.code, 0, name);
      assert.match(done.stderr, words, name);
    }
    // The seal and the licence of two papers do not go together.
    const sealOf = async (pdf, into) => {
      await mkdir(path.join(home, into), { recursive: true });
      await python("check_paper.py", pdf, path.join(home, into));
      return readFile(path.join(home, into, "seal.jwt"));
    };
    const [mine, theirs] = [await sealOf(file, "mine"), await sealOf(await pdfOf("other.pdf", "shop_name"), "theirs")];
    assert.ok(good.includes(mine) && mine.length === theirs.length && !mine.equals(theirs));
    const swapped = await changed("swapped", (bytes) => theirs.copy(bytes, bytes.indexOf(mine)));
    assert.deepEqual([swapped.code === 0, /改动过/.test(swapped.stderr)], [false, true], swapped.stderr);
    // Keys of somebody else's.
    const keys = path.join(home, "elsewhere.json");
    await writeFile(keys, (await readFile(path.join(home, "keys.json"), "utf8")).replaceAll("127.0.0.1", "127.0.0.2"));
    assert.match((await run(["verify", file, "--keys", keys])).stderr, /not trusted|不能相信/);
  });

  await t.test("nothing chosen is nothing shown, and it is for her and who acts for her alone", async () => {
    const bare = await pdfOf("none.pdf", "");
    const { attached, pages } = JSON.parse((await python("check_paper.py", bare, path.join(home, "inside"))).stdout);
    assert.ok(attached["licence.sd-jwt"] && pages[0].includes("5 项内容没有出示"), pages[0]);
    for (const words of Object.values({ ...SHOWN, ...WITHHELD })) assert.ok(!pages[0].includes(words), words);
    assert.equal((await readFile(path.join(home, "inside/licence.sd-jwt"), "utf8")).match(/~/g).length, 1);
    const answer = async (visitor, show = "shop_name") => {
      const got = await visitor.fetch("GET", `/licences/${licence.id}/pdf?show=${show}`);
      return [got.status, got.ok ? "" : (await got.json()).code];
    };
    const rival = new Visitor(server.base);
    await rival.post("/residents", { login: "rival-cook", password: "another noodle shop", display_name: "王先生" });
    await rival.signIn({ login: "rival-cook", password: "another noodle shop" });
    assert.deepEqual(await answer(new Visitor(server.base)), [401, "not_signed_in"]);
    assert.deepEqual(await answer(rival), [404, "not_found"]);
    assert.deepEqual(await answer(staff.chief), [403, "forbidden"]);
    assert.deepEqual(await answer(resident, "case_no"), [400, "bad_parameter"]);
  });

  await t.test("revoked, there is no paper any more, and the old one is found out", async () => {
    await staff.chief.act(case_no, "revoke", { note: "经营者申请注销" });
    const answer = await resident.fetch("GET", `/licences/${licence.id}/pdf`);
    assert.deepEqual([answer.status, (await answer.json()).code], [409, "licence_ended"]);
    const now = await checked(file, "--status", await saved("status.jwt", "/licences/status"));
    assert.notEqual(now.code, 0);
    assert.match(now.stderr, /已被注销/);
    // Without today's list it says as of when it speaks.
    assert.match((await checked(file)).stdout, /注销情况按 PDF 里 .* 的状态清单/);
  });
});
