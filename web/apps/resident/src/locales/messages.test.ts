import { describe, expect, it } from "vitest";
import shared from "../../../../packages/ui/src/locales/zh-CN.ts";
import en from "./en.ts";
import zhCN from "./zh-CN.ts";

type Tree = { readonly [id: string]: string | Tree };

function messages(tree: Tree, prefix = ""): [id: string, message: string][] {
  return Object.entries(tree).flatMap(([id, value]) => (typeof value === "string" ? [[`${prefix}${id}`, value] as [string, string]] : messages(value, `${prefix}${id}.`)));
}

/** The named places of a message, each once: plural forms repeat them. */
function places(message: string): string[] {
  return [...new Set([...message.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? ""))].sort();
}

describe("messages of the resident face", () => {
  const [chinese, english] = [messages(zhCN), messages(en)];

  it("are the same ids in the same order in both languages", () => {
    expect(english.map(([id]) => id)).toEqual(chinese.map(([id]) => id));
  });

  it("name the same places in both languages, and are nowhere empty", () => {
    const other = new Map(english);
    for (const [id, message] of chinese) {
      expect(places(other.get(id) ?? ""), id).toEqual(places(message));
      expect([message, other.get(id)], id).not.toContain("");
    }
  });

  it("hide no shared ones", () => {
    expect(Object.keys(zhCN).filter((id) => id in shared)).toEqual([]);
  });
});
