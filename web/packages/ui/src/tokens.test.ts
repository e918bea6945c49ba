import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { contrast, distance, parseThemes, seenBy, type Rgb } from "./tokens.ts";

const themes = parseThemes(readFileSync(new URL("../tokens.css", import.meta.url), "utf8"));

/** Text on ground: WCAG 2.2 AA 1.4.3 asks 4.5:1; shapes and input borders 3:1 (1.4.11). */
const TEXT: [ink: string, ground: string][] = [
  ...["paper", "surface", "surface-sunk", "accent-wash"].flatMap((ground) => [["ink", ground], ["ink-soft", ground]] as [string, string][]),
  ...["paper", "surface", "surface-sunk", "accent-wash"].map((ground) => ["accent", ground] as [string, string]),
  ...["ok", "soon", "late", "paused"].flatMap((state) => [`${state}-wash`, "surface", "paper"].map((ground) => [state, ground] as [string, string])),
  ["on-accent", "accent"],
  ["on-accent", "accent-deep"],
  ["on-danger", "late"],
];
const SHAPES: [shape: string, ground: string][] = [
  ["line-strong", "surface"],
  ["line-strong", "paper"],
  ["focus", "surface"],
  ["focus", "paper"],
  ["accent", "surface"],
  ["late-mark", "surface"],
  ["ok-mark", "surface"],
  ["paused-mark", "surface"],
];

function colour(theme: Map<string, Rgb>, name: string): Rgb {
  const found = theme.get(name);
  if (!found) throw new Error(`no colour --${name}`);
  return found;
}

describe.each([...themes.keys()])("theme %s", (name) => {
  const theme = themes.get(name) ?? new Map<string, Rgb>();
  const least = name === "high" ? 7 : 4.5;

  it.each(TEXT)("--%s reads on --%s", (ink, ground) => {
    expect(contrast(colour(theme, ink), colour(theme, ground))).toBeGreaterThanOrEqual(least);
  });

  it.each(SHAPES)("--%s shows on --%s", (shape, ground) => {
    expect(contrast(colour(theme, shape), colour(theme, ground))).toBeGreaterThanOrEqual(3);
  });

  it.each(["full", "protan", "deutan", "tritan"] as const)("deadline marks keep apart for %s sight", (sight) => {
    const marks = ["ok", "soon", "late", "paused"].map((state) => seenBy(sight, colour(theme, `${state}-mark`)));
    for (const [i, a] of marks.entries()) {
      // CIE76 15 is many times a just noticeable difference; shape and words carry the rest.
      for (const b of marks.slice(i + 1)) expect(distance(a, b)).toBeGreaterThan(15);
    }
  });
});
