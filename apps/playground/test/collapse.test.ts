import { describe, expect, it } from 'vitest';
import { hasCollapsed } from '../src/page/collapse.ts';
import { spreadOf } from '../src/worker/spread.ts';

describe('features that collapse', () => {
  it('are near their mean, whatever their length', () => {
    expect(spreadOf(Float32Array.of(1, 2, 1, 2), 2)).toBe(0);
    expect(spreadOf(Float32Array.of(1, 0, -1, 0), 2)).toBe(1);
    // Mean (3, 0): each row is 1 away from it, and the mean square is 10.
    expect(spreadOf(Float32Array.of(3, 1, 3, -1), 2)).toBeCloseTo(0.1, 10);
    expect(spreadOf(new Float32Array(4), 2)).toBe(0);
  });

  it('are warned of after the first step alone', () => {
    expect(hasCollapsed({ step: 0, spread: 0 })).toBe(false);
    expect(hasCollapsed({ step: 1, spread: 0.001 })).toBe(true);
    expect(hasCollapsed({ step: 1, spread: 0.4 })).toBe(false);
  });
});
