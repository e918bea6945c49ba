import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { mapEn } from "@dipper/map/locales/en";
import { mapZhCN } from "@dipper/map/locales/zh-CN";
import { describe, expect, it } from "vitest";
import shared from "../../../../packages/ui/src/locales/zh-CN";
import { en } from "./en";
import { zhCN } from "./zh-CN";

type Tree = { readonly [id: string]: string | Tree };

function paths(tree: Tree, prefix = ""): string[] {
  return Object.entries(tree).flatMap(([id, value]) => (typeof value === "string" ? [`${prefix}${id}`] : paths(value, `${prefix}${id}.`)));
}

function at(tree: Tree, path: string): string {
  const value = path.split(".").reduce<string | Tree | undefined>((node, id) => (typeof node === "object" ? node[id] : undefined), tree);
  return typeof value === "string" ? value : "";
}

/** The named places of a message, sorted; both forms of a plural name them. */
function places(message: string): string[] {
  return [...new Set([...message.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? ""))].sort();
}

const SOURCES = dirname(fileURLToPath(new URL(".", import.meta.url)));
const MAP = fileURLToPath(new URL("../../../../packages/map/src", import.meta.url));
const files = [SOURCES, MAP].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(vue|ts)$/.test(name) && !name.includes("locales") && !name.endsWith(".test.ts"))
    .map((name) => join(folder, name)),
);

describe.each([
  ["centre", zhCN as Tree, en as Tree],
  ["map", mapZhCN as Tree, mapEn as Tree],
])("messages of the %s", (_, chinese, english) => {
  it("are the same ids in both languages", () => {
    expect(paths(english)).toEqual(paths(chinese));
  });

  it("name the same places in both languages", () => {
    for (const path of paths(chinese)) expect(places(at(english, path)), path).toEqual(places(at(chinese, path)));
  });

  it("are nowhere empty", () => {
    for (const path of paths(chinese)) expect([at(chinese, path), at(english, path)], path).not.toContain("");
  });
});

it("no id of the centre hides a shared one", () => {
  expect(Object.keys(zhCN).filter((id) => id in shared || id in mapZhCN)).toEqual([]);
});

it("every id written out in a source exists", () => {
  const known = new Set([...paths(zhCN as Tree), ...paths(mapZhCN as Tree), ...paths(shared as Tree)]);
  const missing = files.flatMap((file) =>
    [...readFileSync(file, "utf8").matchAll(/\bt\(\s*["']([\w.]+)["']/g)]
      .map(([, id]) => id ?? "")
      .filter((id) => !known.has(id))
      .map((id) => `${relative(SOURCES, file)}: ${id}`),
  );
  expect(missing).toEqual([]);
});

it("every id of the centre is used", () => {
  const sources = files.map((file) => readFileSync(file, "utf8")).join("\n");
  // Ids built from a word of the API (`tone.${tone}`) count as used by their first part.
  const unused = paths(zhCN as Tree).filter((path) => {
    const [group = "", last = ""] = [path.slice(0, path.lastIndexOf(".")), path.slice(path.lastIndexOf(".") + 1)];
    return !sources.includes(path) && !sources.includes(`${group}.\${`) && !sources.includes(`${group}.${last.split("_")[0]}_\${`);
  });
  expect(unused).toEqual([]);
});

it("no text stands in a source instead of a message", () => {
  const written = files.filter((file) => /[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]/.test(readFileSync(file, "utf8")));
  expect(written.map((file) => relative(SOURCES, file))).toEqual([]);
});
