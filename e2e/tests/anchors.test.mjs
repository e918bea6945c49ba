// The ledger's checkpoints time-stamped by OpenSSL's authority over HTTP, and checked by our auditor and by OpenSSL.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFile, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { folder, run, serve, until } from "../lib/dipper.mjs";
import { CATEGORY, PLACE } from "../lib/staff.mjs";
import { Visitor } from "../lib/visitor.mjs";

const execute = promisify(execFile);

/** An authority with a root of its own. */
async function authority(t) {
  const home = await folder(t);
  const openssl = (...args) => execute("openssl", args, { cwd: home });
  await writeFile(path.join(home, "tsa.cnf"), [
    "[tsa]", "default_tsa = it",
    "[it]", `serial = ${path.join(home, "serial")}`, "signer_digest = sha256", "default_policy = 1.2.3.4.1", "digests = sha256",
    "ess_cert_id_alg = sha256",
    "[stamps]", "basicConstraints = CA:FALSE", "extendedKeyUsage = critical,timeStamping",
    "[signs]", "basicConstraints = critical,CA:TRUE", "",
  ].join("\n"));
  for (const name of ["root", "tsa"]) {
    await openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", `${name}.key`);
    await openssl("req", "-new", "-key", `${name}.key`, "-subj", `/CN=${name}`, "-out", `${name}.csr`);
  }
  const ours = ["-extfile", "tsa.cnf", "-days", "2"];
  await openssl("x509", "-req", "-in", "root.csr", "-signkey", "root.key", "-out", "root.pem", "-extensions", "signs", ...ours);
  await openssl("x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-out", "tsa.pem", "-extensions", "stamps", ...ours);
  const asked = [];
  const server = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    asked.push(request.headers["content-type"]);
    await writeFile(path.join(home, "query"), Buffer.concat(parts));
    await openssl("ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-signer", "tsa.pem", "-inkey", "tsa.key", "-out", "answer");
    response.writeHead(200, { "content-type": "application/timestamp-reply" }).end(await readFile(path.join(home, "answer")));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  return { url: `http://127.0.0.1:${server.address().port}/`, root: path.join(home, "root.pem"), home, openssl, asked };
}

test("a checkpoint is time-stamped beside the ledger, and anybody can check it", async (t) => {
  const clock = await authority(t);
  const home = await folder(t);
  const env = { NO_PROXY: "127.0.0.1", DIPPER_LEDGER_TSA: clock.url, DIPPER_LEDGER_TSA_CA: clock.root };
  const city = await serve(t, { data: path.join(home, "data"), env });
  await new Visitor(city.base).post("/reports", { category: CATEGORY, description: "路灯不亮", ...PLACE, evidence: [] });
  const list = await until("the ledger is anchored", async () => {
    const answer = await fetch(`${city.base}/ledger/anchors/list`);
    return answer.ok && answer.text();
  });
  const size = Number(list.trim());
  assert.ok(size >= 2, list);
  assert.deepEqual(clock.asked, ["application/timestamp-query"]);

  // OpenSSL, offline, out of what is served.
  for (const [end, kind] of [["checkpoint", "text/plain; charset=utf-8"], ["tsr", "application/timestamp-reply"]]) {
    const answer = await fetch(`${city.base}/ledger/anchors/${size}.${end}`);
    assert.equal(answer.headers.get("content-type"), kind);
    await writeFile(path.join(home, `kept.${end}`), Buffer.from(await answer.arrayBuffer()));
  }
  const kept = (end) => path.join(home, `kept.${end}`);
  const { stdout } = await clock.openssl("ts", "-verify", "-CAfile", "root.pem", "-data", kept("checkpoint"), "-in", kept("tsr"));
  assert.match(stdout, /Verification: OK/);
  for (const name of ["..%2Fkey", "key", "2.key", "x.tsr"]) {
    assert.equal((await fetch(`${city.base}/ledger/anchors/${name}`)).status, 404, name);
  }

  // Our auditor, from outside.
  let visits = 0;
  const audit = (locale, ...more) => run(["ledger", "audit", `${city.base}/ledger`, "--state", path.join(home, `audit${visits++}`), "--locale", locale, ...more], { env });
  const trusting = await audit("en", "--tsa-ca", clock.root);
  assert.equal(trusting.code, 0, trusting.stderr);
  assert.match(trusting.stdout, new RegExp(`the checkpoint of ${size} entries was time-stamped at .* by a trusted authority`));
  const untold = await audit("en");
  assert.match(untold.stdout, /no authority was named to trust/);
  const stranger = await authority(t);
  const refused = await audit("zh-CN", "--tsa-ca", stranger.root);
  assert.equal(refused.code, 1, refused.stdout);
  assert.match(refused.stderr, /时间戳无效/);
});

test("a ledger whose authority is away goes on, and says so", async (t) => {
  const home = await folder(t);
  const city = await serve(t, { data: path.join(home, "data"), env: { NO_PROXY: "127.0.0.1", DIPPER_LEDGER_TSA: "http://127.0.0.1:9/" } });
  await new Visitor(city.base).post("/reports", { category: CATEGORY, description: "路灯不亮", ...PLACE, evidence: [] });
  await until("it says so", async () => /the ledger is not anchored/.test(city.log()));
  await new Visitor(city.base).post("/reports", { category: CATEGORY, description: "井盖缺失", ...PLACE, evidence: [] });
  const size = async () => Number((await (await fetch(`${city.base}/ledger/checkpoint`)).text()).split("\n")[1]);
  await until("it goes on", async () => (await size()) >= 4);
  assert.equal((await fetch(`${city.base}/ledger/anchors/list`)).status, 404);
});
