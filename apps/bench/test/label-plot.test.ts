import { describe, expect, it } from 'vitest';
import { labelPlot } from '../src/results/label-plot.ts';

const ROWS = [
  { how: 'probe', labels: 100, values: [0.2, 0.3] },
  { how: 'probe', labels: 1000, values: [0.4, 0.5] },
  { how: 'probe', labels: 10_000, values: [0.5, 0.5] },
  { how: 'from scratch', labels: 10_000, values: [0.5] },
];

/** The numbers of a pattern's group, wherever it occurs. */
const numbers = (text: string, pattern: RegExp): number[] =>
  [...text.matchAll(pattern)].map(([, found]) => Number(found));

describe('labelPlot', () => {
  const svg = labelPlot(ROWS);
  const [line = ''] = [...svg.matchAll(/<polyline points="([^"]+)"/g)].map(([, found]) => found);
  const points = line.split(' ').map((point) => point.split(',').map(Number));

  it('has equal distances from ten times to ten times the labels', () => {
    const [a = 0, b = 0, c = 0] = points.map(([x]) => x);
    expect(c - b).toBeCloseTo(b - a, 1);
  });

  it('draws the line through the means, and a dot a seed', () => {
    const [low, high] = numbers(svg, /<circle cx="[\d.]+" cy="([\d.]+)"/g);
    expect(points[0]?.[1]).toBeCloseTo(((low ?? 0) + (high ?? 0)) / 2, 1);
    expect(svg.match(/<circle/g)).toHaveLength(7);
  });

  it('keeps the names of lines that end together apart', () => {
    const heights = numbers(svg, /<text x="[\d.]+" y="([\d.]+)" fill="#[0-9a-f]+"/g);
    expect(heights).toHaveLength(2);
    expect(Math.abs((heights[0] ?? 0) - (heights[1] ?? 0))).toBeGreaterThanOrEqual(18);
  });

  it('refuses rows without values', () => {
    expect(() => labelPlot([])).toThrow('one or more');
    expect(() => labelPlot([{ how: 'probe', labels: 10, values: [] }])).toThrow('a value or more');
  });
});
