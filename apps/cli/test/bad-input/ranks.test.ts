import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { MPIS, NO_MPI, type RanksOutcome, runRanks } from '../../../../test/mpi.ts';
import { BIN, drawPhotos, ENVIRONMENT, scratch, twocan } from '../cli.ts';
import { describeRows, expectFailure, type Rows } from './rows.ts';

const folder = scratch();
afterAll(folder.remove);

const FLAGS = ['--batch', '4', '--steps', '2', '--backend', 'simd', '--threads', '1'];
const [mpi] = MPIS;

/** Two ranks, each in a folder of its own: what they find under the same path may differ. */
async function apart(words: readonly string[], out: string): Promise<RanksOutcome> {
  const script = folder.path('apart.mjs');
  writeFileSync(
    script,
    `const rank = process.env.OMPI_COMM_WORLD_RANK ?? process.env.PMI_RANK;
     process.chdir(${JSON.stringify(folder.path('machine-'))} + rank);
     await import(${JSON.stringify(BIN)});`,
  );
  if (mpi === undefined) throw new Error(NO_MPI);
  return runRanks(mpi, 2, [script, 'pretrain', ...words, '--out', out], {
    environment: { TWOCAN_BACKENDS: ENVIRONMENT.TWOCAN_BACKENDS },
  });
}

const ROWS: Rows = {
  'A launcher that this MPI does not know': async () => {
    const out = folder.path('alone');
    const words = ['pretrain', '--data', 'shapes:8', ...FLAGS, '--out', out];
    const outcome = await twocan(words, undefined, { SLURM_NTASKS: '4', SLURM_PROCID: '2' });
    expectFailure(
      outcome,
      2,
      /^twocan: rank 2: SLURM_NTASKS says that 4 ranks were started, but nothing connects them: start twocan by srun --mpi=pmix /m,
    );
    expect(existsSync(out)).toBe(false);
  },
  'A machine without MPI': async () => {
    const environment = { PMI_SIZE: '2', PMI_RANK: '1', TWOCAN_MPI: '/nowhere/libmpi.so.12' };
    const words = ['pretrain', '--data', 'shapes:8', ...FLAGS, '--out', folder.path('none')];
    expectFailure(
      await twocan(words, undefined, environment),
      2,
      /^twocan: rank 1: PMI_SIZE says that 2 ranks were started: no MPI library loads .* install Open MPI or MPICH .*TWOCAN_MPI/m,
    );
  },
  'Ranks that have other images': async () => {
    for (const rank of [0, 1]) {
      await drawPhotos(join(folder.path(`machine-${rank}`), 'photos'), 2, 4 + rank);
    }
    const out = folder.path('different');
    const { code, stderr } = await apart(['--data', 'photos', ...FLAGS], out);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(
      /^twocan: rank \d: all ranks must have the same images, and rank 1 has others; this rank has (8|10) in \S*photos: give every machine the same files$/m,
    );
    expect(existsSync(out)).toBe(false);
  },
  'A batch that the ranks cannot divide': async () => {
    for (const rank of [0, 1]) mkdirSync(folder.path(`machine-${rank}`), { recursive: true });
    const out = folder.path('odd');
    const words = ['--data', 'shapes:8', ...FLAGS.map((word) => (word === '4' ? '5' : word))];
    const { code, stderr } = await apart(words, out);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(
      /^twocan: rank \d: --batch must be a multiple of the 2 ranks, which share it evenly, got 5; for example [46]$/m,
    );
    expect(existsSync(out)).toBe(false);
  },
  'A rank that fails': async () => {
    // The run is there for rank 0 alone, when it goes on.
    for (const rank of [0, 1]) mkdirSync(folder.path(`machine-${rank}`), { recursive: true });
    const begun = join(folder.path('machine-0'), 'run');
    const words = ['pretrain', '--data', 'shapes:8', ...FLAGS, '--out', begun];
    expect((await twocan(words)).code).toBe(0);
    const { code, stderr } = await apart(['--resume'], 'run');
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/^twocan: rank 1: .*run/m);
    expect(existsSync(join(begun, 'checkpoints', 'checkpoint-00000002.safetensors'))).toBe(true);
    rmSync(begun, { recursive: true });
  },
};

describeRows('Ranks', ROWS, mpi === undefined ? NO_MPI : undefined);
