// Another program signs a resident in: by openid-client (npm) and authlib (PyPI), which are written by somebody else, with
// the resident in Chromium. Codes and addresses that are tampered with are refused.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import * as jose from "jose";
import * as openid from "openid-client";
import { barriers, launch, overflow, person, shoot } from "../lib/browser.mjs";
import { ROOT, folder, freePort, must, serve } from "../lib/dipper.mjs";

const run = promisify(execFile);
const RESIDENT = { login: "sun-of-the-lake", password: "a long enough word" };

/** Where the program waits for its people: answers every request and remembers the last. */
async function program(t) {
  const port = await freePort();
  const seen = [];
  const server = createServer((request, response) => {
    if (!request.url.startsWith("/favicon")) seen.push(request.url);
    response.end("back at the program");
  }).listen(port, "127.0.0.1");
  t.after(() => server.close());
  return { back: `http://127.0.0.1:${port}/back`, bye: `http://127.0.0.1:${port}/bye`, last: () => `http://127.0.0.1:${port}${seen.at(-1)}` };
}

test("other programs sign residents in", { timeout: 600_000 }, async (t) => {
  const dir = await folder(t);
  const data = path.join(dir, "data");
  const elsewhere = await program(t);
  const keys = {};
  for (const [id, alg] of [["lake-tickets", "EdDSA"], ["lake-bikes", "ES256"]]) {
    keys[id] = await jose.generateKeyPair(alg, { extractable: true });
    const jwk = { ...(await jose.exportJWK(keys[id].publicKey)), kid: "k1", alg };
    const metadata = {
      client_id: id, client_name: id === "lake-tickets" ? "湖区票务" : "湖区单车", "client_name#en": id === "lake-tickets" ? "Lake tickets" : "Lake bikes",
      redirect_uris: [elsewhere.back], post_logout_redirect_uris: [elsewhere.bye], jwks: { keys: [jwk] }, scope: "openid profile",
      id_token_signed_response_alg: alg, contract: "HT-2026-17", purpose: "预约入园，入园后三十天删除", "purpose#en": "Booking a visit; deleted thirty days after it",
    };
    const file = path.join(dir, `${id}.json`);
    await writeFile(file, JSON.stringify(metadata));
    assert.equal((await must(["client", "register", "--metadata", file, "--data", data, "--pack", "packs/demo"])).trim(), id);
  }
  const port = await freePort();
  const base = `http://localhost:${port}`;
  await serve(t, { data, args: ["--base-url", base], port });
  const browser = await launch(t);
  const sun = await person(browser, base);
  const { page } = sun;
  const clean = async (what) => {
    await page.waitForTimeout(200);
    const wider = await overflow(page);
    const faults = sun.faults.filter((fault) => !fault.includes(elsewhere.back) && !fault.includes(elsewhere.bye));
    assert.deepEqual([...(await barriers(page)), ...(wider > 1 ? [`${what} is ${wider} px wider`] : []), ...faults], [], what);
  };
  const discover = (id) =>
    openid.discovery(new URL(base), id, { id_token_signed_response_alg: id === "lake-tickets" ? "EdDSA" : "ES256" }, openid.PrivateKeyJwt({ key: keys[id].privateKey, kid: "k1" }), { execute: [openid.allowInsecureRequests] });
  const tickets = await discover("lake-tickets");
  const begin = async (config, more = {}) => {
    const verifier = openid.randomPKCECodeVerifier();
    const checks = { pkceCodeVerifier: verifier, expectedState: openid.randomState(), expectedNonce: openid.randomNonce() };
    const url = openid.buildAuthorizationUrl(config, {
      redirect_uri: elsewhere.back, scope: "openid profile", code_challenge: await openid.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
      state: checks.expectedState, nonce: checks.expectedNonce, ...more,
    });
    return { url: url.href, checks };
  };
  let tokens;

  await t.test("a new resident signs in on the way, sees who asks what, and goes back", async () => {
    await page.goto("/register");
    await page.getByRole("button", { name: "改用密码注册" }).click();
    await page.getByLabel("怎么称呼您").fill("孙先生");
    await page.getByLabel("账号", { exact: true }).fill(RESIDENT.login);
    await page.getByLabel("密码", { exact: true }).fill(RESIDENT.password);
    await page.getByRole("button", { name: "注册并登录" }).click();
    await page.waitForURL("**/reports");
    await page.goto("/me");
    await page.getByRole("button", { name: "退出登录" }).click();
    await page.getByText("您还没有登录").waitFor();

    const { url, checks } = await begin(tickets);
    await page.goto(url);
    await page.getByText("“湖区票务”想用您的账号登录").waitFor();
    await clean("sign in on the way");
    await shoot(page, "openid-sign-in");
    await page.getByLabel("账号", { exact: true }).fill(RESIDENT.login);
    await page.getByLabel("密码", { exact: true }).fill(RESIDENT.password);
    await page.getByRole("button", { name: "登录", exact: true }).click();
    await page.getByText("同意后，“湖区票务”会知道").waitFor();
    await page.getByText("预约入园，入园后三十天删除").waitFor();
    await page.getByText("您填的称呼：孙先生").waitFor();
    await clean("consent");
    await shoot(page, "openid-consent");
    await page.getByRole("button", { name: "同意并登录" }).click();
    await page.waitForURL(`${elsewhere.back}*`);
    tokens = await openid.authorizationCodeGrant(tickets, new URL(elsewhere.last()), checks);
    const claims = tokens.claims();
    assert.deepEqual([claims.acr, claims.amr, claims.aud], ["L1", ["pwd"], "lake-tickets"]);
    const told = await openid.fetchUserInfo(tickets, tokens.access_token, claims.sub);
    assert.equal(told.name, "孙先生");
    // The same code again is refused, and takes back what it gave.
    await assert.rejects(openid.authorizationCodeGrant(tickets, new URL(elsewhere.last()), checks), (error) => error.error === "invalid_grant");
    await assert.rejects(openid.fetchUserInfo(tickets, tokens.access_token, claims.sub));
  });

  await t.test("once allowed nobody is asked again, and silence works", async () => {
    for (const more of [{}, { prompt: "none" }]) {
      const { url, checks } = await begin(tickets, more);
      await page.goto(url);
      await page.waitForURL(`${elsewhere.back}*`);
      tokens = await openid.authorizationCodeGrant(tickets, new URL(elsewhere.last()), checks);
    }
  });

  await t.test("another program sees another name, keeps to ES256, and is told less", async () => {
    const bikes = await discover("lake-bikes");
    const { url, checks } = await begin(bikes);
    await page.goto(url);
    await page.getByRole("switch", { name: /怎么称呼您/ }).click();
    await page.getByRole("button", { name: "同意并登录" }).click();
    await page.waitForURL(`${elsewhere.back}*`);
    const other = await openid.authorizationCodeGrant(bikes, new URL(elsewhere.last()), checks);
    assert.equal(jose.decodeProtectedHeader(other.id_token).alg, "ES256");
    assert.notEqual(other.claims().sub, tokens.claims().sub);
    assert.deepEqual(Object.keys(await openid.fetchUserInfo(bikes, other.access_token, other.claims().sub)), ["sub"]);
    await openid.tokenRevocation(bikes, other.access_token);
    await assert.rejects(openid.fetchUserInfo(bikes, other.access_token, other.claims().sub));
  });

  await t.test("saying no is told to the program", async () => {
    const { url, checks } = await begin(tickets, { prompt: "consent" });
    await page.goto(url);
    await page.getByRole("button", { name: "不同意" }).click();
    await page.waitForURL(`${elsewhere.back}*`);
    await assert.rejects(openid.authorizationCodeGrant(tickets, new URL(elsewhere.last()), checks), (error) => error.error === "access_denied");
  });

  await t.test("a request with another address or another program is shown, and sends nobody anywhere", async () => {
    for (const [name, value] of [["redirect_uri", `${elsewhere.back}.evil`], ["client_id", "nobody"]]) {
      const url = new URL((await begin(tickets)).url);
      url.searchParams.set(name, value);
      const answer = await page.goto(url.href);
      assert.equal(answer.status(), 400);
      await page.getByRole("heading", { name: "这个登录请求不能用" }).waitFor();
      await page.goto(`/authorize${url.search}`);
      await page.getByText("这个登录请求不能用").waitFor();
    }
  });

  await t.test("a program that asks beyond its contract gets nothing, and everybody reads of it", async () => {
    for (let time = 0; time < 2; time += 1) {
      const { url } = await begin(tickets, { scope: "openid profile id_number" });
      await page.goto(url);
      await page.waitForURL(`${elsewhere.back}*`);
      assert.equal(new URL(elsewhere.last()).searchParams.get("error"), "invalid_scope");
    }
    await page.goto("/accountability");
    await page.getByText("应用超范围索取数据").waitFor();
    assert.equal(await page.getByText("应用超范围索取数据").count(), 1, "one case a day");
    await page.locator("article", { hasText: "应用超范围索取数据" }).getByText("湖区票务").waitFor();
    await clean("what was found");
    await shoot(page, "openid-alarm");
    await page.goto("/developers/");
    await page.getByRole("heading", { name: "接口文档" }).waitFor();
    await page.locator(".opblock-tag").first().waitFor({ timeout: 20_000 });
    assert.deepEqual(sun.faults.filter((fault) => !fault.includes(elsewhere.back)), [], "the page for developers");
    await shoot(page, "developers");
  });

  await t.test("authlib goes through the same flow by itself", async () => {
    const jwk = { ...(await jose.exportJWK(keys["lake-tickets"].privateKey)), kid: "k1" };
    const file = path.join(dir, "private.json");
    await writeFile(file, JSON.stringify(jwk));
    const python = path.join(ROOT, "e2e/.venv/bin/python");
    const script = path.join(ROOT, "e2e/clients/sign_in_openid.py");
    const { stdout } = await run(python, [script, base, "lake-tickets", file, elsewhere.back, RESIDENT.login, RESIDENT.password]);
    const found = JSON.parse(stdout);
    assert.equal(found.claims.sub, tokens.claims().sub, "one name for one program, whichever library asks");
    assert.equal(found.userinfo.name, "孙先生");
    assert.equal(found.replayed, "invalid_grant");
  });

  await t.test("the resident sees what was allowed and takes it back, at once", async () => {
    await page.goto("/me");
    await page.getByRole("link", { name: "已授权的应用" }).click();
    await page.getByRole("heading", { name: "湖区票务" }).waitFor();
    await clean("programs");
    await shoot(page, "openid-programs");
    const { url, checks } = await begin(tickets);
    await page.goto(url);
    await page.waitForURL(`${elsewhere.back}*`);
    const last = await openid.authorizationCodeGrant(tickets, new URL(elsewhere.last()), checks);
    await openid.fetchUserInfo(tickets, last.access_token, last.claims().sub);
    await page.goto("/me/programs");
    await page.locator("section", { hasText: "湖区票务" }).getByRole("button", { name: "收回授权" }).click();
    await page.getByText("已收回“湖区票务”的授权").waitFor();
    await assert.rejects(openid.fetchUserInfo(tickets, last.access_token, last.claims().sub));
    assert.equal(await page.getByRole("heading", { name: "湖区单车" }).count(), 1, "the other stays");

    await page.goto("/accesses");
    await page.getByRole("heading", { name: "告诉了其他应用" }).waitFor();
    await page.getByText("湖区单车").first().waitFor();
    await clean("accesses");
    await shoot(page, "openid-accesses");

    const leaving = openid.buildEndSessionUrl(tickets, { id_token_hint: last.id_token, post_logout_redirect_uri: elsewhere.bye, state: "s1" });
    await page.goto(leaving.href);
    await page.getByText("应用请求您同时退出城市账号").waitFor();
    await clean("sign out");
    await shoot(page, "openid-sign-out");
    await page.getByRole("button", { name: "退出登录" }).click();
    await page.waitForURL(`${elsewhere.bye}*`);
    assert.equal(new URL(elsewhere.last()).searchParams.get("state"), "s1");
    await page.goto("/me");
    await page.getByText("您还没有登录").waitFor();
    const used = await must(["client", "usage", "--from", "2026-01-01", "--data", data, "--pack", "packs/demo"]);
    assert.match(used, /^lake-bikes\t\d{4}-\d\d-\d\d\t1\t0$/m);
    assert.match(used, /^lake-tickets\t\d{4}-\d\d-\d\d\t\d+\t2$/m);
  });
});
