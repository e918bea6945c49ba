/** Rules of the city over readings, what somebody makes of them here, and the trial of one. */
import { api, ask, queries, toProblem, type Problem } from "@dipper/api";
import { onScopeDispose, reactive, ref, shallowRef } from "vue";
import type { Frame } from "../devices/time";
import type { Rehearsal } from "../types";
import { isBusy, readFaults, type RuleFault } from "./faults";

/** The rules change only with the pack. */
export const useAlarmRules = () => queries.use("alarm-rules", () => ask(api.GET("/api/v1/alarm-rules")), { stale_ms: 60_000 });

/** Rules as they were changed on this page and not yet put into the pack: kept while one looks elsewhere. */
const drafts = reactive(new Map<string, string>());

/** What somebody made of the rules, by id. */
export function useDrafts() {
  return {
    drafts,
    keep(id: string, text: string, original: string): void {
      if (text === original) drafts.delete(id);
      else drafts.set(id, text);
    },
  };
}

/** While another rule is tried ours waits, this long between two questions and at most so often: about a minute. */
const AGAIN_MS = 2_000;
const TRIES_MAX = 30;

/** A rule that was tried. */
export interface Tried {
  readonly text: string;
  readonly frame: Frame;
  readonly found: Rehearsal;
}

/** The trial of a rule: under way, waiting for another, done, or refused. It ends with the component that began it. */
export function useRehearsal() {
  const state = ref<"idle" | "running" | "waiting">("idle");
  const tried = shallowRef<Tried>();
  const faults = shallowRef<readonly RuleFault[]>([]);
  const problem = shallowRef<Problem>();
  let isOver = false;
  onScopeDispose(() => (isOver = true));

  async function once(text: string, { from_ms, to_ms }: Frame): Promise<Rehearsal | "busy"> {
    const body = { text, from: new Date(from_ms).toISOString(), to: new Date(to_ms).toISOString() };
    try {
      return await ask(api.POST("/api/v1/alarm-rules/rehearsals", { body }));
    } catch (cause) {
      if (isBusy(toProblem(cause))) return "busy";
      throw cause;
    }
  }

  function refuse(refused: Problem, text: string): void {
    const said = refused.fields.filter(({ field }) => field === "text");
    if (said.length > 0) faults.value = said.flatMap(({ message }) => readFaults(message, text));
    else problem.value = refused;
  }

  async function run(text: string, frame: Frame): Promise<void> {
    if (state.value !== "idle") return;
    state.value = "running";
    faults.value = [];
    problem.value = undefined;
    try {
      for (let tries = 0; tries < TRIES_MAX && !isOver; tries++) {
        const found = await once(text, frame);
        if (found !== "busy") {
          tried.value = { text, frame, found };
          return;
        }
        state.value = "waiting";
        await new Promise((done) => setTimeout(done, AGAIN_MS));
      }
      faults.value = [{ line: null, id: "rule.fault_busy", values: {}, words: "" }];
    } catch (cause) {
      refuse(toProblem(cause), text);
    } finally {
      state.value = "idle";
    }
  }

  return { state, tried, faults, problem, run };
}
