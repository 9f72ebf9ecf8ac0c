import { describe, expect, it } from 'vitest';
import { alignTo } from '../src/page/align.ts';

const points = [
  { x: 3, y: 0 },
  { x: -1, y: 2 },
  { x: -2, y: -2 },
];
const turned = (angle: number, mirror: number) =>
  points.map(({ x, y }) => ({
    x: mirror * (Math.cos(angle) * x - Math.sin(angle) * y),
    y: Math.sin(angle) * x + Math.cos(angle) * y,
  }));

describe('a map', () => {
  it.each([
    ['turned', 2.1, 1],
    ['mirrored', 0, -1],
    ['turned and mirrored', -0.7, -1],
  ])('that was %s lies where it lay', (_, angle, mirror) => {
    alignTo(turned(angle, mirror), points).forEach(({ x, y }, i) => {
      expect(x).toBeCloseTo(points[i]?.x ?? 0, 10);
      expect(y).toBeCloseTo(points[i]?.y ?? 0, 10);
    });
  });

  it('of other images stays as it is', () => {
    expect(alignTo(points, points.slice(1))).toBe(points);
  });
});
