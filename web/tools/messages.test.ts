// Texts of the faces: every language complete, every id known, no text written into the code.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const web = fileURLToPath(new URL("..", import.meta.url));

/** A part with texts, and the parts whose ids it may use beside its own. */
const PARTS: { dir: string; beside: string[] }[] = [
  { dir: "packages/ui", beside: [] },
  { dir: "packages/verify", beside: ["packages/ui"] },
  { dir: "packages/security", beside: ["packages/ui"] },
  { dir: "apps/resident", beside: ["packages/ui"] },
  { dir: "apps/field", beside: ["packages/ui"] },
];

type Tree = { [id: string]: string | Tree };

function flatten(tree: Tree, prefix = ""): Map<string, string> {
  const flat = new Map<string, string>();
  for (const [id, value] of Object.entries(tree)) {
    if (typeof value === "string") flat.set(prefix + id, value);
    else for (const [key, text] of flatten(value, `${prefix}${id}.`)) flat.set(key, text);
  }
  return flat;
}

async function messages(dir: string, locale: string): Promise<Map<string, string>> {
  const found = (await import(/* @vite-ignore */ `${web}${dir}/src/locales/${locale}.ts`)) as { default: Tree };
  return flatten(found.default);
}

function sources(dir: string): { name: string; text: string }[] {
  return readdirSync(`${web}${dir}/src`, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(vue|ts)$/.test(name) && !/(^|\/)locales\/|\.test\.ts$|generated\.ts$/.test(name))
    .map((name) => ({ name: `${dir}/src/${name}`, text: readFileSync(`${web}${dir}/src/${name}`, "utf8") }));
}

/** Source without comments: names of things in Chinese are welcome there. */
function code(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|<!--[\s\S]*?-->|(^|[\s;,{}])\/\/.*$/gm, "$1");
}

function placeholders(text: string): string[] {
  // Once each: English has a form for one and a form for many.
  return [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? ""))].sort();
}

describe.each(PARTS)("$dir", ({ dir, beside }) => {
  it("says the same things in both languages, with the same numbers in them", async () => {
    const [chinese, english] = [await messages(dir, "zh-CN"), await messages(dir, "en")];
    expect([...english.keys()].sort()).toEqual([...chinese.keys()].sort());
    for (const [id, text] of chinese) expect(placeholders(english.get(id) ?? ""), id).toEqual(placeholders(text));
  });

  it("leaves no text empty, and no Chinese in the English", async () => {
    for (const [id, text] of await messages(dir, "en")) {
      expect(text.trim(), id).not.toBe("");
      // The switch to Chinese names itself in Chinese.
      if (id !== "home.other_language") expect(text, id).not.toMatch(/\p{Script=Han}/u);
    }
  });

  it("writes no Chinese outside its messages", () => {
    for (const { name, text } of sources(dir)) expect(code(text), name).not.toMatch(/\p{Script=Han}/u);
  });

  it("uses only ids that exist", async () => {
    const known = new Set<string>();
    for (const part of [dir, ...beside]) for (const id of (await messages(part, "zh-CN")).keys()) known.add(id);
    const prefixes = new Set([...known].flatMap((id) => id.split(".").map((_, at, words) => words.slice(0, at + 1).join("."))));
    for (const { name, text } of sources(dir)) {
      for (const [, id = ""] of text.matchAll(/\b(?:t|say)\(\s*["'`]([\w.]+)["'`]/g)) expect(known, `${name}: ${id}`).toContain(id);
      for (const [, inside = ""] of text.matchAll(/\bt\(([^()`]*\?[^()`]*)\)/g)) {
        for (const [, id = ""] of inside.matchAll(/["']([a-z_]+\.[\w.]+)["']/g)) expect(known, `${name}: ${id}`).toContain(id);
      }
      // Ids made at run time: what stands before the made part must be a heading of the messages.
      for (const [, id = ""] of text.matchAll(/\bt\(\s*`([\w.]+)\$\{/g)) {
        const heading = id.slice(0, id.lastIndexOf("."));
        const begins = [...known].some((one) => one.startsWith(id));
        expect(prefixes.has(heading) && begins, `${name}: ${id}…`).toBe(true);
      }
    }
  });
});
