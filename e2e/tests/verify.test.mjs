// A receipt in people's hands: checked in the browser with and without a network, refused when changed, printed, and
// read back from its QR codes. Nothing of it is ever sent.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash, generateKeyPairSync } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { barriers, launch, overflow, person, shoot } from "../lib/browser.mjs";
import { folder, must, serve, until } from "../lib/dipper.mjs";
import { CATEGORY, makeStaff, PLACE } from "../lib/staff.mjs";
import { Visitor } from "../lib/visitor.mjs";

const e2e = fileURLToPath(new URL("..", import.meta.url));

/** Files a report and waits for the receipt of its first step. */
async function makeReceipt(base) {
  const visitor = new Visitor(base);
  const { case_no, secret } = await visitor.report({ category: CATEGORY, description: "路口的灯三天没亮了，晚上看不清台阶。", address: "天枢路 12 号东侧", ...PLACE });
  const { timeline } = await visitor.get(`/reports/${case_no}?secret=${secret}`);
  const event = timeline[0].event_id;
  const text = await until("the receipt", async () => {
    const answer = await visitor.fetch("GET", `/receipts/${event}?secret=${secret}`);
    return answer.ok ? answer.text() : undefined;
  });
  return { case_no, secret, event, text };
}

/** The receipt with one bit of its event changed. */
function tamper(text) {
  const lines = text.split("\n");
  const extra = Buffer.from(lines[1].slice("extra ".length), "base64");
  extra[extra.length - 20] ^= 1;
  return lines.with(1, `extra ${extra.toString("base64")}`).join("\n");
}

/** Drops a file on the page, as the mouse does. */
async function drop(page, name, text) {
  const carried = await page.evaluateHandle(([name, text]) => {
    const data = new DataTransfer();
    data.items.add(new File([text], name, { type: "" }));
    return data;
  }, [name, text]);
  for (const event of ["dragover", "drop"]) await page.dispatchEvent("main", event, { dataTransfer: carried });
}

/** Watches everything a page sends; the function tells what of the receipt was in it. */
function listen(context, { text }) {
  // What is the receipt's and in no other place: its event, its path and its signatures, whole or in pieces.
  const pieces = text.split("\n").flatMap((line) => (line.length < 40 ? [] : [line.slice(-40), line.slice(-80, -40)])).filter((piece) => piece.length >= 20);
  const sent = [];
  context.on("request", (request) => sent.push(`${request.method()} ${request.url()} ${decodeURIComponent(request.url())} ${request.postData() ?? ""} ${JSON.stringify(request.headers())}`));
  return () => {
    assert.ok(sent.length > 0);
    return sent.filter((one) => pieces.some((piece) => one.includes(piece)));
  };
}

/** Another key under the same name, as after a change nobody announced. */
function otherKey(origin) {
  const { publicKey } = generateKeyPairSync("ed25519");
  const key = Buffer.concat([Buffer.of(1), publicKey.export({ format: "der", type: "spki" }).subarray(-32)]);
  const id = createHash("sha256").update(`${origin}\n`).update(key).digest("hex").slice(0, 8);
  return `${origin}+${id}+${key.toString("base64")}`;
}

