// Erased is erased in backups too: older copies go after their days, and one that is restored brings nobody back.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { folder, must, run, serve, until } from "../lib/dipper.mjs";
import { databases, withTools } from "../lib/postgres.mjs";
import { Visitor } from "../lib/visitor.mjs";

const RESIDENT = { login: "qin-bakery", password: "a bakery at the corner" };
const withDatabase = (city) => ["--data", city.data, ...(city.database ? ["--database-url", city.database] : [])];

/** Whether the resident can still sign in. */
async function isThere(base) {
  const answer = await new Visitor(base).fetch("POST", "/session", { body: RESIDENT });
  assert.ok([200, 401].includes(answer.status), String(answer.status));
  return answer.status === 200;
}

test("an erased person is in no backup after its days, and no restore brings them back", { timeout: 600_000 }, async (t) => {
  for (const [kind, make] of await databases(t)) {
    await t.test(kind, async (t) => {
      const home = await folder(t);
      const city = { data: path.join(home, "data"), database: await make() };
      const tools = kind === "postgres" ? { env: { PATH: withTools() } } : {};
      const server = await serve(t, city);
      const qin = new Visitor(server.base);
      await qin.post("/residents", { ...RESIDENT, display_name: "秦女士" });
      await qin.signIn(RESIDENT);
      const layout = await qin.picture(5);
      const answers = { applicant: "trader", shop_name: "街角面包", address: "天权区文昌路 9 号", credit_code: "91350100M000100Y43", activities: ["hot"], area: 40, layout: [layout], manager_name: "秦一", manager_phone: "13800002222" };
      const { case_no } = await qin.post("/services/food_business_licence/applications", { answers }, { "idempotency-key": randomUUID() });
      const backups = path.join(home, "backups");
      await mkdir(backups);
      const [before, after] = ["before", "after"].map((name) => path.join(backups, name));
      await until("the ledger's key", async () => existsSync(path.join(city.data, "ledger/key")));
      await must(["backup", "--to", before, ...withDatabase(city)], tools);

      await qin.post(`/reports/${case_no}/actions/withdraw`, { answers: {} });
      assert.equal((await qin.fetch("POST", "/person/erasure")).status, 204);
      const list = path.join(city.data, "erased");
      await until("the list of erasures", async () => existsSync(list), 30_000);
      assert.match(await readFile(list, "utf8"), /^[0-9A-Z]{26} \S+Z\n$/, "an id and an instant, nothing more");
      await must(["backup", "--to", after, "--keep-days", "30", ...withDatabase(city)], tools);
      assert.ok(existsSync(before), "its days are not over");
      await server.stop();

      await t.test("by the newer backup beside it", async (t) => {
        const restored = { data: path.join(home, "by-sibling"), database: await make() };
        assert.match(await must(["restore", "--from", before, ...withDatabase(restored)], tools), /1 people had been erased since/);
        const files = await readdir(path.join(restored.data, "evidence"), { recursive: true });
        assert.equal(files.filter((file) => file.includes(layout.slice(0, 16))).length, 0, "the plan went too");
        const again = await serve(t, restored);
        assert.equal(await isThere(again.base), false);
        await again.stop();
      });

      const alone = path.join(home, "alone");
      execFileSync("sh", ["-c", 'mkdir "$2" && cp -r "$1" "$2/before"', "sh", before, alone]);
      const only = path.join(alone, "before");
      await t.test("by the list of the city it replaces", async (t) => {
        const restored = { data: path.join(home, "by-list"), database: await make() };
        const missing = await run(["restore", "--from", only, "--erased", path.join(home, "nowhere"), ...withDatabase(restored)], tools);
        assert.match(missing.stderr, /no list of erasures/);
        await must(["restore", "--from", only, "--erased", list, ...withDatabase(restored)], tools);
        const again = await serve(t, restored);
        assert.equal(await isThere(again.base), false);
        await again.stop();
      });

      await t.test("by the list in the data folder, whoever put the database there", async (t) => {
        const restored = { data: path.join(home, "by-folder"), database: await make() };
        await must(["restore", "--from", only, ...withDatabase(restored)], tools);
        const first = await serve(t, restored);
        assert.equal(await isThere(first.base), true, "no list was at hand: the manual says to give one");
        await first.stop();
        await copyFile(list, path.join(restored.data, "erased"));
        const again = await serve(t, restored);
        assert.equal(await isThere(again.base), false);
        await again.stop();
      });

      await t.test("the older backup goes after its days, and says so", async () => {
        const manifest = await readFile(path.join(before, "MANIFEST"), "utf8");
        await writeFile(path.join(before, "MANIFEST"), manifest.replace(/made at \S+/, "made at 2026-01-01T00:00:00Z"));
        const said = await must(["backup", "--to", path.join(backups, "third"), ...withDatabase(city)], { env: { ...tools.env, DIPPER_BACKUP_KEEP_DAYS: "30" } });
        assert.match(said, /before: made at 2026-01-01T00:00:00Z, older than 30 days, removed/);
        assert.deepEqual([before, after].map(existsSync), [false, true]);
      });
    });
  }
});
