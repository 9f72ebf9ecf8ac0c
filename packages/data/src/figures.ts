/**
 * The ten figures of the `shapes` data set as signed distances: negative inside, positive outside,
 * in the figure's own units, so that one pixel's coverage is a clamp and edges come out smooth.
 */
export type Figure = {
  readonly name: string;
  /** A figure is at one place; a texture fills the picture. */
  readonly kind: 'figure' | 'texture';
  readonly distance: (x: number, y: number) => number;
};

const SQRT3 = Math.sqrt(3);

const box = (x: number, y: number, halfWidth: number, halfHeight: number): number => {
  const [dx, dy] = [Math.abs(x) - halfWidth, Math.abs(y) - halfHeight];
  return Math.hypot(Math.max(dx, 0), Math.max(dy, 0)) + Math.min(Math.max(dx, dy), 0);
};

const disc = (x: number, y: number): number => Math.hypot(x, y) - 0.9;

const ring = (x: number, y: number): number => Math.abs(Math.hypot(x, y) - 0.75) - 0.2;

const square = (x: number, y: number): number => box(x, y, 0.8, 0.8);

/** Equilateral: the largest of the three half-plane distances. */
const triangle = (x: number, y: number): number => {
  const px = Math.abs(x);
  return Math.max((SQRT3 * px - y) / 2, y) - 0.5;
};

/** Five points: fold the plane into one tenth, then the distance to that tenth's edge line. */
const star = (x: number, y: number): number => {
  const sector = (2 * Math.PI) / 5;
  const angle = Math.atan2(x, y);
  const folded = Math.abs(angle - sector * Math.round(angle / sector));
  const radius = Math.hypot(x, y);
  const [px, py] = [radius * Math.sin(folded), radius * Math.cos(folded)];
  // From the tip (0, 1) to the notch between two tips.
  const [qx, qy] = [0.42 * Math.sin(sector / 2), 0.42 * Math.cos(sector / 2)];
  const length = Math.hypot(qx, qy - 1);
  return (px * (1 - qy) + (py - 1) * qx) / length;
};

const cross = (x: number, y: number): number =>
  Math.min(box(x, y, 0.95, 0.27), box(x, y, 0.27, 0.95));

/** Distance from the middle of the nearest period of length 1: 0 to ½. */
const fromMiddle = (x: number): number => Math.abs(x - Math.round(x));

const stripes = (x: number, _y: number): number => fromMiddle(x) - 0.25;

const waves = (x: number, y: number): number =>
  // Divided by the steepest slope, which keeps the distance below the true one.
  (fromMiddle(x + 0.42 * Math.sin(2.6 * y)) - 0.25) / 1.3;

const checker = (x: number, y: number): number => {
  const [dx, dy] = [0.25 - fromMiddle(x), 0.25 - fromMiddle(y)];
  return Math.sign(dx * dy) * Math.min(Math.abs(dx), Math.abs(dy));
};

const dots = (x: number, y: number): number =>
  Math.hypot(x - Math.round(x), y - Math.round(y)) - 0.3;

/** Class i of the data set is figure i. */
export const FIGURES: readonly Figure[] = [
  { name: 'disc', kind: 'figure', distance: disc },
  { name: 'ring', kind: 'figure', distance: ring },
  { name: 'square', kind: 'figure', distance: square },
  { name: 'triangle', kind: 'figure', distance: triangle },
  { name: 'star', kind: 'figure', distance: star },
  { name: 'cross', kind: 'figure', distance: cross },
  { name: 'stripes', kind: 'texture', distance: stripes },
  { name: 'waves', kind: 'texture', distance: waves },
  { name: 'checker', kind: 'texture', distance: checker },
  { name: 'dots', kind: 'texture', distance: dots },
];
