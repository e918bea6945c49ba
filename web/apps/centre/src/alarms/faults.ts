/** What the server finds wrong with a rule: at which line, and in the language of the page where that is known. */
import type { Problem } from "@dipper/api";

/** One fault of a rule that was to be tried. */
export interface RuleFault {
  /** Counted from 1; null where the fault is of the whole. */
  readonly line: number | null;
  /** The message that says it, with its values; null where only the server's words are known. */
  readonly id: string | null;
  readonly values: Readonly<Record<string, string>>;
  /** As the server says it. */
  readonly words: string;
}

/** Words farther from a known key than this were not meant to be it. */
const NEAR_MAX = 2;

/** Letters to be changed, added or left out to make one word of another. */
function distance(a: string, b: string): number {
  let row = [...Array(b.length + 1).keys()];
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

/** The known key that was probably meant. */
export function nearest(key: string, known: readonly string[]): string | null {
  const found = known.map((one) => ({ one, far: distance(key, one) })).sort((a, b) => a.far - b.far)[0];
  return found && found.far <= NEAR_MAX && found.far < key.length ? found.one : null;
}

/** Faults that people meet, as the server words them, and the messages that say them. */
const KNOWN: readonly (readonly [RegExp, string])[] = [
  [/^unknown key "(?<key>.+?)"; known are (?<known>.+)$/, "rule.fault_key"],
  [/^"(?<key>.+)" stands twice, first on line (?<line>\d+)$/, "rule.fault_twice"],
  [/^the key "(?<key>.+)" is missing$/, "rule.fault_missing"],
  [/^the text is missing in (?<languages>.+)$/, "rule.fault_language"],
  [/^a text in each of (?<languages>.+) is needed, got a plain one$/, "rule.fault_plain"],
  [/^not YAML: (?<what>.+)$/, "rule.fault_yaml"],
  [/^the city has no class (?<id>.+)$/, "rule.fault_class"],
  [/^the city has no region (?<id>.+)$/, "rule.fault_region"],
  [/^give either when or levels, or no_data_after alone$/, "rule.fault_condition"],
  [/^no function "(?<name>.+?)": use (?<known>.+), at character \d+$/, "rule.fault_function"],
  [/^(?<what>.+), at character (?<at>\d+)$/, "rule.fault_at"],
];

function said(line: number | null, words: string): RuleFault {
  for (const [pattern, id] of KNOWN) {
    const found = pattern.exec(words);
    if (!found) continue;
    const values = { ...found.groups };
    const near = id === "rule.fault_key" ? nearest(values["key"] ?? "", (values["known"] ?? "").split(", ")) : null;
    return near === null ? { line, id, values, words } : { line, id: "rule.fault_near", values: { key: values["key"] ?? "", near }, words };
  }
  return { line, id: null, values: {}, words };
}

/** The line where a field of a rule stands, such as `when`, `levels[1].when` or `selector.properties`. */
export function lineOf(text: string, field: string): number | null {
  const lines = text.split("\n");
  const [, key = "", index] = /^([a-z_0-9]+)(?:\[(\d+)\])?/.exec(field.replace(/^selector\./, "")) ?? [];
  const at = lines.findIndex((line) => line.startsWith(`${key}:`));
  if (at < 0) return null;
  const items = lines.flatMap((line, number) => (number > at && /^\s*- /.test(line) ? [number] : []));
  return (index === undefined ? at : (items[Number(index)] ?? at)) + 1;
}

/** Reads what the server said of a rule. */
export function readFaults(message: string, text: string): RuleFault[] {
  return message.split("\n").map((line) => {
    const numbered = /^rule:(\d+): (.+)$/.exec(line);
    if (numbered) return said(numbered[1] === "0" ? null : Number(numbered[1]), numbered[2] ?? "");
    const named = /^(?:alarm rule "rehearsal": )?([a-z_0-9.[\]]+): (.+)$/.exec(line);
    return named ? said(lineOf(text, named[1] ?? ""), named[2] ?? "") : said(null, line);
  });
}

/** Whether the server tries another rule just now: it tries one at a time. */
export function isBusy({ code }: Pick<Problem, "code">): boolean {
  return code === "rehearsal_busy";
}
