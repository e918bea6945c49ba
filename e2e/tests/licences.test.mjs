// From an application to a licence in people's hands: a time booked, a licence issued, two facts of it shown by a QR
// code, checked in the browser, on the command line and by somebody else's program; then revoked, and all say so.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { barriers, launch, overflow, person, shoot } from "../lib/browser.mjs";
import { addUser, BIN, folder, ROOT, run, serve, until } from "../lib/dipper.mjs";
import { signInAll } from "../lib/staff.mjs";
import { png, Visitor } from "../lib/visitor.mjs";

const execute = promisify(execFile);
const SERVICE = "food_business_licence";
const OFFICE = "market_bureau";
const POSTS = { clerk: [`service_clerk:${OFFICE}:yaoguang`], reviewer: [`service_reviewer:${OFFICE}:yaoguang`], chief: [`service_chief:${OFFICE}:yaoguang`] };
const RESIDENT = { login: "li-noodles", password: "noodles with lotus root" };
const SHOWN = { shop_name: "莲花面馆", address: "天权区文昌路 1 号" };
const WITHHELD = { credit_code: "91350100M000100Y43", manager_name: "李伟" };

const python = (script, ...args) => execute(path.join(ROOT, "e2e/.venv/bin/python"), [path.join(ROOT, "e2e/clients", script), ...args], { timeout: 300_000 });

/** The example program of core/credential, where it was built. */
const EXAMPLE = [process.env["CREDENTIAL_BIN"], path.join(path.dirname(BIN), "examples/credential"), path.join(ROOT, "target/debug/examples/credential")].find((file) => file && existsSync(file));

test("our licences and those of the package sd-jwt read each other", { skip: EXAMPLE ? false : "skipped: cargo build -p dipper-credential --example credential" }, async (t) => {
  const { stdout } = await python("check_credential.py", EXAMPLE);
  assert.match(stdout, /\d+ comparisons agree/);
  t.diagnostic(stdout.trim());
});

