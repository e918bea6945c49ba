/** Commands to devices: the steps they take, how often they are asked for, and which of them wait for whom. */
import type { CommandState, DeviceCommand, Scene, SceneRun } from "../types";

/** How far a command can have come, in that order. */
export const STATES = ["unconfirmed", "queued", "received", "done", "failed", "expired", "withdrawn"] as const satisfies readonly CommandState[];

/** Whether something may still become of it. */
export function isOpen({ state }: Pick<DeviceCommand, "state">): boolean {
  return state === "unconfirmed" || state === "queued" || state === "received";
}

/** A step of a command; without a time it has not come to it yet. */
export interface CommandStep {
  readonly word: "asked" | "confirmed" | "received" | "done" | "failed" | "expired" | "withdrawn";
  readonly at?: string | undefined;
}

/** The steps of a command. One that ended early has no steps after that. */
export function stepsOf(command: DeviceCommand): CommandStep[] {
  const open = isOpen(command);
  const middle: CommandStep[] = [...(command.is_dangerous ? [{ word: "confirmed" as const, at: command.confirmed_at }] : []), { word: "received", at: command.received_at }];
  const end: CommandStep = command.state === "failed" || command.state === "expired" || command.state === "withdrawn" ? { word: command.state, at: command.ended_at } : { word: "done", at: command.ended_at };
  return [{ word: "asked", at: command.asked_at }, ...middle.filter(({ at }) => open || at), end];
}

/** Commands that the caller may confirm. */
export function confirmable(commands: readonly DeviceCommand[]): DeviceCommand[] {
  return commands.filter(({ may }) => may.includes("confirm"));
}

/** Commands that can be confirmed now and were not among those seen before. */
export function newlyConfirmable(seen: ReadonlySet<string>, commands: readonly DeviceCommand[]): DeviceCommand[] {
  return confirmable(commands).filter(({ id }) => !seen.has(id));
}

/** While something is on its way its next step may come any second. */
export const FAST_MS = 2_000;
const SLOW_MS = 8_000;

/** Whether a list that was answered at `at_ms` is to be asked for again. */
export function isDue(moving: boolean, at_ms: number | undefined, now_ms: number): boolean {
  return at_ms === undefined || now_ms - at_ms >= (moving ? FAST_MS : SLOW_MS) * 0.9;
}

/** How many devices of a run have not answered yet. */
export function pendingOf(run: Pick<SceneRun, "devices" | "done" | "failed" | "expired">): number {
  return Math.max(0, run.devices - run.done - run.failed - run.expired);
}

/** Scenes as they are planned next; those by hand alone come last. */
export function bySoonest(scenes: readonly Scene[]): Scene[] {
  const next = ({ next_at }: Scene) => (next_at === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(next_at));
  return [...scenes].sort((a, b) => next(a) - next(b));
}

/** Time left as `1:35`; never below zero. */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1_000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
