/** Commands and scenes of the server, asked for once by whoever shows them, and what is done with them. */
import { api, ask, queries, type Body, type Query } from "@dipper/api";
import { computed, type MaybeRefOrGetter, toValue } from "vue";
import { whileVisible } from "../live";
import type { CommandDeed, CommandState, DeviceCommand, Scene, SceneRun } from "../types";
import { confirmable, FAST_MS, isDue, isOpen, pendingOf } from "./commands";

/** Commands that wait for somebody: beyond two hundred nobody reads on. */
const WAITING_MAX = 200;

/** Commands of one device that its page shows. */
const LAST = 6;

/** Commands on a page of the list. */
export const PAGE_SIZE = 30;

/** Refreshes a query while the page is in sight, and faster while something is on its way. */
function follow<T>(query: Query<T>, isMoving: (answer: T) => boolean): void {
  whileVisible(() => {
    const answer = query.data.value;
    if (isDue(answer !== undefined && isMoving(answer), query.at_ms.value, Date.now())) void query.refresh();
  }, FAST_MS);
}

/** Commands that wait for a second person; without permission nothing is asked. */
export function useWaitingCommands(may: () => boolean = () => true) {
  const query = queries.use(
    computed(() => (may() ? "device-commands/unconfirmed" : undefined)),
    () => ask(api.GET("/api/v1/device-commands", { params: { query: { state: "unconfirmed", limit: WAITING_MAX } } })),
    { stale_ms: FAST_MS },
  );
  return { query, mine: computed(() => confirmable(query.data.value?.items ?? [])) };
}

/** The same, kept up to date. */
export function useFollowedWaiting() {
  const waiting = useWaitingCommands();
  follow(waiting.query, ({ items }) => items.length > 0);
  return waiting;
}

/** The last commands to a device. */
export function useCommandsOf(device: MaybeRefOrGetter<string>) {
  return queries.use(
    computed(() => `device-commands/device/${toValue(device)}`),
    () => ask(api.GET("/api/v1/device-commands", { params: { query: { device: toValue(device), limit: LAST } } })),
    { stale_ms: FAST_MS },
  );
}

/** Keeps a list of commands up to date. */
export function followCommands(query: ReturnType<typeof useCommandsOf>): void {
  follow(query, ({ items }) => items.some(isOpen));
}

/** A page of commands, of one state or of all. */
export function useCommandList(state: () => CommandState | "", before: () => string | undefined) {
  const asked = computed(() => ({ limit: PAGE_SIZE, ...(state() ? { state: state() as CommandState } : {}), ...(before() ? { before: before() as string } : {}) }));
  const query = queries.use(
    computed(() => `device-commands/list/${JSON.stringify(asked.value)}`),
    () => ask(api.GET("/api/v1/device-commands", { params: { query: asked.value } })),
    { stale_ms: FAST_MS },
  );
  followCommands(query);
  return query;
}

/** The scenes of the city. */
export function useScenes() {
  const query = queries.use("scenes", () => ask(api.GET("/api/v1/scenes")), { stale_ms: FAST_MS });
  follow(query, (scenes) => scenes.some(({ runs: [last] }) => last !== undefined && pendingOf(last) > 0));
  return query;
}

/** Asks for a command; every list of commands is asked for again. */
export async function askCommand(device: string, body: Body<"ask_device_command">): Promise<DeviceCommand> {
  const command = await ask(api.POST("/api/v1/devices/{device}/commands", { params: { path: { device } }, body }));
  queries.invalidate("device-commands");
  return command;
}

/** Confirms a command or takes it back; every list of commands is asked for again, also when it was refused. */
export async function actOn(command: DeviceCommand, deed: CommandDeed): Promise<DeviceCommand> {
  try {
    return await ask(api.POST("/api/v1/device-commands/{command}/deeds", { params: { path: { command: command.id } }, body: { deed } }));
  } finally {
    queries.invalidate("device-commands");
  }
}

/** Runs a scene now. */
export async function runScene(scene: Scene, reason: string): Promise<SceneRun> {
  const run = await ask(api.POST("/api/v1/scenes/{scene}/runs", { params: { path: { scene: scene.id } }, body: { reason } }));
  queries.invalidate("scenes");
  queries.invalidate("device-commands");
  return run;
}
