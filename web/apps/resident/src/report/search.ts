// Finding a category by a few characters of anything people call it.
import type { Category } from "@dipper/api";

/** Lower is nearer: the name's beginning, the name, a keyword, the heading, the description; absent when nothing fits. */
export function rank(category: Category, words: string): number | undefined {
  const wanted = words.trim().toLowerCase();
  const names = Object.values(category.title).map((name) => name.toLowerCase());
  if (names.some((name) => name.startsWith(wanted)) || category.code === wanted) return 0;
  if (names.some((name) => name.includes(wanted))) return 1;
  if (category.keywords.some((keyword) => keyword.toLowerCase().includes(wanted))) return 2;
  if (Object.values(category.group).some((name) => name.toLowerCase().includes(wanted))) return 3;
  if (Object.values(category.description).some((text) => text.toLowerCase().includes(wanted))) return 4;
  // People join words: "路灯坏" should find 路灯, so the longest beginning that fits counts.
  const inside = names.some((name) => name.length >= 2 && wanted.includes(name));
  return inside || category.keywords.some((keyword) => keyword.length >= 2 && wanted.includes(keyword.toLowerCase())) ? 5 : undefined;
}

/** Categories that fit, nearest first; all of them without words. */
export function findCategories(categories: readonly Category[], words: string): Category[] {
  if (!words.trim()) return [...categories];
  return categories
    .map((category) => ({ category, at: rank(category, words) }))
    .filter((found): found is { category: Category; at: number } => found.at !== undefined)
    .sort((a, b) => a.at - b.at || a.category.code.localeCompare(b.category.code))
    .map(({ category }) => category);
}

/** The `count` categories that occur most among `cases`, filled up with the first of each heading. */
export function commonest(categories: readonly Category[], cases: readonly { category: string }[], count: number): Category[] {
  const seen = new Map<string, number>();
  for (const { category } of cases) seen.set(category, (seen.get(category) ?? 0) + 1);
  const known = categories.filter(({ id }) => seen.has(id)).sort((a, b) => (seen.get(b.id) ?? 0) - (seen.get(a.id) ?? 0));
  const groups = new Set<string>();
  const firsts = categories.filter(({ id, group }) => {
    const name = JSON.stringify(group);
    if (seen.has(id) || groups.has(name)) return false;
    groups.add(name);
    return true;
  });
  return [...known, ...firsts].slice(0, count);
}
