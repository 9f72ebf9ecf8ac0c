import { tensor4d } from '@tensorflow/tfjs-core';
import { fold, key, normal, uniform } from '@twocan/core';
import { initDense } from '@twocan/nn';
import { addNoise, initLevelMlp, sampleLevel, sampleNoise } from '@twocan/noise';
import { describeBackends, expectClose } from '@twocan/testkit';
import { expect, it } from 'vitest';

// A seed gives the same noise in every version and on every backend: image b draws from the fold by b.
describeBackends('keys', () => {
  it('of levels and noise are folded by image', () => {
    const levels = sampleLevel(key(1), 4, { max: 0.5 });
    const expected = [0, 1, 2, 3].map((b) => 0.5 * (uniform(fold(key(1), b), 1)[0] ?? Number.NaN));
    expect([...levels]).toEqual([...Float32Array.from(expected)]);
    const { noise } = addNoise(key(2), tensor4d(new Float32Array(24), [4, 1, 2, 3]), levels);
    const rows = [...levels].flatMap((level, b) =>
      Array.from(normal(fold(key(2), b), 6), (z) => level * z),
    );
    expectClose(noise, rows, { atol: 0, rtol: 1e-7 });
    // Whatever part of a batch they are in.
    const rest = sampleLevel(key(1), 2, { max: 0.5 }, 2);
    expect([...rest]).toEqual([...levels.slice(2)]);
    const images = tensor4d(new Float32Array(12), [2, 1, 2, 3]);
    const ofRest = sampleNoise(key(2), images, rest, 2);
    expectClose(ofRest, noise.dataSync().slice(12), { atol: 0, rtol: 0 });
  });

  it('of the two layers are folded by name', () => {
    const { hidden, out } = initLevelMlp(key(3), { width: 4 });
    const own = (name: string) => initDense(fold(key(3), name), { in: 4, out: 4 }).kernel;
    expectClose(hidden.kernel, own('hidden'), { atol: 0, rtol: 0 });
    expectClose(out.kernel, own('out'), { atol: 0, rtol: 0 });
  });
});
