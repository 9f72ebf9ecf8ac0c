import type { Point } from '@twocan/pretrain';

/**
 * Turns and mirrors points so that they lie as near as they can to where they lay before: principal components
 * have any sign, and a map that flips cannot be followed.
 *
 * @param points of now, around their mean
 * @param before the same points of before
 * @returns the points, turned or mirrored about the origin
 *
 * The orthogonal Procrustes problem in the plane; Schönemann (1966).
 */
export function alignTo(points: readonly Point[], before: readonly Point[]): readonly Point[] {
  if (points.length !== before.length) return points;
  let [xx, xy, yx, yy] = [0, 0, 0, 0];
  points.forEach(({ x, y }, i) => {
    const { x: u = 0, y: v = 0 } = before[i] ?? {};
    xx += x * u;
    xy += x * v;
    yx += y * u;
    yy += y * v;
  });
  // A turn gains the first, a turn of the mirrored points the second.
  const turned = Math.hypot(xx + yy, xy - yx);
  const mirrored = Math.hypot(xx - yy, xy + yx);
  const mirror = mirrored > turned ? -1 : 1;
  const angle = mirror < 0 ? Math.atan2(xy + yx, xx - yy) : Math.atan2(xy - yx, xx + yy);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return points.map(({ x, y }) => ({
    x: cos * x - sin * mirror * y,
    y: sin * x + cos * mirror * y,
  }));
}