test("a receipt in people's hands", { timeout: 600_000 }, async (t) => {
  const home = await folder(t);
  const city = { data: path.join(home, "data") };
  const accounts = await makeStaff(city, ["chief"]);
  const server = await serve(t, city);
  const receipt = await makeReceipt(server.base);
  const name = `${receipt.case_no}-1.tlog-proof`;
  const key = (await (await fetch(`${server.base}/ledger/key`)).text()).trim();
  const [origin] = key.split("+");
  const browser = await launch(t);
  t.diagnostic(`the receipt of a report has ${Buffer.byteLength(receipt.text)} bytes`);

  await t.test("a dropped receipt is verified in the browser, and none of it is sent", async () => {
    const { page, context, faults } = await person(browser, server.base, "desk");
    const leaks = listen(context, receipt);
    await page.goto("/verify", { waitUntil: "networkidle" });
    await drop(page, name, receipt.text);
    await page.getByRole("heading", { name: "凭证有效" }).waitFor();
    const said = await page.locator(".page").innerText();
    for (const words of [receipt.case_no, origin, "第 1 条", "路口的灯三天没亮了", "只用本网站的公钥核对过", "内容是否属实", "账本是否只有一份"]) assert.ok(said.includes(words), words);
    await page.getByText("原始记录").click();
    const raw = await page.locator("pre").first().innerText();
    assert.equal(raw, Buffer.from(receipt.text.split("\n")[1].slice(6), "base64").subarray(160).toString());
    assert.deepEqual(leaks(), []);
    assert.deepEqual(faults, []);
    // The listener is not deaf.
    await page.evaluate((text) => fetch("/ledger/key", { method: "POST", body: text }), receipt.text);
    assert.equal(leaks().length, 1);
    await context.close();
  });

  await t.test("one changed bit is refused in words, and so are other files", async () => {
    const { page, context, faults } = await person(browser, server.base);
    await page.goto("/verify", { waitUntil: "networkidle" });
    for (const [text, title, why] of [
      [tamper(receipt.text), "事件内容和账本记下的不一样", "算出来的指纹和账本条目的不同"],
      [receipt.text.replace(/^index 0$/m, "index 1"), "位置对不上", ""],
      [receipt.text.replace(/ (\S{40})(\S)(\S+)\n$/, (_, head, letter, tail) => ` ${head}${letter === "A" ? "B" : "A"}${tail}\n`), "签名对不上", "签名是假的"],
      [receipt.text.slice(0, -30), "凭证不完整", "检查点"],
      ["你好\n", "这不是一份凭证", "第一行"],
    ]) {
      await drop(page, name, text);
      const verdict = page.locator(".verdict");
      await verdict.getByText(title).waitFor();
      assert.ok(!(await verdict.innerText()).includes("凭证有效"));
      assert.ok((await page.locator(".page").innerText()).includes(why), `${title}: ${why}`);
      assert.ok((await page.locator(".page").innerText()).includes("怎么办"));
      await page.getByRole("button", { name: "核对另一份" }).click();
    }
    await drop(page, name, tamper(receipt.text));
    await page.locator(".verdict.refused").waitFor();
    await shoot(page, "verify-refused");
    assert.deepEqual(await barriers(page), []);
    assert.deepEqual(faults, []);
    await context.close();
  });

  await t.test("it works without a network once it was opened, after a restart too", async () => {
    const { page, context } = await person(browser, server.base);
    await page.goto("/verify", { waitUntil: "networkidle" });
    await page.evaluate(async () => {
      await navigator.serviceWorker.ready;
      if (!navigator.serviceWorker.controller) await new Promise((resolve) => navigator.serviceWorker.addEventListener("controllerchange", resolve, { once: true }));
    });
    await context.setOffline(true);
    await page.reload();
    await page.getByRole("button", { name: "粘贴文字" }).click();
    await page.getByLabel("凭证的文字").fill(receipt.text.trim());
    await page.getByRole("button", { name: "核对", exact: true }).click();
    await page.getByRole("heading", { name: "凭证有效" }).waitFor();
    await context.close();
  });

  await t.test("a change of the site's key is noticed, and a key of one's own is preferred", async () => {
    const { page, context } = await person(browser, server.base);
    await page.goto("/verify", { waitUntil: "networkidle" });
    await context.route("**/ledger/key", (route) => route.fulfill({ body: `${otherKey(origin)}\n` }));
    await page.goto("/verify", { waitUntil: "networkidle" });
    await drop(page, name, receipt.text);
    await page.getByRole("heading", { name: "账本的公钥变了" }).waitFor();
    await page.getByRole("heading", { name: "凭证有效" }).waitFor();
    await shoot(page, "verify-key-changed");
    assert.deepEqual(await barriers(page), []);
    await page.getByRole("button", { name: "我已核实，改用新公钥" }).click();
    await page.locator(".verdict.refused").getByText("签名对不上").waitFor();
    await page.getByRole("button", { name: "登记自己的公钥或信任名单" }).click();
    await page.getByLabel("公钥或信任名单").fill(key.slice(0, -2));
    await page.getByRole("button", { name: "登记在这台设备上" }).click();
    await page.locator(".field-error").waitFor();
    await page.getByLabel("公钥或信任名单").fill(key);
    await page.getByRole("button", { name: "登记在这台设备上" }).click();
    await page.getByRole("heading", { name: "凭证有效" }).waitFor();
    await page.getByText("您登记的公钥").waitFor();
    await context.close();
  });

  await t.test("from the report it is opened, printed on A4, and read back from its QR codes", async () => {
    const { page, context, faults } = await person(browser, server.base, "desk");
    const leaks = listen(context, receipt);
    await page.goto(`/reports/${receipt.case_no}#${receipt.secret}`);
    await page.getByRole("button", { name: "验证这一步" }).last().click();
    const opened = context.waitForEvent("page");
    await page.getByRole("link", { name: /打印或存为 PDF/ }).click();
    const print = await opened;
    await print.locator("svg.code").first().waitFor();
    assert.equal(new URL(print.url()).search + new URL(print.url()).hash, "");
    const said = await print.locator(".sheet").innerText();
    for (const words of [receipt.case_no, origin, key, "dipper verify", `${server.base}/verify`, "没有可核对的见证人签名"]) assert.ok(said.includes(words), words);
    const versions = await print.locator("svg.code").evaluateAll((codes) => codes.map((code) => Number(code.dataset.version)));
    t.diagnostic(`${versions.length} QR codes of versions ${versions.join(", ")}`);
    assert.ok(versions.every((version) => version <= 22));
    assert.deepEqual(await barriers(print), []);
    await shoot(print, "verify-sheet");
    const pdf = await print.pdf({ preferCSSPageSize: true, printBackground: false });
    await writeFile(path.join(e2e, "screenshots/verify-sheet.pdf"), pdf);
    const pages = pdf.toString("latin1").match(/\/Type\s*\/Page\b/g).length;
    t.diagnostic(`${pages} pages of A4`);
    assert.ok(pages <= 2);

    // By a decoder that is not ours, as the printed instructions say: without first lines, joined in order.
    const picture = path.join(home, "sheet.png");
    await print.locator(".codes").screenshot({ path: picture });
    const texts = JSON.parse(execFileSync(path.join(e2e, ".venv/bin/python"), [path.join(e2e, "clients/read_codes.py"), picture], { encoding: "utf8" }));
    assert.equal(texts.length, versions.length);
    const parts = texts.map((text) => /^dipper\.tlog-proof (\d+)\/(\d+) [0-9a-f]{16}\n(.*)$/s.exec(text)).sort((a, b) => Number(a[1]) - Number(b[1]));
    const joined = `${parts.map(([, , , part]) => part).join("")}\n`;
    assert.equal(joined, receipt.text);
    const file = path.join(home, "joined.tlog-proof");
    await writeFile(file, joined);
    assert.match(await must(["verify", file, "--key", key, "--locale", "en"]), /entry 1 of the log/);

    // By our own page, from the picture of the sheet.
    const phone = await person(browser, server.base);
    const phoneLeaks = listen(phone.context, receipt);
    await phone.page.goto("/verify", { waitUntil: "networkidle" });
    await phone.page.locator("input[type=file]").first().setInputFiles(picture);
    await phone.page.getByRole("heading", { name: "凭证有效" }).waitFor();
    // And from the texts of another scanner, one after another.
    await phone.page.getByRole("button", { name: "核对另一份" }).click();
    await phone.page.getByRole("button", { name: "粘贴文字" }).click();
    for (const [at, text] of texts.toReversed().entries()) {
      await phone.page.getByLabel("凭证的文字").fill(text.trim());
      await phone.page.getByRole("button", { name: "核对", exact: true }).click();
      if (at === 0) await phone.page.getByText(`已读到 1 个`).waitFor();
    }
    await phone.page.getByRole("heading", { name: "凭证有效" }).waitFor();
    assert.deepEqual([...leaks(), ...phoneLeaks(), ...faults, ...phone.faults], []);
    await phone.context.close();
    await context.close();
  });

  await t.test("the camera reads the codes", async () => {
    const { page, context } = await person(browser, server.base, "desk");
    await page.goto("/verify", { waitUntil: "networkidle" });
    await drop(page, name, receipt.text);
    await page.getByRole("link", { name: "打印或存为 PDF" }).click();
    await page.locator("svg.code").first().waitFor();
    const film = path.join(home, "codes.mjpeg");
    const frames = [];
    for (const code of await page.locator("svg.code").all()) {
      await code.evaluate((svg) => Object.assign(svg.style, { inlineSize: "700px", maxInlineSize: "none", position: "fixed", inset: "0", zIndex: 99 }));
      frames.push(await page.screenshot({ type: "jpeg", quality: 90, clip: { x: 0, y: 0, width: 720, height: 720 } }));
      await code.evaluate((svg) => Object.assign(svg.style, { visibility: "hidden" }));
    }
    // Each code for two seconds, at 30 pictures a second; Chromium plays it over and over.
    await writeFile(film, Buffer.concat(frames.flatMap((frame) => Array(60).fill(frame))));
    await context.close();
    const filmed = await launch(t, ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", `--use-file-for-fake-video-capture=${film}`]);
    const scanner = await person(filmed, server.base);
    await scanner.context.grantPermissions(["camera"]);
    const leaks = listen(scanner.context, receipt);
    await scanner.page.goto("/verify", { waitUntil: "networkidle" });
    await scanner.page.getByRole("button", { name: "用相机扫码" }).click();
    await scanner.page.getByText(/已读到 \d 个/).waitFor();
    await shoot(scanner.page, "verify-camera");
    assert.deepEqual(await barriers(scanner.page), []);
    await scanner.page.getByRole("heading", { name: "凭证有效" }).waitFor();
    assert.deepEqual(leaks(), []);
    await scanner.context.close();
  });

  await t.test("staff open the same pages from the history of a case", async () => {
    const { page, context, faults } = await person(browser, server.base, "desk");
    await page.goto("/centre/sign-in");
    await page.getByLabel("账号").fill(accounts.chief.login);
    await page.getByLabel("密码").fill(accounts.chief.password);
    await page.getByRole("button", { name: "登录", exact: true }).click();
    await page.waitForURL((url) => !url.pathname.endsWith("sign-in"));
    await page.goto(`/centre/cases/${receipt.case_no}`);
    await page.getByRole("button", { name: "验证这一步" }).last().click();
    const opened = context.waitForEvent("page");
    await page.getByRole("link", { name: /自己核对/ }).click();
    const check = await opened;
    await check.getByRole("heading", { name: "凭证有效" }).waitFor();
    assert.equal(new URL(check.url()).search, "");
    assert.deepEqual(faults, []);
    await context.close();
  });

  await t.test("the policy this site publishes is filled in by a press, and only offered where there is one", async () => {
    const { page, context, faults } = await person(browser, server.base);
    const offer = page.getByRole("button", { name: "填入本网站公布的名单" });
    const check = async () => {
      await page.goto("/verify", { waitUntil: "networkidle" });
      await drop(page, name, receipt.text);
      await page.getByRole("heading", { name: "凭证有效" }).waitFor();
      const asked = page.waitForResponse("**/ledger/policy");
      await page.getByRole("button", { name: "登记自己的公钥或信任名单" }).click();
      await asked;
    };
    await check();
    await page.getByLabel("公钥或信任名单").waitFor();
    assert.equal(await offer.count(), 0);
    const policy = `log ${key} https://city.example/ledger\nquorum none\n`;
    await context.route("**/ledger/policy", (route) => route.fulfill({ body: policy }));
    await check();
    await offer.click();
    assert.equal(await page.getByLabel("公钥或信任名单").inputValue(), policy);
    await page.getByText("这份名单来自本网站").waitFor();
    await page.getByRole("button", { name: "登记在这台设备上" }).click();
    await page.getByText("您登记的信任名单").waitFor();
    await page.getByRole("heading", { name: "凭证有效" }).waitFor();
    assert.deepEqual(faults, []);
    await context.close();
  });

  for (const size of ["phone", "desk"]) {
    for (const mode of ["normal", "elder", "english"]) {
      await t.test(`on the ${size}, ${mode}: every view fits and has no serious barrier`, async () => {
        const { page, context, faults } = await person(browser, server.base, size, mode === "english" ? "en-US" : "zh-CN");
        if (mode === "elder") await page.addInitScript(() => localStorage.setItem("dipper.preferences", JSON.stringify({ locale: "zh-CN", size: "elder" })));
        const look = async (view) => {
          await shoot(page, `verify-${size}-${mode}-${view}`);
          faults.push(...(await barriers(page)).map((fault) => `${view}: ${fault}`));
          const wider = await overflow(page);
          if (wider > 1) faults.push(`${view} is ${wider} px wider than its window`);
        };
        await page.goto("/verify", { waitUntil: "networkidle" });
        await look("empty");
        await drop(page, name, receipt.text);
        await page.locator(".verdict.good").waitFor();
        await look("good");
        await page.locator("details").evaluateAll((all) => all.forEach((one) => (one.open = true)));
        await look("details");
        // With the keyboard alone: to the sheet.
        await page.locator("a[href='/verify/print']").focus();
        await page.keyboard.press("Enter");
        await page.locator("svg.code").first().waitFor();
        await look("sheet");
        await context.close();
        assert.deepEqual(faults, []);
      });
    }
  }
});
