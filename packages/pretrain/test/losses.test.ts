import { key } from '@twocan/core';
import { shapes } from '@twocan/data';
import { pretrain } from '@twocan/pretrain';
import { describeBackends } from '@twocan/testkit';
import { disposeState } from '@twocan/trainer';
import { expect, it } from 'vitest';
import golden from './losses.json' with { type: 'json' };

// Made on simd in Node. A page has the same engine, the same keys and the same numbers.
describeBackends('20 steps', (backend) => {
  it.runIf(/^simd(-plain)?$/.test(backend))(
    'have the same losses in Node and in a page',
    async () => {
      const dataset = shapes({ key: key(0), count: 16, size: 32 });
      const settings = { batch: 4, steps: 20, checkpointEvery: 0, seed: 7 };
      const losses: number[] = [];
      for await (const event of pretrain(settings, { dataset })) {
        if (event.type === 'step') losses.push(event.metrics.loss ?? Number.NaN);
        if (event.type === 'done') disposeState(event.state);
      }
      expect(losses).toHaveLength(20);
      // A processor without fused multiply-add rounds as if there were none in WebAssembly either.
      const known = backend.endsWith('plain') ? [golden.plain] : [golden.fused, golden.plain];
      expect(known).toContainEqual(losses);
    },
  );
});
