/** A command being asked for: what was typed, what is missing or wrong, and the body it becomes. */
import type { Body, Problem } from "@dipper/api";
import type { CommandKind, CommandParameter } from "../types";

/** Longest reason, characters. */
export const REASON_MAX = 200;

/** What was typed or chosen, by parameter; truths are `true` and `false`. */
export type CommandDraft = Record<string, string>;

/** Why a value does not do: a message id, and the limits it names. */
export interface ValueFault {
  readonly id: string;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

/** An empty sheet for a command. */
export function blankCommand(kind: Pick<CommandKind, "parameters">): CommandDraft {
  return Object.fromEntries(kind.parameters.map(({ id }) => [id, ""]));
}

/** A typed number, in full-width digits and with its unit behind it too; nothing for anything else. */
export function readNumber(typed: string, symbol?: string | null): number | null {
  let text = typed.normalize("NFKC").replace(/\u2212/g, "-").trim();
  const unit = symbol?.normalize("NFKC");
  if (unit && text.endsWith(unit)) text = text.slice(0, -unit.length).trimEnd();
  return /^[+-]?(\d+(\.\d+)?|\.\d+)$/.test(text) ? Number(text) : null;
}

/** What is wrong with a value, if anything. The server asks the same. */
export function faultOf(parameter: CommandParameter, typed: string): ValueFault | null {
  if (typed.trim() === "") return { id: "form.required" };
  if (parameter.kind === "truth") return null;
  const number = readNumber(typed, parameter.symbol);
  if (number === null) return { id: "control.not_number" };
  if (parameter.kind === "count" && !Number.isInteger(number)) return { id: "form.whole_number" };
  const { min, max } = parameter;
  if ((min === undefined || min <= number) && (max === undefined || number <= max)) return null;
  if (min !== undefined && max !== undefined) return { id: "form.out_of_range", min, max };
  return min === undefined ? { id: "control.at_most", max } : { id: "control.at_least", min };
}

/** The reason as one line: the server takes no line breaks. */
export function readReason(typed: string): string {
  return typed.replace(/\s+/g, " ").trim();
}

/** The body of a command; of a draft without faults. */
export function commandBody(kind: CommandKind, draft: CommandDraft, reason: string): Body<"ask_device_command"> {
  const value = ({ id, kind: of, symbol }: CommandParameter) => (of === "truth" ? draft[id] === "true" : readNumber(draft[id] ?? "", symbol));
  return { command: kind.id, arguments: Object.fromEntries(kind.parameters.map((one) => [one.id, value(one)])), reason: readReason(reason) };
}

/** What the server said of a field, to be shown there; without a field what is said of none that is shown. */
export function problemAt(problem: Problem | undefined, known: readonly string[], field?: string): Pick<Problem, "status" | "code" | "message" | "fields"> | undefined {
  if (!problem) return undefined;
  const { status, code, message } = problem;
  const fields = problem.fields.filter((one) => (field === undefined ? !known.includes(one.field) : one.field === field));
  const isWhole = field === undefined && problem.fields.length === 0;
  return isWhole || fields.length > 0 ? { status, code, message, fields } : undefined;
}

/** Whether a number is a share of a whole, which a slider shows well. */
export function isShare({ kind, symbol, min, max }: CommandParameter): boolean {
  return kind !== "truth" && symbol === "%" && min !== undefined && max !== undefined;
}
