/** A process as a diagram: a column for each stage, states below each other, actions as curves between them. */
import type { Process, ProcessAction, ProcessState } from "../types";

/** A state with its place, pixels of the drawing. */
export interface DiagramNode {
  readonly state: ProcessState;
  readonly x: number;
  readonly y: number;
}

/** Every action that leads from one state to another, drawn as one curve. */
export interface DiagramEdge {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly actions: readonly ProcessAction[];
  readonly path: string;
  /** Against the order of stages: rework, returns, reopening. */
  readonly back: boolean;
  /** The way a case takes when all goes well. */
  readonly main: boolean;
}

/** A stage's column. */
export interface DiagramColumn {
  readonly id: string;
  readonly x: number;
  readonly title: Process["stages"][number]["title"];
}

/** The whole drawing. */
export interface Diagram {
  readonly width: number;
  readonly height: number;
  readonly columns: readonly DiagramColumn[];
  readonly nodes: readonly DiagramNode[];
  readonly edges: readonly DiagramEdge[];
}

/** Size of a state's box and the room between boxes, pixels. */
export const BOX = { width: 128, height: 46, gap_x: 58, gap_y: 22, head: 44, foot: 70 } as const;

/** How deep a backward curve hangs below its lower end, for each column it crosses. */
const SAG_PX = 26;

/** States in the order a case reaches them, the main way first; those it ends in come last, unreached ones before them. */
function inOrder({ first, states, actions }: Process): ProcessState[] {
  const reached = [first];
  const walk = (ways: readonly ProcessAction[]) => {
    for (let at = 0; at < reached.length; at += 1) {
      const here = reached[at] ?? "";
      const next = ways.flatMap(({ from, to }) => (to !== undefined && from.includes(here) ? [to] : []));
      for (const id of next) if (!reached.includes(id)) reached.push(id);
    }
  };
  walk(actions.filter(({ tone }) => tone === "primary"));
  walk(actions);
  const rank = ({ id, outcome }: ProcessState) => (outcome ? states.length : 0) + (reached.includes(id) ? reached.indexOf(id) : states.length);
  return [...states].sort((a, b) => rank(a) - rank(b));
}

function placeNodes(process: Process): DiagramNode[] {
  const filled = new Map<string, number>();
  return inOrder(process).map((state) => {
    const column = Math.max(
      0,
      process.stages.findIndex(({ id }) => id === state.stage),
    );
    const row = filled.get(state.stage) ?? 0;
    filled.set(state.stage, row + 1);
    return { state, x: column * (BOX.width + BOX.gap_x), y: BOX.head + row * (BOX.height + BOX.gap_y) };
  });
}

/** The curve from one box to another: forward through the gap, backward below, up and down beside the column. */
function curve(from: DiagramNode, to: DiagramNode): string {
  const middle = BOX.height / 2;
  const step = BOX.width + BOX.gap_x;
  if (to.x > from.x) {
    const [x1, y1, x2, y2] = [from.x + BOX.width, from.y + middle, to.x, to.y + middle];
    const pull = Math.max(28, (x2 - x1) / 2);
    return `M${x1} ${y1}C${x1 + pull} ${y1} ${x2 - pull} ${y2} ${x2} ${y2}`;
  }
  if (to.x === from.x) {
    const down = to.y > from.y;
    const side = down ? from.x + BOX.width : from.x;
    const bulge = side + (down ? 1 : -1) * Math.min(40, 16 + Math.abs(to.y - from.y) / 8);
    return `M${side} ${from.y + middle}C${bulge} ${from.y + middle} ${bulge} ${to.y + middle} ${side} ${to.y + middle}`;
  }
  const [x1, y1, x2, y2] = [from.x + BOX.width / 2 - 14, from.y + BOX.height, to.x + BOX.width / 2 + 14, to.y + BOX.height];
  const low = Math.max(y1, y2) + 12 + (SAG_PX * (from.x - to.x)) / step;
  return `M${x1} ${y1}C${x1} ${low} ${x2} ${low} ${x2} ${y2}`;
}

/** Lays a process out. Actions that stay, or go back to wherever the case came from, have no curve of their own. */
export function drawProcess(process: Process): Diagram {
  const nodes = placeNodes(process);
  const byId = new Map(nodes.map((node) => [node.state.id, node]));
  const pairs = new Map<string, { from: DiagramNode; to: DiagramNode; actions: ProcessAction[] }>();
  for (const action of process.actions) {
    const to = action.to === undefined ? undefined : byId.get(action.to);
    for (const id of action.from) {
      const from = byId.get(id);
      if (!from || !to || from === to) continue;
      const key = `${id}>${to.state.id}`;
      const pair = pairs.get(key) ?? { from, to, actions: [] };
      pair.actions.push(action);
      pairs.set(key, pair);
    }
  }
  const edges = [...pairs].map(([id, { from, to, actions }]): DiagramEdge => {
    const back = to.x < from.x || (to.x === from.x && to.y < from.y);
    return { id, from: from.state.id, to: to.state.id, actions, path: curve(from, to), back, main: !back && actions.some(({ tone }) => tone === "primary") };
  });
  const lowest = Math.max(0, ...nodes.map(({ y }) => y + BOX.height));
  const step = BOX.width + BOX.gap_x;
  return {
    width: process.stages.length * step - BOX.gap_x,
    height: lowest + BOX.foot,
    columns: process.stages.map(({ id, title }, index) => ({ id, title, x: index * step })),
    nodes,
    edges,
  };
}
