import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { SimdBackend } from '../backend.ts';
import { KERNEL } from '../table.ts';
import { runItems } from './work.ts';

/** One axis of a strided move: its size and its steps in both tensors, in elements. */
export type MoveAxis = { readonly size: number; readonly from: number; readonly to: number };

const AXES = 6;
const OUTER = 4;

/** Steps of a contiguous tensor. */
export function stepsOf(shape: readonly number[]): number[] {
  const steps = new Array<number>(shape.length).fill(1);
  for (let i = shape.length - 2; i >= 0; i--) steps[i] = (steps[i + 1] ?? 1) * (shape[i + 1] ?? 1);
  return steps;
}

function merge(axes: readonly MoveAxis[]): MoveAxis[] {
  const merged: MoveAxis[] = [];
  for (const axis of axes) {
    if (axis.size === 1) continue;
    const last = merged[merged.length - 1];
    if (last && last.from === axis.from * axis.size && last.to === axis.to * axis.size) {
      merged[merged.length - 1] = { ...axis, size: last.size * axis.size };
    } else {
      merged.push(axis);
    }
  }
  return merged.length === 0 ? [{ size: 1, from: 1, to: 1 }] : merged;
}

const pad = (axes: readonly MoveAxis[], count: number): MoveAxis[] => [
  ...Array.from({ length: count - axes.length }, () => ({ size: 1, from: 0, to: 0 })),
  ...axes,
];

const columnsOf = (axes: readonly MoveAxis[]): number[] => [
  ...axes.map((axis) => axis.size),
  ...axes.map((axis) => axis.from),
  ...axes.map((axis) => axis.to),
];

/**
 * Moves a block of 4-byte elements, axes in the order of the result.
 *
 * @returns false if it has more axes than the kernels know, and nothing was moved
 */
export function moveBlock(
  backend: SimdBackend,
  from: number,
  to: number,
  wanted: readonly MoveAxis[],
): boolean {
  if (wanted.some((axis) => axis.size === 0)) return true;
  const axes = merge(wanted);
  const size = axes.reduce((n, axis) => n * axis.size, 1);
  const { engine } = backend;
  const inner = axes[axes.length - 1] as MoveAxis;
  const along = axes.findIndex((axis) => axis.from === 1);
  if (inner.from !== 1 && inner.to === 1 && along >= 0 && inner.size >= 4) {
    const band = axes[along] as MoveAxis;
    const outer = axes.filter((_, i) => i !== along && i !== axes.length - 1);
    if (outer.length <= OUTER && band.size >= 4) {
      const planes = columnsOf(pad(outer, OUTER));
      const dims = engine.table([...planes, band.size, inner.size, inner.from, band.to]);
      const items = (size / band.size / inner.size) * Math.ceil(band.size / 32);
      const work = 2 * Math.min(32, band.size) * inner.size;
      runItems(engine, KERNEL.transposePlanes, items, work, [from, to, dims]);
      return true;
    }
  }
  if (axes.length > AXES) return false;
  const dims = engine.table(columnsOf(pad(axes, AXES)));
  const work = inner.size * (inner.from === 1 ? 1 : 4) + 30;
  runItems(engine, KERNEL.copyBlock, size / inner.size, work, [from, to, dims]);
  return true;
}

/** Sets all elements of a 4-byte tensor to the same bits. */
export function fillBits(backend: SimdBackend, y: TensorInfo, size: number, bits: number): void {
  runItems(backend.engine, KERNEL.fill, size, 1, [backend.offset(y), bits], 4);
}
