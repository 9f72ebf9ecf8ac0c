import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../../test/workspace.ts';

describe('a bundle for pages', () => {
  it('holds the engine in WebAssembly and nothing of the native one', async () => {
    const bundle = await rolldown({
      input: join(ROOT, 'packages/backend/src/index.ts'),
      platform: 'browser',
      external: ['@tensorflow/tfjs-backend-webgpu'],
      resolve: { conditionNames: ['@twocan/source', 'browser', 'import', 'default'] },
    });
    const { output } = await bundle.generate({ format: 'esm' });
    const modules = output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []));
    expect(modules.some((id) => id.includes('backend-simd'))).toBe(true);
    expect(modules.filter((id) => id.includes('packages/backend-native'))).toEqual([]);
  });
});
