// Signing in without a password: a passkey of Chromium's own virtual authenticator, and a code beside the password.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import path from "node:path";
import { test } from "node:test";
import { barriers, launch, overflow, person, shoot } from "../lib/browser.mjs";
import { folder, serve } from "../lib/dipper.mjs";
import { phoneLock } from "../lib/passkey.mjs";

/** What an authenticator app shows (RFC 6238), reckoned apart from the product. */
function codeOf(secret, at_s = Date.now() / 1000) {
  const bits = [...secret].map((one) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(one).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(at_s / 30)));
  const hash = createHmac("sha1", key).update(step).digest();
  const at = hash[19] & 15;
  return String((hash.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

test("a resident signs in by face or finger", { timeout: 600_000 }, async (t) => {
  const server = await serve(t, { data: path.join(await folder(t), "data") });
  const base = server.base.replace("127.0.0.1", "localhost");
  const browser = await launch(t);
  const li = await person(browser, base);
  const { page } = li;
  const phone = await phoneLock(page);
  const clean = async (what) => {
    await page.waitForTimeout(200);
    const wider = await overflow(page);
    assert.deepEqual([...(await barriers(page)), ...(wider > 1 ? [`${what} is ${wider} px wider`] : []), ...li.faults], [], what);
  };
  const leave = async () => {
    await page.goto("/me");
    await page.getByRole("button", { name: "退出登录" }).click();
    await page.getByText("您还没有登录").waitFor();
  };
  const enter = async () => {
    await page.goto("/sign-in");
    await page.getByRole("button", { name: "刷脸或指纹登录" }).click();
  };

  await t.test("registers with a name, a login and the phone's lock, no password", async () => {
    await page.goto("/register");
    assert.equal(await page.getByLabel("密码", { exact: true }).count(), 0);
    await clean("register");
    await shoot(page, "passkey-register");
    await page.getByLabel("怎么称呼您").fill("李女士");
    await page.getByLabel("账号", { exact: true }).fill("li-by-the-lake");
    await page.getByRole("button", { name: "用刷脸或指纹注册" }).click();
    await page.waitForURL("**/reports");
    assert.equal((await phone.keys()).length, 1);
  });

  await t.test("comes back with one press, and not with a lock that stays shut", async () => {
    await leave();
    await page.goto("/sign-in");
    await clean("sign in");
    await shoot(page, "passkey-sign-in");
    await phone.lock(false);
    await enter();
    await page.getByRole("alert").getByText("没有完成").waitFor();
    await phone.lock(true);
    await enter();
    await page.waitForURL("**/reports");
  });

  await t.test("sees the passkey, sets a password and codes, and keeps a way in", async () => {
    await page.goto("/me");
    await page.getByRole("link", { name: "登录与安全" }).click();
    await page.getByRole("heading", { name: "刷脸或指纹（通行密钥）" }).waitFor();
    await page.getByText("上次使用").waitFor();
    await clean("security");
    await shoot(page, "security");
    await page.getByRole("button", { name: /^移除/ }).click();
    await page.getByRole("alert").getByText("这是唯一的登录方式").waitFor();
    await page.getByRole("button", { name: "设置密码" }).click();
    await page.getByLabel("新密码").fill("a long enough word");
    await page.getByRole("button", { name: "保存，并退出其他设备" }).click();
    await page.getByRole("button", { name: "开启验证码" }).click();
    const secret = (await page.locator("code.secret").textContent()).trim();
    await page.getByRole("dialog").getByRole("img").waitFor();
    await clean("scan the app");
    await shoot(page, "security-app");
    await page.getByLabel("六位数字").fill("000000");
    await page.getByRole("button", { name: "确认开启" }).click();
    await page.getByRole("dialog").getByRole("alert").waitFor();
    await page.getByLabel("六位数字").fill(codeOf(secret));
    await page.getByRole("button", { name: "确认开启" }).click();
    await page.getByRole("heading", { name: "恢复码" }).waitFor();
    const codes = await page.locator(".codes code").allTextContents();
    assert.equal(codes.length, 8);
    await clean("recovery codes");
    await shoot(page, "security-codes");
    await page.getByRole("button", { name: "我已收好" }).click();
    await page.getByText("恢复码还剩 8 个").waitFor();

    await leave();
    await page.goto("/sign-in");
    await page.getByLabel("账号", { exact: true }).fill("li-by-the-lake");
    await page.getByLabel("密码", { exact: true }).fill("a long enough word");
    await page.getByRole("button", { name: "登录", exact: true }).click();
    const code = page.getByLabel("验证码", { exact: true });
    await code.waitFor();
    assert.ok(await code.evaluate((one) => one === document.activeElement), "the code has the focus");
    await clean("asked for a code");
    await shoot(page, "sign-in-code");
    await code.fill("000000");
    await page.getByRole("button", { name: "登录", exact: true }).click();
    await page.getByRole("alert").getByText("验证码不对").waitFor();
    await code.fill(codes[2]);
    await page.getByRole("button", { name: "登录", exact: true }).click();
    await page.waitForURL("**/reports");
  });

  await t.test("is told when the phone has no passkey, or when it was removed here", async () => {
    await page.goto("/me/security");
    await page.getByRole("button", { name: /^移除/ }).click();
    await page.getByText("还没有添加").waitFor();
    await leave();
    await enter();
    await page.getByRole("alert").getByText("这个通行密钥不能用").waitFor();
    await phone.forget();
    await enter();
    await page.getByRole("alert").getByText("没有完成").waitFor();
    await clean("no passkey");
  });

  await t.test("is offered none under an address by number", async () => {
    const visitor = await person(browser, server.base);
    await visitor.page.goto("/sign-in");
    await visitor.page.getByRole("button", { name: "登录", exact: true }).waitFor();
    assert.equal(await visitor.page.getByRole("button", { name: "刷脸或指纹登录" }).count(), 0);
  });
});
