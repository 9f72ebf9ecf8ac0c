import type { CanConfig } from '@twocan/can';
import { randomViews, trialStep } from '@twocan/pretrain';
import { startEngine } from './engine.ts';
import { servePeer } from './peer.ts';

// Steps of CAN on one engine, in a process of its own, so that its peak memory is its own.
type Settings = readonly [
  config: CanConfig,
  batch: number,
  threads: number,
  engine: string,
  instructions?: string,
];

await servePeer(async ([config, batch, threads, engine, instructions]: Settings) => {
  const about = await startEngine(engine, { threads, instructions });
  const views = randomViews(config, batch);
  const step = trialStep(config, () => views);
  const work = async (): Promise<number[]> => {
    const begin = performance.now();
    step.begin();
    const loss = await step.end();
    return [performance.now() - begin, loss];
  };
  return { about, work };
});
