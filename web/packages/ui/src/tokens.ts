// Colour arithmetic over tokens.css, for its tests. Never shipped to a browser.

/** A colour, channels 0 to 255. */
export type Rgb = readonly [number, number, number];

/** How an eye sees: full colour, or blind to red, green or blue. */
export type Sight = "full" | "protan" | "deutan" | "tritan";

const THEMES: [name: string, selectors: string[]][] = [
  ["light", [":root"]],
  ["elder", [":root", ':root[data-size="elder"]']],
  ["high", [":root", ':root[data-contrast="high"]']],
];

/** Reads the colours of each theme out of the style sheet; later rules override earlier ones. */
export function parseThemes(css: string): Map<string, Map<string, Rgb>> {
  const rules = [...css.replace(/\/\*[\s\S]*?\*\//g, "").matchAll(/([^{}]+)\{([^{}]*)\}/g)].map((match) => [match[1]?.trim() ?? "", match[2] ?? ""] as const);
  return new Map(
    THEMES.map(([name, selectors]) => {
      const bodies = rules.filter(([selector]) => selectors.includes(selector)).map(([, body]) => body);
      const colours = bodies.flatMap((body) => [...body.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})\s*;/g)]);
      return [name, new Map(colours.map((match) => [match[1] ?? "", parseHex(match[2] ?? "")]))];
    }),
  );
}

function parseHex(hex: string): Rgb {
  const value = Number.parseInt(hex.slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

function linear(channel: number): number {
  const c = channel / 255;
  return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
}

function gamma(value: number): number {
  const c = Math.min(1, Math.max(0, value));
  return 255 * (c <= 0.0031308 ? c * 12.92 : 1.055 * c ** (1 / 2.4) - 0.055);
}

/** Contrast ratio of WCAG 2.2, 1 to 21. */
export function contrast(a: Rgb, b: Rgb): number {
  const luminance = ([r, g, b]: Rgb) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

/** Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB. */
const MATRICES: Record<Exclude<Sight, "full">, readonly number[]> = {
  protan: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deutan: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  tritan: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
};

/** The colour as an eye of that kind sees it. */
export function seenBy(sight: Sight, colour: Rgb): Rgb {
  if (sight === "full") return colour;
  const [r, g, b] = colour.map(linear) as [number, number, number];
  const m = MATRICES[sight];
  const row = (i: number) => gamma((m[i] ?? 0) * r + (m[i + 1] ?? 0) * g + (m[i + 2] ?? 0) * b);
  return [row(0), row(3), row(6)];
}

function lab([r, g, b]: Rgb): Rgb {
  const [lr, lg, lb] = [linear(r), linear(g), linear(b)];
  const f = (t: number) => (t > 216 / 24389 ? Math.cbrt(t) : (24389 / 27 / 116) * t + 16 / 116);
  const x = f((0.4124 * lr + 0.3576 * lg + 0.1805 * lb) / 0.9505);
  const y = f(0.2126 * lr + 0.7152 * lg + 0.0722 * lb);
  const z = f((0.0193 * lr + 0.1192 * lg + 0.9505 * lb) / 1.089);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

/** CIE76 colour difference. */
export function distance(a: Rgb, b: Rgb): number {
  const [la, lb] = [lab(a), lab(b)];
  return Math.hypot(la[0] - lb[0], la[1] - lb[1], la[2] - lb[2]);
}
