// Signing in with another identity provider, an independent one in a process of its own: for the first time, again, linked,
// unlinked; and what must not work: a mix-up, a code used twice, another browser, another nonce, a provider that is away.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { test } from "node:test";
import { barriers, launch, person, shoot } from "../lib/browser.mjs";
import { folder, freePort, serve } from "../lib/dipper.mjs";
import { provider } from "../lib/provider.mjs";

const SECRET = "a secret that both sides know, of some length";

test("people sign in with another provider", { timeout: 300_000 }, async (t) => {
  const home = await folder(t);
  const data = path.join(home, "data");
  const [port, first, second, liarPort] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const base = `http://127.0.0.1:${port}`;
  const back = (id) => `${base}/openid/upstream/${id}`;
  const client = (id, more) => ({ client_id: "yaoguang", redirect_uris: [back(id)], response_types: ["code"], grant_types: ["authorization_code"], ...more });
  const declared = [
    { id: "province", title: { "zh-CN": "省统一身份认证", en: "the province" }, issuer: `http://127.0.0.1:${first}`, client_id: "yaoguang", client_secret_file: "province.secret", levels: { "urn:province:2": "L2" }, identity_claims: { name: "real_name", id_number: "id_number" } },
    { id: "works", title: { "zh-CN": "省政务员平台", en: "works" }, issuer: `http://127.0.0.1:${second}`, client_id: "yaoguang", client_key_file: "works.key" },
    { id: "liar", title: { "zh-CN": "冒充者", en: "a liar" }, issuer: `http://127.0.0.1:${liarPort}`, client_id: "yaoguang", client_secret_file: "province.secret" },
  ];
  mkdirSync(home, { recursive: true });
  const file = path.join(home, "upstream.json");
  writeFileSync(path.join(home, "province.secret"), `${SECRET}\n`);
  writeFileSync(file, JSON.stringify(declared));
  // The worked example of GB 11643-1999.
  const number = "11010519491231002X";
  const config = { clients: [client("province", { client_secret: SECRET, token_endpoint_auth_method: "client_secret_basic", id_token_signed_response_alg: "RS256" })], claims: { wang: { id_number: number } } };
  let province = await provider(t, config, first);
  const server = await serve(t, { data, port, args: ["--upstream", file, "--base-url", base] });
  const keys = await (await fetch(`${base}/openid/upstream-keys`)).json();
  assert.equal(keys.keys.length, 1, "the key for the provider that knows us by one");
  await provider(t, { clients: [client("works", { token_endpoint_auth_method: "private_key_jwt", token_endpoint_auth_signing_alg: "ES256", jwks: keys, id_token_signed_response_alg: "EdDSA" })] }, second);
  const browser = await launch(t);
  const one = async () => {
    const made = await person(browser, base);
    // The provider is another host, and meant to be.
    made.faults.length = 0;
    return made;
  };
  const session = (page) => page.evaluate(async () => (await fetch("/api/v1/session")).json());
  const signIn = async (page, title, who) => {
    await page.goto("/sign-in?then=/me");
    await page.getByRole("button", { name: `用${title}登录` }).click();
    await page.getByRole("link", { name: who, exact: true }).click();
  };
  /** A browser by hand: cookies, redirects one at a time. */
  const begin = async (id = "province") => {
    const answer = await fetch(`${base}/api/v1/session/upstream/${id}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ link: false }) });
    const cookie = answer.headers.getSetCookie().find((line) => line.startsWith("dipper_upstream="))?.split(";")[0];
    return { status: answer.status, to: (await answer.json()).to, cookie };
  };
  const there = async (to, who) => {
    const jar = new Map();
    let url = to;
    for (let step = 0; step < 12; step += 1) {
      const answer = await fetch(url, { redirect: "manual", headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join("; ") } });
      for (const line of answer.headers.getSetCookie()) jar.set(...line.split(";")[0].split(/=(.*)/s));
      // A page without a way on is the one that asks who signs in.
      url = new URL(answer.headers.get("location") ?? `${new URL(url).pathname}/${who}`, url).href;
      if (url.startsWith(base)) return url;
    }
    throw new Error("never came back");
  };
  const comeBack = async (url, cookie) => {
    const answer = await fetch(url, { redirect: "manual", headers: cookie ? { cookie } : {} });
    const isIn = answer.headers.getSetCookie().some((line) => /^dipper_session=[^;]+/.test(line));
    return { to: answer.headers.get("location"), isIn };
  };
  let party;

  await t.test("for the first time a new account is made, and the next time it is found again", async () => {
    const { page } = await one();
    await page.goto("/sign-in");
    await page.getByRole("button", { name: "用省统一身份认证登录" }).waitFor();
    assert.deepEqual(await barriers(page), []);
    await shoot(page, "upstream-sign-in");
    await signIn(page, "省统一身份认证", "wang");
    await page.waitForURL("**/me");
    const now = await session(page);
    assert.deepEqual([now.party.display_name, now.party.kind, now.method], ["晓月", "resident", "upstream"]);
    party = now.party.id;
    const identity = await page.evaluate(async () => (await fetch("/api/v1/person/identity")).json());
    assert.deepEqual([identity.level, identity.proved?.name], ["L2", "**月"], "the level is ours, by configuration");
    const again = await one();
    await signIn(again.page, "省统一身份认证", "wang");
    await again.page.waitForURL("**/me");
    assert.equal((await session(again.page)).party.id, party);
    const guest = await one();
    await signIn(guest.page, "省统一身份认证", "guest");
    await guest.page.waitForURL("**/me");
    assert.notEqual((await session(guest.page)).party.id, party);
    assert.equal((await guest.page.evaluate(async () => (await fetch("/api/v1/person/identity")).json())).level, "L1");
  });

  await t.test("who says no there is told so here, and is nobody", async () => {
    const { page } = await one();
    await signIn(page, "省统一身份认证", "no");
    await page.getByText("您在对方平台没有同意登录").waitFor();
    assert.equal((await session(page)).party, null);
    await shoot(page, "upstream-denied");
  });

  await t.test("a key of ours proves us too, and tokens by EdDSA hold", async () => {
    const { page } = await one();
    await signIn(page, "省政务员平台", "guest");
    await page.waitForURL("**/me");
    assert.equal((await session(page)).method, "upstream");
  });

  await t.test("an account is linked by who is signed in here, opens it, and is unlinked; the last way in stays", async () => {
    const { page } = await one();
    await page.goto("/register");
    await page.getByLabel("怎么称呼您").fill("老张");
    await page.getByLabel("账号", { exact: true }).fill("zhang");
    await page.getByLabel("密码", { exact: true }).fill("a long enough word");
    await page.getByRole("button", { name: "注册并登录" }).click();
    await page.waitForURL((url) => url.pathname !== "/register");
    const mine = (await session(page)).party.id;
    await page.goto("/me/security");
    // The account of the province is wang's already: it links nothing.
    await page.getByRole("button", { name: "绑定省统一身份认证" }).click();
    await page.getByRole("link", { name: "wang", exact: true }).click();
    await page.waitForURL("**/me/security?problem=upstream_taken");
    await page.goto("/me/security");
    await page.getByRole("button", { name: "绑定省政务员平台" }).click();
    await page.getByRole("link", { name: "wang", exact: true }).click();
    await page.waitForURL("**/me/security");
    await page.getByRole("button", { name: "解绑省政务员平台" }).waitFor();
    await shoot(page, "upstream-linked");
    const other = await one();
    await signIn(other.page, "省政务员平台", "wang");
    await other.page.waitForURL("**/me");
    assert.equal((await session(other.page)).party.id, mine, "the same account, by the other way");
    await page.getByRole("button", { name: "解绑省政务员平台" }).click();
    await page.getByRole("button", { name: "绑定省政务员平台" }).waitFor();
    const first = await one();
    await signIn(first.page, "省统一身份认证", "wang");
    await first.page.waitForURL("**/me");
    await first.page.goto("/me/security");
    await first.page.getByRole("button", { name: "解绑省统一身份认证" }).click();
    await first.page.getByText("这是唯一的登录方式，不能移除").waitFor();
  });

  await t.test("an answer is taken once, in the browser and at the address where it belongs", async () => {
    const honest = await begin();
    const url = await there(honest.to, "wang");
    assert.match((await comeBack(url, "dipper_upstream=another")).to, /problem=upstream_stale/, "another browser");
    assert.match((await comeBack(url, honest.cookie)).to, /problem=upstream_stale/, "it was spent by the attempt");
    const next = await begin();
    const good = await there(next.to, "wang");
    assert.match((await comeBack(good.replace("/upstream/province", "/upstream/works"), next.cookie)).to, /problem=upstream_stale/, "the address of another provider");
    const third = await begin();
    const fresh = new URL(await there(third.to, "wang"));
    fresh.searchParams.set("iss", `http://127.0.0.1:${second}`);
    assert.match((await comeBack(fresh.href, third.cookie)).to, /problem=upstream_refused/, "another issuer's answer (RFC 9207)");
    const fourth = await begin();
    const last = await there(fourth.to, "wang");
    assert.deepEqual([(await comeBack(last, fourth.cookie)).isIn, (await comeBack(last, fourth.cookie)).isIn], [true, false], "an answer replayed");
    const [a, b] = [await begin(), await begin()];
    const stolen = new URL(await there(a.to, "guest"));
    const state = new URL(b.to).searchParams.get("state");
    stolen.searchParams.set("state", state);
    assert.match((await comeBack(stolen.href, b.cookie)).to, /problem=upstream_refused/, "a code of another request has another challenge");
    assert.match((await comeBack(`${back("province")}?code=x&state=unknown`, b.cookie)).to, /problem=upstream_stale/);
  });

  await t.test("keys that were changed are read anew, and a provider that is away is said to be", async () => {
    await new Promise((resolve) => setTimeout(resolve, 5_100));
    await province.rotate();
    const after = await begin();
    assert.equal((await comeBack(await there(after.to, "wang"), after.cookie)).isIn, true);
    const waiting = await begin();
    const url = await there(waiting.to, "wang");
    await province.kill();
    assert.match((await comeBack(url, waiting.cookie)).to, /problem=upstream_(away|refused)/);
    province = await provider(t, config, first);
    const back_again = await begin();
    assert.equal(back_again.status, 200);
    const { page } = await one();
    await page.goto("/sign-in");
    await page.getByRole("button", { name: "用冒充者登录" }).click();
    await page.getByText("对方平台没有回应").waitFor();
    await shoot(page, "upstream-away");
  });

  await t.test("a provider that lies signs nobody in", async () => {
    const { generateKeyPairSync, sign } = await import("node:crypto");
    const [right, wrong] = [generateKeyPairSync("ed25519"), generateKeyPairSync("ed25519")];
    const issuer = `http://127.0.0.1:${liarPort}`;
    const b64 = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
    let lie = {};
    let nonce;
    const liar = createServer((request, response) => {
      const url = new URL(request.url, issuer);
      const json = (body) => response.setHeader("content-type", "application/json").end(JSON.stringify(body));
      if (url.pathname === "/.well-known/openid-configuration") return json({ issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/jwks` });
      if (url.pathname === "/jwks") return json({ keys: [{ ...right.publicKey.export({ format: "jwk" }), kid: "k", use: "sig" }] });
      const now = Math.floor(Date.now() / 1000);
      const claims = { iss: issuer, aud: "yaoguang", sub: "wang", iat: now, exp: now + 60, nonce, ...lie.claims };
      const input = `${b64({ alg: "EdDSA", kid: "k", ...lie.header })}.${b64(claims)}`;
      const signature = lie.header?.alg === "none" ? "" : sign(null, Buffer.from(input), (lie.key ?? right).privateKey).toString("base64url");
      return json({ access_token: "x", token_type: "bearer", id_token: `${input}.${signature}` });
    });
    await new Promise((resolve) => liar.listen(liarPort, "127.0.0.1", resolve));
    t.after(() => (liar.closeAllConnections(), liar.close()));
    const attempt = async (what) => {
      lie = what;
      const sent = await begin("liar");
      const asked = new URL(sent.to).searchParams;
      nonce = asked.get("nonce");
      return comeBack(`${back("liar")}?code=c&state=${asked.get("state")}`, sent.cookie);
    };
    assert.equal((await attempt({})).isIn, true, "what is honest is taken");
    const now = Math.floor(Date.now() / 1000);
    for (const what of [
      { claims: { nonce: "another" } },
      { claims: { nonce: undefined } },
      { claims: { iss: `http://127.0.0.1:${first}` } },
      { claims: { aud: "somebody else" } },
      { claims: { aud: ["yaoguang", "else"] } },
      { claims: { exp: now - 120 } },
      { claims: { iat: now + 600 } },
      { claims: { sub: "" } },
      { header: { alg: "none" } },
      { header: { alg: "HS256" } },
      { header: { kid: "unknown" } },
      { key: wrong },
    ]) {
      const outcome = await attempt(what);
      assert.deepEqual([outcome.isIn, /problem=upstream_refused/.test(outcome.to)], [false, true], JSON.stringify(what));
    }
  });

  await t.test("where none is configured, none is shown", async () => {
    const plain = await serve(t, { data: path.join(home, "plain") });
    const { page } = await person(browser, plain.base);
    await page.goto("/sign-in");
    await page.getByRole("button", { name: "登录", exact: true }).waitFor();
    assert.equal(await page.getByText("省统一身份认证").count(), 0);
    assert.equal((await fetch(`${plain.base}/openid/upstream/province?code=1&state=2`)).status, 404);
  });
  assert.ok(server.base);
});
