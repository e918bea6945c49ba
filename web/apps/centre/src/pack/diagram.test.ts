import { describe, expect, it } from "vitest";
import type { Process } from "../types";
import { drawProcess } from "./diagram";

const named = (id: string) => ({ id, title: { en: id } });
const state = (id: string, stage: string) => ({ id, title: { en: id }, public_title: { en: id }, stage });
const action = (id: string, from: string[], to?: string, tone?: string) => ({
  id,
  title: { en: id },
  from,
  to_previous: false,
  by: [],
  separate_from: [],
  fields: [],
  ...(to ? { to } : {}),
  ...(tone ? { tone } : {}),
});

const process = {
  id: "p",
  title: { en: "p" },
  first: "new",
  stages: [named("a"), named("b")],
  states: [state("new", "a"), state("work", "b"), state("wait", "b")],
  actions: [
    action("start", ["new"], "work", "primary"),
    action("pause", ["work"], "wait"),
    action("back", ["work", "wait"], "new"),
    action("again", ["work"], "new"),
    action("comment", ["new", "work"]),
  ],
} as Process;

describe("a process as a diagram", () => {
  const { nodes, edges, columns } = drawProcess(process);

  it("puts states under their stage without overlap", () => {
    const places = nodes.map(({ x, y }) => `${x},${y}`);
    expect(new Set(places).size).toBe(nodes.length);
    expect(nodes.filter(({ state: { stage } }) => stage === "b").every(({ x }) => x === columns[1]?.x)).toBe(true);
  });

  it("puts first what a case reaches first, whatever the order of the list", () => {
    const shuffled = drawProcess({ ...process, states: [...process.states].reverse() });
    expect(shuffled.nodes.map(({ state: { id } }) => id)).toEqual(["new", "work", "wait"]);
  });

  it("joins actions between the same states and leaves out those that stay", () => {
    expect(edges.map(({ id, actions }) => [id, actions.map(({ id: of }) => of)])).toEqual([
      ["new>work", ["start"]],
      ["work>wait", ["pause"]],
      ["work>new", ["back", "again"]],
      ["wait>new", ["back"]],
    ]);
  });

  it("tells the main way from the ways back", () => {
    expect(edges.filter(({ main }) => main).map(({ id }) => id)).toEqual(["new>work"]);
    expect(edges.filter(({ back }) => back).map(({ id }) => id)).toEqual(["work>new", "wait>new"]);
  });
});
