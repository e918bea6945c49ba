// Sensing stands when the program is killed: what was acknowledged over MQTT is there, once; commands and alarms too.
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { addUser, folder, must, until } from "../lib/dipper.mjs";
import { checkKept, Lamp, listening, registerAll, stopped } from "../lib/fleet.mjs";
import { Mqtt } from "../lib/mqtt.mjs";
import { databases } from "../lib/postgres.mjs";
import { signInAll } from "../lib/staff.mjs";

const LAMPS = 40;
/** Acknowledged readings after which the program is killed, a round each: at once, soon, and well under load. */
const KILLED_AFTER = [1, 400, 2_500, 6_000];

test("kill -9 under load: readings are kept once, commands and alarms stand", { timeout: 400_000 }, async (t) => {
  for (const [kind, make] of await databases(t)) {
    await t.test(kind, async (t) => {
      const city = { data: path.join(await folder(t), "data"), database: await make() };
      const accounts = {
        admin: await addUser(city, "admin", ["admin:supervision_centre:yaoguang"]),
        chief: await addUser(city, "chief", ["duty_chief:supervision_centre:yaoguang"]),
      };
      let server = await listening(t, city);
      const mqtt = server.mqtt;
      let { admin, chief } = await signInAll(server.base, accounts);
      const names = Array.from({ length: LAMPS }, (_, number) => `lamp-${number}`);
      const lamps = [...(await registerAll(admin, "street_lamp", names))].map(([id, password]) => new Lamp(id, password));
      const covers = await registerAll(admin, "manhole_cover", KILLED_AFTER.map((_, round) => `cover-${round}`));
      const expected = { alarms: new Map(), commands: [] };

      for (const [round, target] of KILLED_AFTER.entries()) {
        let [going, count] = [true, 0];
        t.after(() => (going = false));
        const loading = Promise.all(lamps.map((lamp) => lamp.speak(mqtt, () => going, () => count++)));
        await until("some readings", () => count >= target, 60_000);
        // In the middle of it a cover is opened and a lamp is told something; both are promised, then the power fails.
        const cover = new Mqtt(`cover-${round}`, covers.get(`cover-${round}`));
        assert.equal(await cover.connect(mqtt), 0);
        await cover.publish(`devices/cover-${round}/readings`, '{"tilt": 47}');
        const command = await chief.post(`/devices/lamp-${round}/commands`, { command: "dim", arguments: { brightness: 10 + round }, reason: `round ${round}` });
        expected.commands.push(command.id);
        await server.kill();
        going = false;
        await loading;
        t.diagnostic(`round ${round}: killed after ${count} acknowledged readings`);
        server = await listening(t, city, { mqtt });
        ({ admin, chief } = await signInAll(server.base, accounts));
        const alarm = await until(`the alarm of cover-${round}`, async () => (await chief.get(`/alarms?device=cover-${round}`)).items[0]);
        expected.alarms.set(`cover-${round}`, alarm.id);
      }

      // What was under way comes again, once more, and is acknowledged by the program that was started last.
      await Promise.all(lamps.map(async (lamp) => {
        let isFirst = true;
        await lamp.speak(mqtt, () => isFirst, () => (isFirst = false));
      }));
      let kept = 0;
      for (const lamp of lamps) kept += await checkKept(admin, lamp);
      const acknowledged = lamps.reduce((sum, lamp) => sum + lamp.acknowledged.size, 0);
      const sent = lamps.reduce((sum, lamp) => sum + lamp.sent, 0);
      t.diagnostic(`${sent} sent, ${acknowledged} acknowledged, ${kept} kept`);

      for (const [device, id] of expected.alarms) {
        const alarms = (await chief.get(`/alarms?device=${device}`)).items;
        assert.deepEqual(alarms.map((one) => one.id), [id], `${device} has its one alarm`);
      }
      const commands = (await chief.get("/device-commands?limit=200")).items;
      assert.deepEqual(commands.map(({ id }) => id).toSorted(), expected.commands.toSorted());
      for (const [round, id] of expected.commands.entries()) {
        const lamp = lamps.find((one) => one.id === `lamp-${round}`);
        const client = new Mqtt(lamp.id, lamp.password);
        assert.equal(await client.connect(mqtt), 0);
        await client.subscribe(`devices/${lamp.id}/commands`);
        await until(`lamp-${round} is told`, () => client.heard.some(({ payload }) => payload.includes(id)), 60_000);
        await client.publish(`devices/${lamp.id}/answers`, JSON.stringify({ id, done: true, message: "dimmed" }));
        await client.drop();
      }
      const states = (await chief.get("/device-commands?limit=200")).items.map(({ state }) => state);
      assert.deepEqual([...new Set(states)], ["done"]);
      await stopped(server);
      const flags = ["--data", city.data, ...(city.database ? ["--database-url", city.database] : [])];
      assert.match(await must(["lake", "verify", ...flags]), / 0 are not right/);
    });
  }
});
