import { describe, expect, it } from 'vitest';
import { importProblems } from './imports.ts';
import { manifestProblems } from './layers.ts';
import { type Manifest, members, type Source, sources } from './workspace.ts';

const workspace = members();
const manifests = workspace.map(({ manifest }) => manifest);

/** The real manifests with one more dependency. */
const withArrow = (from: string, to: string): readonly Manifest[] =>
  manifests.map((manifest) =>
    manifest.name === from
      ? { ...manifest, dependencies: { ...manifest.dependencies, [to]: '^0.0.0' } }
      : manifest,
  );

describe('layers', () => {
  it('finds the packages', () => {
    expect(manifests.map(({ name }) => name)).toContain('@twocan/core');
    expect(manifests.length).toBeGreaterThanOrEqual(19);
  });

  it('every declared dependency goes to a lower level and no circle exists', () => {
    expect(manifestProblems(manifests)).toEqual([]);
  });

  it.each([
    ['up', '@twocan/core', '@twocan/vit', 'core (level 0) -> vit (level 3)'],
    ['sideways', '@twocan/masking', '@twocan/optim', 'masking (level 2) -> optim (level 2)'],
    ['from the trainer to the method', '@twocan/trainer', '@twocan/can', 'trainer (level 3) ->'],
    ['from a library to backend', '@twocan/can', '@twocan/backend', 'can (level 4) -> backend'],
    [
      'from backend to a model',
      '@twocan/backend',
      '@twocan/vit',
      'backend -> vit: only core,ops,backend-simd,backend-native',
    ],
    ['to the test kit', 'twocan', '@twocan/testkit', 'twocan -> testkit: not in a library'],
    ['to a tfjs backend', '@twocan/vit', '@tensorflow/tfjs-backend-cpu', 'only backend may'],
    ['to a tfjs of its own', '@twocan/nn', '@tensorflow/tfjs-core', 'tfjs-core is a peer'],
    ['to a stranger of ours', '@twocan/nn', '@twocan/new', 'new has no level'],
  ])('fails on an arrow %s', (_, from, to, message) => {
    expect(manifestProblems(withArrow(from, to)).join('\n')).toContain(message);
  });

  it('fails on a circle', () => {
    expect(manifestProblems(withArrow('@twocan/core', '@twocan/nn')).join('\n')).toMatch(
      /circle: (core -> nn -> core|nn -> core -> nn)/,
    );
  });
});

describe('imports', () => {
  it.each(workspace.map((member) => [member.manifest.name, member] as const))(
    '%s imports what it declares and what is proven',
    (_, member) => {
      expect(importProblems(member.manifest, sources(member))).toEqual([]);
    },
  );

  const file = (text: string, path = 'src/a.ts'): Source => ({ of: '@twocan/fake', path, text });
  const fake: Manifest = {
    name: '@twocan/fake',
    version: '0.0.0',
    peerDependencies: { '@tensorflow/tfjs-core': '^4.22.0' },
  };
  it.each([
    ["import { b } from '@twocan/can';", "'@twocan/can' is not declared"],
    ["export { b } from '@twocan/can/node';", "'@twocan/can/node' is not declared"],
    ["const b = await import('left-pad');", "'left-pad' is not declared"],
    ["import { b } from '../../can/src/b.ts';", 'leaves the package'],
    ["import { readFileSync } from 'node:fs';", 'outside of src/node'],
    ["import { einsum } from '@tensorflow/tfjs-core';", "tfjs-core's einsum is not in"],
    ["import { add as plus, tile } from '@tensorflow/tfjs-core';", "tfjs-core's tile is not in"],
    ["import * as tf from '@tensorflow/tfjs-core';", "tfjs-core's * is not in"],
    ["import { b } from '@tensorflow/tfjs-core/dist/b.js';", 'reaches inside tfjs-core'],
    ['gather(x, i, 1, 1);', 'gather with batchDims'],
    ['const x = Math.random();', 'draw from a key'],
  ])('fails on %s', (text, message) => {
    expect(importProblems(fake, [file(text)]).join('\n')).toContain(message);
  });

  it('fails on a tfjs backend outside of backend', () => {
    const engine = '@tensorflow/tfjs-backend-cpu';
    const manifest = { ...fake, dependencies: { [engine]: '^4.22.0' } };
    expect(importProblems(manifest, [file(`import '${engine}';`)])[0]).toContain('only backend');
  });

  it('fails on a declared package that nothing imports', () => {
    const manifest = { ...fake, dependencies: { '@twocan/core': '^0.0.0' } };
    expect(importProblems(manifest, [])).toEqual(['@twocan/fake declares @twocan/core, unused']);
  });

  it('looks behind a name of the package itself', () => {
    const imports = { '#core': { default: '@twocan/core' } };
    const used = [file("const core = await import('#core');")];
    const dependencies = { '@twocan/core': '^0.0.0' };
    expect(importProblems({ ...fake, imports, dependencies }, used)).toEqual([]);
    expect(importProblems({ ...fake, imports }, used)[0]).toContain('is not declared');
  });

  it('lets types pass, and Node modules under src/node', () => {
    const files = [
      file("import type { Variable } from '@tensorflow/tfjs-core';"),
      file("import { type Variable, add } from '@tensorflow/tfjs-core';"),
      file("import { readFileSync } from 'node:fs';", 'src/node/a.ts'),
    ];
    expect(importProblems(fake, files)).toEqual([]);
  });
});
