/**
 * Markers of cases, drawn on a canvas: every due state has its own shape as well as its own colour, so that the map
 * is read without colour. On time: disc. Soon: triangle. Late: diamond with a stroke. Paused: two bars in a square.
 * Exempt: ring. No deadline: small disc.
 */
import { DUE_STATES, dueColour, type DueState, type MapTheme } from "./palette";

/** Side of a marker in CSS pixels. */
const SIDE = 22;

/** Drawn at twice the size, sharp on phones. */
const RATIO = 2;

/** What MapLibre's `addImage` takes. */
export interface MarkerImage {
  readonly id: string;
  readonly image: ImageData;
  readonly pixelRatio: number;
}

/** The image id of a due state's marker. */
export function markerId(state: DueState): string {
  return `due-${state}`;
}

function polygon(ctx: CanvasRenderingContext2D, points: readonly (readonly [number, number])[]): void {
  ctx.beginPath();
  points.forEach(([x, y], index) => (index === 0 ? ctx.moveTo(x, y) : ctx.lineTo(x, y)));
  ctx.closePath();
}

function disc(ctx: CanvasRenderingContext2D, radius: number): void {
  ctx.beginPath();
  ctx.arc(SIDE / 2, SIDE / 2, radius, 0, 2 * Math.PI);
}

/** Traces the outline of a state's shape. */
function outline(ctx: CanvasRenderingContext2D, state: DueState): void {
  const middle = SIDE / 2;
  switch (state) {
    case "soon":
      return polygon(ctx, [
        [middle, 2.5],
        [SIDE - 2, SIDE - 4],
        [2, SIDE - 4],
      ]);
    case "late":
      return polygon(ctx, [
        [middle, 1.5],
        [SIDE - 1.5, middle],
        [middle, SIDE - 1.5],
        [1.5, middle],
      ]);
    case "paused":
      return polygon(ctx, [
        [4, 4],
        [SIDE - 4, 4],
        [SIDE - 4, SIDE - 4],
        [4, SIDE - 4],
      ]);
    case "none":
      return disc(ctx, 5);
    default:
      return disc(ctx, 7.5);
  }
}

/** Draws the sign inside the shape. */
function sign(ctx: CanvasRenderingContext2D, state: DueState, ink: string): void {
  ctx.fillStyle = ink;
  if (state === "late" || state === "soon") {
    const top = state === "late" ? 6 : 8.5;
    ctx.fillRect(SIDE / 2 - 1, top, 2, state === "late" ? 6 : 5);
    ctx.fillRect(SIDE / 2 - 1, top + (state === "late" ? 7.5 : 6), 2, 2);
  } else if (state === "paused") {
    ctx.fillRect(8, 7.5, 2, 7);
    ctx.fillRect(12, 7.5, 2, 7);
  } else if (state === "exempt") {
    disc(ctx, 3.6);
    ctx.fill();
  }
}

function draw(state: DueState, theme: MapTheme): ImageData | null {
  const canvas = document.createElement("canvas");
  canvas.width = SIDE * RATIO;
  canvas.height = SIDE * RATIO;
  const ctx = canvas.getContext("2d");
  if (!ctx) return null;
  ctx.scale(RATIO, RATIO);
  ctx.lineJoin = "round";
  outline(ctx, state);
  ctx.lineWidth = 3;
  ctx.strokeStyle = theme === "dark" ? "#0a1016" : "#ffffff";
  ctx.stroke();
  ctx.fillStyle = dueColour(state, theme);
  ctx.fill();
  sign(ctx, state, theme === "dark" ? "#0a1016" : "#ffffff");
  return ctx.getImageData(0, 0, canvas.width, canvas.height);
}

/** Every marker of a theme. */
export function drawMarkers(theme: MapTheme): MarkerImage[] {
  return DUE_STATES.flatMap((state) => {
    const image = draw(state, theme);
    return image ? [{ id: markerId(state), image, pixelRatio: RATIO }] : [];
  });
}
