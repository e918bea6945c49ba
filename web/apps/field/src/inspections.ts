// Inspections on the phone: what was answered is kept here until the inspection has ended, and sent as soon as there is a network.
import { api, ask, newUlid, queries, serverNow, type Answer, type Body, type OutItem, type OutProblem } from "@dipper/api";
import { kept } from "@dipper/ui/shell";

export type InspectionSummary = Answer<"list_inspections">[number];
export type Inspection = Answer<"get_inspection">;
export type Stop = Inspection["route"][number];
export type Check = Stop["checks"][number];
export type Comparison = Answer<"compare_panel">;
export type Answered = Answer<"answer_check">;

/** An answer as the phone holds it. */
export interface Said {
  readonly at: string;
  readonly value: unknown;
  readonly note: string;
  /** What the server made of it; absent while it waits. */
  readonly taken?: Answered;
}

/** An inspection that is being done on this phone. */
export interface Run {
  readonly id: string;
  readonly inspection: string;
  readonly started_at: string;
  readonly said: Readonly<Record<string, Said>>;
  /** It was ended here, and the server has not said yes. */
  readonly ending?: true;
}

/** Why something was not taken, as pages show it. */
export type Trouble = Omit<OutProblem, "allowed">;

/** Kinds of things in the outbox. */
export const BEGIN = "inspection-begin";
export const ANSWER = "inspection-answer";
export const END = "inspection-end";

export interface BeginBody {
  run: string;
  inspection: string;
  started_at: string;
}

export interface AnswerBody {
  run: string;
  check: string;
  answer: Omit<Body<"answer_check">, "picture">;
}

export interface EndBody {
  run: string;
  inspection: string;
}

const KEY = "inspection/";

/** A run that begins now. */
export function newRun(inspection: string): Run {
  const now = serverNow();
  return { id: newUlid(now), inspection, started_at: new Date(now).toISOString(), said: {} };
}

/** The run of an inspection that is under way on this phone. */
export const recallRun = (inspection: string): Promise<Run | undefined> => kept.get<Run>(KEY + inspection).catch(() => undefined);
export const keepRun = (run: Run): Promise<void> => kept.set(KEY + run.inspection, JSON.parse(JSON.stringify(run)) as Run);
export const forgetRun = (inspection: string): Promise<void> => kept.remove(KEY + inspection);

/** Checks that must still be answered before the end. */
export function left(inspection: Inspection, run: Run): Check[] {
  return inspection.route.flatMap(({ checks }) => checks).filter(({ id, optional }) => !optional && !run.said[id]);
}

/** What became of the end of a run: it waits, or it was refused and stays for the person to put right. */
export function endOf(run: string, items: readonly OutItem[]): OutItem | undefined {
  return items.find(({ kind, body }) => kind === END && (body as EndBody).run === run);
}

/** A run whose end was refused, open again: what the server lacks is to be answered anew. */
export function reopened(run: Run, lacking: readonly string[]): Run {
  const said = Object.fromEntries(Object.entries(run.said).filter(([check]) => !lacking.includes(check)));
  return { id: run.id, inspection: run.inspection, started_at: run.started_at, said };
}

/** Whether an answer is a fault, as far as the phone can say. */
export function isFault(check: Check, value: unknown): boolean {
  if (check.kind === "yes_no") return typeof value === "boolean" && value !== check.expected;
  if (check.kind === "number") return typeof value === "number" && ((check.min !== undefined && value < check.min) || (check.max !== undefined && value > check.max));
  if (check.kind === "choice") return check.options.some(({ id, is_fault }) => id === value && is_fault);
  return check.kind === "panel" && value === false;
}

/** Sends what the outbox holds of an inspection. */
export async function deliverInspection(item: OutItem): Promise<unknown> {
  if (item.kind === BEGIN) {
    const { run, inspection, started_at } = item.body as BeginBody;
    return ask(api.PUT("/api/v1/inspection-runs/{run}", { params: { path: { run } }, body: { inspection, started_at } }));
  }
  if (item.kind === ANSWER) {
    const { run, check, answer } = item.body as AnswerBody;
    const picture = item.photos[0]?.evidence;
    const taken = await ask(api.PUT("/api/v1/inspection-runs/{run}/answers/{check}", { params: { path: { run, check } }, body: { ...answer, ...(picture ? { picture } : {}) } }));
    await noteTaken(taken);
    return taken;
  }
  const { run, inspection } = item.body as EndBody;
  const ended = await ask(api.POST("/api/v1/inspection-runs/{run}/end", { params: { path: { run } } }));
  await forgetRun(inspection);
  queries.invalidate("inspections");
  return ended;
}

/** What waited is taken now: the page of the run shows so when it is opened again. */
async function noteTaken(taken: Answered): Promise<void> {
  const run = await recallRun(taken.inspection);
  const said = run?.said[taken.check];
  if (run?.id === taken.run && said?.at === taken.at) await keepRun({ ...run, said: { ...run.said, [taken.check]: { ...said, taken } } });
}
