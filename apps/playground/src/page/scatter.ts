import type { Point } from '@twocan/pretrain';
import { classColour } from './class-colours.ts';

/** The square that is seen: its middle and its side. */
export type Frame = Point & { readonly side: number };

const MARGIN = 1.12;
const RADIUS = 4;
const REACH = 14; // pixels from a dot in which it is meant

/** The square around points. */
export function frameOf(points: readonly Point[]): Frame {
  let [left, right, low, high] = [0, 0, 0, 0];
  points.forEach(({ x, y }, i) => {
    left = i === 0 ? x : Math.min(left, x);
    right = i === 0 ? x : Math.max(right, x);
    low = i === 0 ? y : Math.min(low, y);
    high = i === 0 ? y : Math.max(high, y);
  });
  const side = Math.max(right - left, high - low) || 1;
  return { x: (left + right) / 2, y: (low + high) / 2, side: side * MARGIN };
}

/** From the plane to pixels of the style sheet. */
function placer(canvas: HTMLCanvasElement, { x, y, side }: Frame): (point: Point) => Point {
  const { clientWidth: width, clientHeight: height } = canvas;
  const scale = Math.min(width, height) / side;
  return (point) => ({
    x: width / 2 + (point.x - x) * scale,
    y: height / 2 - (point.y - y) * scale,
  });
}

/** Draws dots in the colours of their classes, and a ring around one of them. */
export function drawDots(
  canvas: HTMLCanvasElement,
  points: readonly Point[],
  frame: Frame,
  { labels, chosen }: { readonly labels: readonly number[]; readonly chosen: number },
): void {
  const context = canvas.getContext('2d');
  const { clientWidth: width, clientHeight: height } = canvas;
  if (context === null || width === 0) return;
  const ratio = devicePixelRatio;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  context.scale(ratio, ratio);
  const place = placer(canvas, frame);
  points.forEach((point, i) => {
    const { x, y } = place(point);
    context.fillStyle = classColour(labels[i]);
    context.globalAlpha = 0.85;
    context.beginPath();
    context.arc(x, y, RADIUS, 0, 2 * Math.PI);
    context.fill();
  });
  const at = points[chosen];
  if (at === undefined) return;
  const { x, y } = place(at);
  context.globalAlpha = 1;
  context.strokeStyle = getComputedStyle(canvas).color;
  context.lineWidth = 2.5;
  context.beginPath();
  context.arc(x, y, 2 * RADIUS, 0, 2 * Math.PI);
  context.stroke();
}

/** The dot that a pointer means; -1 for none. */
export function nearestDot(
  canvas: HTMLCanvasElement,
  { offsetX, offsetY }: MouseEvent,
  points: readonly Point[],
  frame: Frame,
): number {
  const place = placer(canvas, frame);
  let [best, least] = [-1, REACH];
  points.forEach((point, i) => {
    const { x, y } = place(point);
    const distance = Math.hypot(x - offsetX, y - offsetY);
    if (distance < least) [best, least] = [i, distance];
  });
  return best;
}
