import { drawnSets } from '@twocan/data';
import { pretrain, type Settings } from '@twocan/pretrain';
import { QUICK_START_DRAWINGS, quickStartSettings } from '@twocan/pretrain/settings';
import { startEngine } from './engine.ts';
import { servePeer } from './peer.ts';

// The run of the playground in Node: the same drawings and settings, some steps a line, beside a page that trains.
type Beginning = { readonly settings: Settings; readonly threads: number; readonly steps: number };

await servePeer(async ({ settings, threads, steps }: Beginning) => {
  const about = await startEngine('simd', { threads });
  const given = quickStartSettings(settings);
  const { train } = drawnSets({ count: QUICK_START_DRAWINGS, size: 32 });
  const events = pretrain(given, { dataset: train });
  const work = async (): Promise<number[]> => {
    const taken: number[] = [];
    for (;;) {
      const { value: event } = await events.next();
      if (event === undefined || event.type === 'done') throw new Error('the run is over');
      if (event.type !== 'step') continue;
      taken.push(event.millis);
      if (taken.length < steps) continue;
      return [taken.reduce((sum, millis) => sum + millis, 0), Number(event.metrics.loss)];
    }
  };
  return { about, work };
});
