import { getThreadsCount } from '@tensorflow/tfjs-backend-wasm';
import { getBackend, getGradient, memory, ones, sum } from '@tensorflow/tfjs-core';
import { chooseBackend } from '@twocan/backend';
import { beforeEach, describe, expect, it, vi } from 'vitest';

// What a user happens to have set up is not what is tested here.
beforeEach(() => {
  vi.stubEnv('TWOCAN_BACKENDS', 'no-such-file.json');
});

describe('chooseBackend', () => {
  it.each(['cpu', 'wasm'] as const)('makes %s current and ready to train', async (name) => {
    const report = await chooseBackend(name);
    // Stock wasm has threads on isolated pages alone.
    const own = name === 'wasm' && globalThis.crossOriginIsolated;
    const threads = own ? getThreadsCount() : 1;
    expect(report).toMatchObject({ name, tfjsName: name, passedOver: [], threads });
    expect(report.why).toMatch(/as requested$/);
    expect(getBackend()).toBe(name);
    expect(getGradient('BatchMatMul')).toBeDefined();
    const before = memory().numTensors;
    const total = sum(ones([3, 4]));
    expect(total.dataSync()[0]).toBe(12);
    expect(memory().numTensors).toBe(before + 2);
  });

  it('says what was passed over and how to get it', async () => {
    const { name, passedOver, why } = await chooseBackend(['node-gpu', 'node', 'wasm', 'cpu']);
    expect(why).toMatch(/the first that loads here|as requested/);
    for (const missed of passedOver)
      expect(`${missed.why}; ${missed.remedy}`).toContain(`npx twocan setup ${missed.name}`);
    expect(['node-gpu', 'node', 'wasm']).toContain(name);
  });

  it('auto passes over what is not installed and says so', async () => {
    const { name, passedOver } = await chooseBackend('auto');
    expect([...passedOver.map((missed) => missed.name), name].slice(0, 2)).toContain('node-gpu');
  });

  it('names the valid names when asked for an unknown one', async () => {
    await expect(chooseBackend('cuda' as 'cpu')).rejects.toMatchObject({
      code: 'BACKEND_MISSING',
      message: expect.stringContaining('choose cpu, wasm, simd, native, node, node-gpu'),
    });
  });
});
