import { expectInteger, expectType } from '@twocan/core';

/**
 * The layers of a classifier's parameters, for learning rates that fall with depth.
 *
 * @param depth the encoder's number of blocks
 * @returns the layer by path: 0 for patch embedding, class token and learned positions, i + 1 for block i of the encoder,
 *   depth + 1 for everything else
 * @throws RangeError for a depth below 1
 * @example
 * adamw({ learningRate: 1e-3, rateScale: layerDecay({ depth: 12, decay: 0.65, layerOf: layerOf(12) }) });
 */
export function layerOf(depth: number): (path: string) => number {
  expectInteger('layerOf', 'depth', depth);
  return (path) => {
    expectType('layerOf', 'path', path, 'string');
    if (/^encoder\/(cls$|positions$|patch\/)/.test(path)) return 0;
    const block = /^encoder\/blocks\/(\d+)\//.exec(path)?.[1];
    return block === undefined ? depth + 1 : Math.min(Number(block), depth) + 1;
  };
}