test("a licence in people's hands", { timeout: 600_000 }, async (t) => {
  const home = await folder(t);
  const data = path.join(home, "data");
  const accounts = {};
  for (const [login, posts] of Object.entries(POSTS)) accounts[login] = await addUser({ data }, login, posts);
  const server = await serve(t, { data });
  const staff = await signInAll(server.base, accounts);
  await new Visitor(server.base).post("/residents", { ...RESIDENT, display_name: "李女士" });
  const resident = new Visitor(server.base);
  await resident.signIn(RESIDENT);
  const answers = { applicant: "trader", ...SHOWN, ...WITHHELD, activities: ["hot", "drinks"], area: 60, layout: [await resident.picture(7)], manager_phone: "13800001111" };
  const { case_no } = await resident.post(`/services/${SERVICE}/applications`, { answers }, { "idempotency-key": randomUUID() });

  const browser = await launch(t);
  const holder = await person(browser, server.base);
  const clean = async ({ page, faults }, what) => {
    await page.waitForTimeout(200);
    const wider = await overflow(page);
    assert.deepEqual([...(await barriers(page)), ...(wider > 1 ? [`${what} is ${wider} px wider`] : []), ...faults], [], what);
  };
  const signIn = async (page, address, { login, password }) => {
    await page.goto(address);
    await page.getByLabel("账号", { exact: true }).fill(login);
    await page.getByLabel("密码", { exact: true }).fill(password);
    await page.getByRole("button", { name: "登录", exact: true }).click();
    await page.waitForURL((url) => !url.pathname.endsWith("sign-in"));
  };
  const saved = async (name, address) => {
    const file = path.join(home, name);
    await writeFile(file, await (await fetch(server.base + address)).text());
    return file;
  };
  let file;
  let shown;
  let liveFile;

  await t.test("she books a time at a window, is told when it was taken meanwhile, moves it and gives it back", async () => {
    const { page } = holder;
    await signIn(page, "/sign-in", RESIDENT);
    await page.goto(`/services/${SERVICE}`);
    await page.getByText("可以预约到窗口的时间").waitFor();
    await page.goto(`/reports/${case_no}`);
    await page.getByRole("link", { name: "选一个时间" }).click();
    await page.waitForURL(`**/reports/${case_no}/visit`);
    await page.getByText("天权区政务服务中心").waitFor();
    const times = page.getByRole("group", { name: "几点" }).getByRole("radio");
    await times.first().waitFor({ state: "attached" });
    assert.ok(await page.getByRole("button", { name: "确认预约" }).isDisabled());
    await clean(holder, "choosing a time");
    // Somebody else takes every window of a time while she looks at it.
    const { items } = await resident.get(`/services/${SERVICE}/slots?place=hall1`);
    const wanted = items.findLast(({ free }) => free > 0);
    await page.getByRole("group", { name: "哪一天" }).getByRole("radio").last().check({ force: true });
    await times.last().check({ force: true });
    await page.getByRole("status").filter({ hasText: "–" }).waitFor();
    await shoot(page, "licences-visit");
    const rival = new Visitor(server.base);
    await rival.post("/residents", { login: "rival-cook", password: "another noodle shop", display_name: "王先生" });
    await rival.signIn({ login: "rival-cook", password: "another noodle shop" });
    for (let seat = 0; seat < wanted.free; seat += 1) {
      const { case_no: other } = await rival.post(`/services/${SERVICE}/applications`, { answers: { ...answers, layout: [await rival.picture(seat + 20)] } }, { "idempotency-key": randomUUID() });
      await rival.send("PUT", `/reports/${other}/visit`, { body: { place: "hall1", starts_at: wanted.starts_at } });
    }
    await page.getByRole("button", { name: "确认预约" }).click();
    await page.getByText("这个时间刚刚被别人约走了").waitFor();
    await until("the full time is said to be full", () => times.last().isDisabled());
    assert.ok((await page.getByRole("group", { name: "几点" }).innerText()).includes("约满"));
    await clean(holder, "a time taken meanwhile");

    // With the keyboard alone: the first time of the day.
    await times.first().focus();
    await page.keyboard.press("Space");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "您的预约" }).waitFor();
    await page.getByText("以前可以改期或取消").waitFor();
    await page.getByText("钟楼路18号").waitFor();
    await clean(holder, "booked");
    await shoot(page, "licences-booked");
    const first = (await resident.get(`/reports/${case_no}`)).visit;
    assert.equal(first.state, "booked");

    await page.getByRole("button", { name: "改期" }).click();
    await page.getByRole("radio", { name: /玉衡区政务服务中心/ }).check({ force: true });
    await page.getByText("会展路66号").waitFor();
    await times.first().check({ force: true });
    await page.getByRole("button", { name: "改到这个时间" }).click();
    await page.getByRole("heading", { name: "您的预约" }).waitFor();
    await until("it was moved", async () => (await resident.get(`/reports/${case_no}`)).visit.place.id === "hall2");

    await page.getByRole("button", { name: "取消预约" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "取消预约" }).click();
    await page.getByRole("button", { name: "确认预约" }).waitFor();
    assert.equal((await resident.get(`/reports/${case_no}`)).visit.state, "cancelled");
    const { items: again } = await resident.get(`/services/${SERVICE}/slots?place=hall1`);
    await resident.send("PUT", `/reports/${case_no}/visit`, { body: { place: "hall1", starts_at: again[0].starts_at } });
  });

  await t.test("the clerk sees the time; the number is for the time it was booked for", async () => {
    const clerk = await person(browser, server.base, "desk");
    await signIn(clerk.page, "/centre/sign-in", accounts.clerk);
    await clerk.page.goto(`/centre/cases/${case_no}`);
    await clerk.page.getByRole("heading", { name: "窗口预约" }).waitFor();
    const draw = clerk.page.getByRole("button", { name: "到场取号" });
    await draw.waitFor();
    // Until an hour before the time nobody draws a number; the test may run within that hour.
    const { starts_at, ends_at } = (await resident.get(`/reports/${case_no}`)).visit;
    const isTime = Date.parse(starts_at) - 3_600_000 <= Date.now() && Date.now() <= Date.parse(ends_at);
    assert.equal(await draw.isDisabled(), !isTime);
    await clean(clerk, "the case with its visit");
    await shoot(clerk.page, "licences-centre");
    // As the server answers when it is time.
    const now = { starts_at: new Date(Date.now() - 60_000).toISOString(), ends_at: new Date(Date.now() + 1_500_000).toISOString() };
    let drawn = {};
    await clerk.context.route(`**/api/v1/cases/${case_no}`, async (route) => {
      const answer = await route.fetch();
      const view = await answer.json();
      await route.fulfill({ response: answer, json: { ...view, visit: { ...view.visit, ...now, ...drawn } } });
    });
    await clerk.context.route("**/visit/arrival", async (route) => {
      drawn = { state: "arrived", ticket: "A007" };
      await route.fulfill({ json: { ...(await resident.get(`/reports/${case_no}`)).visit, ...now, ...drawn } });
    });
    await clerk.page.reload();
    await clerk.page.getByRole("button", { name: "到场取号" }).click();
    await clerk.page.getByText("A007").waitFor();
    await clean(clerk, "the number");
    await shoot(clerk.page, "licences-number");
    await clerk.context.close();
  });

  await t.test("it is granted, and within three seconds the licence is there", async () => {
    await staff.clerk.act(case_no, "accept");
    await staff.reviewer.act(case_no, "propose", { proposal: "grant", note: "材料齐全，场所符合要求" });
    await staff.chief.act(case_no, "grant", { note: "电子证照在“我的证照”里" });
    const [licence] = await until("the licence", async () => {
      const { items } = await resident.get("/licences");
      return items.length > 0 ? items : undefined;
    }, 3_000);
    assert.deepEqual([licence.status, licence.case_no, licence.service], ["valid", case_no, SERVICE]);
    const { page } = holder;
    await page.goto("/me");
    await page.getByRole("link", { name: "我的证照" }).click();
    await page.getByRole("link", { name: /食品经营许可证/ }).waitFor();
    await page.getByText("有效", { exact: true }).waitFor();
    await clean(holder, "my licences");
    await shoot(page, "licences-list");
    await page.getByRole("link", { name: /食品经营许可证/ }).click();
    for (const words of Object.values({ ...SHOWN, ...WITHHELD })) await page.getByText(words, { exact: true }).waitFor();
    await page.getByText("热食类制售、自制饮品").waitFor();
    await clean(holder, "a licence");
    await shoot(page, "licences-one");
  });

  await t.test("she shows two facts, and the QR code carries those and no others", async () => {
    const { page } = holder;
    await page.getByRole("link", { name: "出示" }).click();
    await page.getByRole("checkbox", { name: /店铺或食堂名称/ }).check({ force: true });
    await page.getByRole("checkbox", { name: /经营地址/ }).check({ force: true });
    await page.getByText("已勾选 2 项，共 5 项").waitFor();
    await clean(holder, "what to show");
    await shoot(page, "licences-show");
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "保存 .sd-jwt 文件" }).click()]);
    file = path.join(home, "shown.sd-jwt");
    await download.saveAs(file);
    shown = await readFile(file, "utf8");

    await page.getByRole("button", { name: "显示二维码" }).click();
    const code = page.locator("svg.licence-code");
    await code.waitFor();
    assert.ok((await code.boundingBox()).width >= 380, "as large as the screen");
    await clean(holder, "the code");
    await shoot(page, "licences-code");
    const picture = path.join(home, "code.png");
    await code.screenshot({ path: picture, scale: "device" });
    const { stdout } = await python("read_codes.py", picture);
    const [live, ...others] = JSON.parse(stdout);
    assert.deepEqual(others, []);
    assert.ok(live.startsWith(shown) && shown.endsWith("~") && live.length > shown.length, "the code is the copy with the signature of the phone");
    liveFile = path.join(home, "live.sd-jwt");
    await writeFile(liveFile, live);
    t.diagnostic(`two facts have ${shown.length} bytes, with the signature ${live.length}, a code of version ${await code.getAttribute("data-version")}`);
    const disclosed = live.split("~").slice(1, -1).map((part) => JSON.parse(Buffer.from(part, "base64url").toString()));
    assert.deepEqual(Object.fromEntries(disclosed.map(([, name, value]) => [name, value])), SHOWN);
    await page.keyboard.press("Escape");
    await code.waitFor({ state: "detached" });

    await page.getByRole("link", { name: "打印这份证照" }).click();
    await page.locator(".sheet svg.licence-code").waitFor();
    const sheet = await page.locator(".sheet").innerText();
    for (const words of [...Object.values(SHOWN), "食品经营许可证", `${server.base}/verify`]) assert.ok(sheet.includes(words), words);
    for (const words of Object.values(WITHHELD)) assert.ok(!sheet.includes(words), words);
    await clean(holder, "the sheet");
    await shoot(page, "licences-sheet");
    const pdf = await page.pdf({ preferCSSPageSize: true, printBackground: false });
    assert.equal(pdf.toString("latin1").match(/\/Type\s*\/Page\b/g).length, 1, "one page of A4");
  });

  await t.test("the browser, dipper verify and the package sd-jwt all say that it is genuine", async () => {
    const [keys, status] = [await saved("keys.json", "/licences/keys"), await saved("status.jwt", "/licences/status")];
    const done = await run(["verify", file, "--keys", keys, "--status", status]);
    assert.equal(done.code, 0, done.stderr);
    assert.match(done.stdout, /真实/);
    assert.match(done.stdout, /莲花面馆/);
    for (const words of Object.values(WITHHELD)) assert.ok(!done.stdout.includes(words), words);
    assert.match(done.stdout, /这是副本/);
    const refused = await run(["verify", file, "--keys", keys, "--status", status, "--live"]);
    assert.notEqual(refused.code, 0);
    assert.match(refused.stderr, /副本/);
    const live = await run(["verify", liveFile, "--keys", keys, "--status", status, "--live"]);
    assert.equal(live.code, 0, live.stderr);
    assert.match(live.stdout, /由证照绑定的设备刚刚出示/);
    const bound = JSON.parse((await python("check_licence.py", liveFile, keys, status)).stdout);
    assert.deepEqual([bound.bound, bound.status], [true, 0], "sd-jwt checks the signature of the phone");

    const theirs = JSON.parse((await python("check_licence.py", file, keys, status)).stdout);
    assert.deepEqual([theirs.status, theirs.bound], [0, false]);
    assert.deepEqual(Object.keys(theirs.claims).filter((name) => name in SHOWN || name in WITHHELD).sort(), Object.keys(SHOWN).sort());

    const verifier = await person(browser, server.base);
    const { page } = verifier;
    const sent = [];
    verifier.context.on("request", (request) => sent.push(`${request.url()} ${request.postData() ?? ""}`));
    await page.goto("/verify", { waitUntil: "networkidle" });
    await page.locator("input[type=file]").first().setInputFiles(path.join(home, "code.png"));
    await page.getByRole("heading", { name: "证照真实有效" }).waitFor();
    const said = await page.locator(".page").innerText();
    for (const words of [...Object.values(SHOWN), "瑶光市市场监督管理局", "由证照绑定的那台设备当面出示", "拿着设备的人不一定是", "网站自己的说法", "没有被注销"]) assert.ok(said.includes(words), words);
    for (const words of Object.values(WITHHELD)) assert.ok(!said.includes(words), words);
    assert.ok(said.includes("另有 3 项") && !said.includes("现在不能使用"));
    assert.ok(sent.some((one) => one.includes("/licences/status")));
    const pieces = [shown.slice(40, 80), ...shown.split("~").slice(1, -1).map((part) => part.slice(0, 30))];
    assert.deepEqual(sent.filter((one) => pieces.some((piece) => one.includes(piece))), [], "nothing of it is sent");
    await clean(verifier, "a genuine licence");
    await shoot(page, "licences-verify");
    await page.goto("/verify", { waitUntil: "networkidle" });
    await page.locator("input[type=file]").first().setInputFiles(file);
    await page.getByRole("heading", { name: "证照真实，但这是副本" }).waitFor();
    assert.ok((await page.locator(".page").innerText()).includes("谁有副本，谁就能出示"));
    await clean(verifier, "a copy");
    await shoot(page, "licences-verify-copy");
    await verifier.context.close();
  });

  await t.test("changed, unknown and unchecked ones are told apart, in English too", async () => {
    const verifier = await person(browser, server.base, "desk", "en-US");
    const { page } = verifier;
    const put = async (text) => {
      await page.goto("/verify", { waitUntil: "networkidle" });
      await page.getByRole("button", { name: "Paste text" }).click();
      await page.locator("textarea").fill(text);
      await page.getByRole("button", { name: "Check", exact: true }).click();
      await page.locator(".verdict").waitFor();
      return page.locator(".verdict").innerText();
    };
    const [issued, fact, ...rest] = shown.split("~");
    const [salt, name] = JSON.parse(Buffer.from(fact, "base64url").toString());
    const other = Buffer.from(JSON.stringify([salt, name, "another shop"])).toString("base64url");
    assert.match(await put([issued, other, ...rest].join("~")), /not what was issued/);
    await clean(verifier, "a changed fact");
    assert.match(await put(`${issued.slice(0, -8)}AAAAAAAA~`), /signature does not fit/);
    await verifier.context.route("**/licences/status", (route) => route.abort());
    assert.match(await put(shown), /Genuine, but a copy/);
    await page.getByRole("heading", { name: "Whether it was revoked was not checked" }).waitFor();
    // A code of somebody else's phone under this licence.
    const [, payload] = (await readFile(liveFile, "utf8")).split("~").at(-1).split(".");
    const bind = (await readFile(liveFile, "utf8")).replace(payload, Buffer.from(Buffer.from(payload, "base64url").toString().replace('"iat":', '"iat":1')).toString("base64url"));
    assert.match(await put(bind), /Not shown by the device it is bound to/);
    await clean(verifier, "revocation not checked");
    // Keys that a person brought count before those of the site: this issuer is not among them.
    const keys = (await (await fetch(`${server.base}/licences/keys`)).text()).replaceAll("urn:dipper:yaoguang", "urn:dipper:elsewhere");
    await page.getByRole("button", { name: "Enter an issuer's key" }).click();
    await page.getByLabel(/Key set/).fill("{}");
    await page.getByRole("button", { name: "Keep on this device" }).click();
    await page.getByText("This is no key set that can be used").waitFor();
    await page.getByLabel(/Key set/).fill(keys);
    await page.getByRole("button", { name: "Keep on this device" }).click();
    await page.getByRole("heading", { name: "This issuer is not known here" }).waitFor();
    await clean(verifier, "an unknown issuer");
    await verifier.context.close();
  });

  let renewal;
  await t.test("she gives the licence for its renewal instead of a photo, with three of its facts", async () => {
    const { page } = holder;
    await page.goto("/services/food_business_renewal/apply");
    await page.getByRole("button", { name: "开始填写" }).click();
    await page.waitForURL("**/apply/q/old_licence");
    const forward = async (to) => {
      await page.locator("main form button[type=submit]").click();
      await page.waitForURL(`**/${to}`);
    };
    await page.getByRole("radio", { name: /出示我的电子证照《食品经营许可证》/ }).check({ force: true });
    await page.getByRole("heading", { name: "只给出这 3 项" }).waitFor();
    const disclosed = await page.locator(".disclosed").innerText();
    for (const words of [...Object.values(SHOWN), WITHHELD.credit_code]) assert.ok(disclosed.includes(words), words);
    assert.ok(!disclosed.includes(WITHHELD.manager_name));
    await page.getByText("证照上另外 2 项内容不会给出").waitFor();
    await clean(holder, "giving a licence");
    await shoot(page, "licences-give");
    await forward("q/shop_name");
    // What stands on it need not be typed again.
    assert.equal(await page.locator("main form input").inputValue(), SHOWN.shop_name);
    await forward("q/credit_code");
    await forward("q/address");
    await forward("q/unchanged");
    await page.getByText("没有变化").click();
    await forward("q/self_check");
    await page.locator("input[type=file]").last().setInputFiles([{ name: "1.png", mimeType: "image/png", buffer: png(31) }]);
    await page.getByText("1 / 4").waitFor();
    await page.getByRole("status").filter({ hasText: "正在上传" }).waitFor({ state: "detached" });
    await forward("q/manager_name");
    await page.locator("main form input").fill(WITHHELD.manager_name);
    await forward("q/manager_phone");
    await page.locator("main form input").fill("13800001111");
    await forward("apply/check");
    await page.getByText("出示电子证照《食品经营许可证》").waitFor();
    await clean(holder, "the check with a licence");
    await page.getByRole("button", { name: "提交申请" }).click();
    await page.waitForURL("**/applied/**");
    renewal = decodeURIComponent(new URL(page.url()).pathname.split("/").at(-1));
    const { materials, answers: given } = await resident.get(`/reports/${renewal}/application`);
    assert.deepEqual(materials[0].facts.map(({ claim }) => claim).sort(), ["address", "credit_code", "shop_name"]);
    // Somebody else's program finds three disclosures and the phone's signature in what was handed in.
    const handed = path.join(home, "handed.sd-jwt");
    await writeFile(handed, given.old_licence.presentation);
    const theirs = JSON.parse((await python("check_licence.py", handed, await saved("keys.json", "/licences/keys"), await saved("status.jwt", "/licences/status"))).stdout);
    assert.deepEqual([theirs.bound, "manager_name" in theirs.claims, theirs.claims.shop_name], [true, false, SHOWN.shop_name]);
    // A picture of it is of no use to anybody else.
    const rival = new Visitor(server.base);
    await rival.signIn({ login: "rival-cook", password: "another noodle shop" });
    const stolen = rival.post("/services/food_business_renewal/applications", { answers: { ...given, self_check: [await rival.picture(9)] } }, { "idempotency-key": randomUUID() });
    await assert.rejects(stolen, (refused) => refused.body.code === "licence_not_shown");
  });

  await t.test("the office sees it verified, with the three facts", async () => {
    await staff.clerk.act(renewal, "accept");
    const desk = await person(browser, server.base, "desk");
    await signIn(desk.page, "/centre/sign-in", accounts.reviewer);
    await desk.page.goto(`/centre/cases/${renewal}`);
    await desk.page.getByText("由证照验明，现在有效").first().waitFor();
    await desk.page.getByRole("button", { name: "打开申请内容" }).click();
    await desk.page.locator(".ask input").fill("审查申请材料");
    await desk.page.locator(".ask button[type=submit]").click();
    const material = desk.page.locator(".material");
    await material.waitFor();
    const said = await material.innerText();
    for (const words of [...Object.values(SHOWN), WITHHELD.credit_code, "现在有效（已查状态清单）"]) assert.ok(said.includes(words), words);
    assert.ok(!said.includes(WITHHELD.manager_name));
    await clean(desk, "a material seen by the office");
    await shoot(desk.page, "licences-material");
    await staff.reviewer.act(renewal, "propose", { proposal: "grant", note: "原证有效" });
    await desk.context.close();
  });

  await t.test("the chief revokes it, and all say so", async () => {
    await staff.chief.act(case_no, "revoke", { note: "经营者申请注销" });
    const [keys, status] = [await saved("keys.json", "/licences/keys"), await saved("status.jwt", "/licences/status")];
    const done = await run(["verify", file, "--keys", keys, "--status", status]);
    assert.notEqual(done.code, 0);
    assert.match(done.stderr, /已被注销/);
    assert.equal(JSON.parse((await python("check_licence.py", file, keys, status)).stdout).status, 1);

    const verifier = await person(browser, server.base);
    await verifier.page.goto("/verify", { waitUntil: "networkidle" });
    await verifier.page.locator("input[type=file]").first().setInputFiles(file);
    await verifier.page.getByRole("heading", { name: "证照已被注销" }).waitFor();
    await clean(verifier, "a revoked licence");
    await shoot(verifier.page, "licences-revoked");
    await verifier.context.close();

    const { page } = holder;
    await page.goto("/licences");
    await page.getByText("已注销", { exact: true }).waitFor();
    await page.getByRole("link", { name: /食品经营许可证/ }).click();
    await page.getByText("不能再出示").waitFor();
    assert.equal(await page.getByRole("link", { name: "出示", exact: true }).count(), 0);
    await clean(holder, "a revoked licence of hers");
    await shoot(page, "licences-hers-revoked");
  });

  await t.test("what rests on it is not granted any more", async () => {
    const desk = await person(browser, server.base, "desk");
    await signIn(desk.page, "/centre/sign-in", accounts.chief);
    await desk.page.goto(`/centre/cases/${renewal}`);
    await desk.page.getByText("提交后被注销").first().waitFor();
    await clean(desk, "a revoked material");
    await shoot(desk.page, "licences-material-revoked");
    await desk.context.close();
    const grant = staff.chief.act(renewal, "grant", { note: "批准" });
    await assert.rejects(grant, (refused) => refused.body.code === "material_revoked");
    await staff.chief.act(renewal, "refuse", { note: "原证已注销；可申请行政复议" });
  });

  for (const mode of ["elder", "english"]) {
    await t.test(`the pages fit in ${mode === "elder" ? "elder mode" : "English"}`, async () => {
      const other = await person(browser, server.base, "phone", mode === "english" ? "en-US" : "zh-CN");
      if (mode === "elder") await other.page.addInitScript(() => localStorage.setItem("dipper.preferences", JSON.stringify({ locale: "zh-CN", size: "elder" })));
      await other.page.request.post("/api/v1/session", { data: RESIDENT });
      for (const address of ["/licences", `/services/${SERVICE}`, `/reports/${case_no}`, `/reports/${case_no}/visit`, "/verify"]) {
        await other.page.goto(address, { waitUntil: "networkidle" });
        await clean(other, address);
      }
      await other.context.close();
    });
  }
  assert.deepEqual(holder.faults, []);
});
