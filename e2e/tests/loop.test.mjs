// The whole loop through the API, on both databases: a report becomes a case, is verified, filed, dispatched, handled,
// checked, closed and rated, and everybody is refused what is not theirs.
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { folder, must, serve, until } from "../lib/dipper.mjs";
import { databases } from "../lib/postgres.mjs";
import { CATEGORY, makeStaff, PLACE, signInAll } from "../lib/staff.mjs";
import { Refusal, Visitor } from "../lib/visitor.mjs";

/** Expects a refusal and gives it back. */
async function refused(status, promise) {
  const error = await promise.then(
    (answer) => assert.fail(`it was not refused: ${JSON.stringify(answer).slice(0, 300)}`),
    (error) => error,
  );
  assert.ok(error instanceof Refusal, String(error));
  assert.equal(error.status, status, String(error));
  assert.ok(error.body.code && error.body.message, "a refusal has a code and plain words");
  return error.body;
}

test("the loop", async (t) => {
  for (const [kind, make] of await databases(t)) {
    await t.test(kind, async (t) => {
      const data = path.join(await folder(t), "data");
      const city = { data, database: await make() };
      const accounts = await makeStaff(city);
      const server = await serve(t, city);
      const staff = await signInAll(server.base, accounts);
      const resident = new Visitor(server.base);
      let filed;

      await t.test("what does not fit is refused with the field that is wrong, and nothing is written", async () => {
        const before = (await staff.chief.get("/cases?limit=1")).total;
        const good = { category: CATEGORY, description: "灯不亮", ...PLACE };
        for (const [change, field] of [
          [{ category: "no_such_thing" }, "category"],
          [{ lon: 181 }, "lon"],
          [{ description: "长".repeat(5_000) }, "description"],
          [{ evidence: ["not-a-picture"] }, "evidence"],
          [{ colour: "red" }, undefined],
        ]) {
          const error = await resident.report({ ...good, ...change }).catch((error) => error);
          assert.ok(error instanceof Refusal && [400, 422].includes(error.status), `${JSON.stringify(change)}: ${error}`);
          if (field) assert.ok(JSON.stringify(error.body).includes(field), `${error} names ${field}`);
        }
        const form = new FormData();
        form.append("file", new Blob(["<svg/>"], { type: "image/png" }), "photo.png");
        const upload = await resident.fetch("POST", "/evidence", { form });
        assert.ok([400, 415, 422].includes(upload.status), `a picture that is none: ${upload.status}`);
        const torn = await fetch(`${server.base}/api/v1/reports`, { method: "POST", headers: { "content-type": "application/json", "idempotency-key": "torn-to-pieces" }, body: '{"category": ' });
        assert.ok([400, 422].includes(torn.status));
        assert.equal((await staff.chief.get("/cases?limit=1")).total, before);
      });

      await t.test("a report has a number at once, and the same one when sent again", async () => {
        const input = { category: CATEGORY, description: "路口的灯坏了三天", ...PLACE, evidence: [await resident.picture(1)], contact: { name: "王女士", phone: "13800000000" } };
        filed = await resident.report(input, "the-same-report-twice");
        const again = await resident.report(input, "the-same-report-twice");
        assert.equal(again.case_no, filed.case_no);
        const view = await resident.get(`/reports/${filed.case_no}?secret=${filed.secret}`);
        assert.equal(view.open, true);
        assert.equal(view.evidence.length, 1);
        const stranger = await new Visitor(server.base).get(`/reports/${filed.case_no}?secret=wrong`).catch((error) => error);
        assert.ok([403, 404].includes(stranger.status), String(stranger));
      });

      await t.test("contacts are sealed, opened for a purpose only, and events hold none of them", async () => {
        const events = await staff.acceptor.get(`/cases/${filed.case_id}/events`);
        assert.ok(!JSON.stringify(events).includes("13800000000"));
        const contact = await staff.acceptor.get(`/cases/${filed.case_id}/contact?purpose=${encodeURIComponent("电话回访上报人")}`);
        assert.ok(JSON.stringify(contact).includes("13800000000"));
        await refused(400, staff.acceptor.get(`/cases/${filed.case_id}/contact`));
        await refused(403, staff.handler.get(`/cases/${filed.case_id}/contact?purpose=curiosity`));
      });

      await t.test("what is not possible now is refused with what is", async () => {
        const body = await refused(409, staff.chief.act(filed.case_id, "close"));
        assert.equal(body.code, "not_allowed");
        assert.ok(Array.isArray(body.allowed));
        await refused(401, new Visitor(server.base).act(filed.case_id, "accept"));
        const view = await staff.acceptor.get(`/cases/${filed.case_id}`);
        await refused(409, staff.acceptor.act(filed.case_id, "accept", {}, view.version + 7));
      });

      await t.test("a change without the session's token is refused", async () => {
        const visitor = new Visitor(server.base);
        await visitor.signIn(accounts.acceptor);
        const options = { body: { answers: {} }, headers: { "x-csrf-token": "wrong" } };
        const body = await refused(403, visitor.send("POST", `/cases/${filed.case_id}/actions/accept`, options));
        assert.equal(body.code, "csrf");
      });

      await t.test("the case goes from hand to hand, and nobody checks or closes their own work", async () => {
        const id = filed.case_id;
        const state = async () => (await staff.chief.get(`/cases/${id}`)).state;
        await staff.acceptor.act(id, "accept");
        assert.equal(await state(), "verifying");
        const missing = await refused(422, staff.collector.act(id, "verify"));
        assert.ok(missing.fields.some(({ field }) => field === "scene"));
        await staff.collector.act(id, "verify", { scene: [await staff.collector.picture(2)] });
        await staff.chief.act(id, "file", { condition: { category: CATEGORY, condition: "out" } });
        const offered = (await staff.dispatcher.get(`/cases/${id}`)).actions.find((action) => action.id === "dispatch");
        const office = offered.fields.find((field) => field.id === "office");
        assert.equal(office.suggested, "street_lighting");
        await staff.dispatcher.act(id, "dispatch", { office: "street_lighting" });
        await staff.handler.act(id, "claim");
        await staff.handler.act(id, "complete", { before: [await staff.handler.picture(3)], after: [await staff.handler.picture(4)], note: "更换灯头" });
        await staff.dispatcher.act(id, "confirm_feedback");
        await staff.checker.act(id, "check_pass", { check: [await staff.checker.picture(5)] });
        assert.equal(await state(), "closing");
        for (const person of ["handler", "checker", "dispatcher"]) await assert.rejects(staff[person].act(id, "close"), Refusal);
        await staff.chief.act(id, "close");
        const closed = await staff.chief.get(`/cases/${id}`);
        assert.equal(closed.state, "closed");
        assert.ok(closed.steps.length >= 7);
        assert.ok(closed.steps.every((step) => step.left_at || step.state === "closed"));
      });

      await t.test("the reporter rates it, and every step has a receipt that opens", async () => {
        await resident.post(`/reports/${filed.case_no}/actions/rate?secret=${filed.secret}`, { answers: { stars: 5 } });
        const view = await resident.get(`/reports/${filed.case_no}?secret=${filed.secret}`);
        assert.equal(view.rating, 5);
        assert.equal(view.open, false);
        for (const { event_id } of view.timeline) {
          const explained = await until("the receipt", async () => {
            const said = await resident.get(`/receipts/${event_id}/explain?secret=${filed.secret}`).catch(() => undefined);
            return said?.sealed ? said : undefined;
          });
          assert.ok(explained.opens, JSON.stringify(explained));
        }
      });

      await t.test("indicators count it, and their numbers open the list of their cases", async () => {
        const day = new Date().toISOString().slice(0, 10);
        const range = `from=${day}&to=${new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)}`;
        const table = await staff.chief.get(`/indicators?${range}&by=none`);
        const values = table.rows[0]?.values ?? {};
        assert.ok(Object.keys(values).length > 4, JSON.stringify(table).slice(0, 500));
        let opened = 0;
        for (const [indicator, value] of Object.entries(values).filter(([, value]) => value.denominator > 0 && value.denominator < 100)) {
          const list = await staff.chief.get(`/indicators/${indicator}/cases?part=denominator&${range}&by=none`);
          assert.ok(list.items.length >= 1, `${indicator} ${JSON.stringify(value)} opens no case`);
          opened += 1;
        }
        assert.ok(opened > 0);
        const csv = await staff.chief.fetch("GET", `/indicators.csv?${range}&by=none`);
        assert.match(csv.headers.get("content-type"), /text\/csv/);
        assert.ok((await csv.text()).split("\n").length > 1);
      });

      await t.test("passwords guessed in a row lock the login", async () => {
        let locked;
        for (let turn = 0; turn < 12 && !locked; turn++) {
          const error = await new Visitor(server.base).signIn({ login: "supervisor", password: `wrong ${turn}` }).catch((error) => error);
          locked = error.status === 429;
        }
        assert.ok(locked, "the login is locked after twelve wrong passwords");
      });

      await t.test("healthz, metrics and the ledger say so", async () => {
        assert.equal((await resident.get("/healthz")).status, "ok");
        const metrics = await (await resident.fetch("GET", "/metrics")).text();
        assert.match(metrics, /^dipper_log_position \d+/m);
        assert.ok(!metrics.includes(filed.case_no), "labels hold no case");
        const checkpoint = await (await resident.fetch("GET", "/ledger/checkpoint")).text();
        assert.match(checkpoint, /^\S+\n\d+\n\S+=\n/);
        assert.equal((await server.stop()).code, 0);
        const flags = ["ledger", "verify", "--data", data, ...(city.database ? ["--database-url", city.database] : [])];
        assert.match(await must(flags), /entries/);
      });
    });
  }
});
