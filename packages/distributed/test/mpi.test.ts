import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { MPIS, NO_MPI, runRanks } from '../../../test/mpi.ts';

const script = (name: string): string =>
  fileURLToPath(new URL(`./scripts/${name}.mjs`, import.meta.url));
const lines = (text: string): unknown[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

describe.skipIf(MPIS.length > 0)(`ranks (${NO_MPI})`, () => {
  it.skip('exchange numbers', () => {});
});

describe.each(MPIS)('ranks on $name', { timeout: 120_000 }, (mpi) => {
  it.each([2, 4])('exchange numbers: %d of them', async (ranks) => {
    const { code, stdout, stderr } = await runRanks(mpi, ranks, [script('exchange')]);
    expect([code, stderr]).toEqual([0, '']);
    const found = lines(stdout) as { readonly rank: number }[];
    const total = (ranks * (ranks + 1)) / 2;
    expect(found.toSorted((a, b) => a.rank - b.rank)).toEqual(
      Array.from({ length: ranks }, (_, rank) => ({
        rank,
        size: ranks,
        name: mpi.name,
        sums: [rank + 1, total, total, rank + 1],
        wrong: -1,
        wrongStarted: -1,
        between: ranks,
        objects: 300_000,
        gathered: Array.from({ length: ranks }, (__, other) => [other, 255 - other]).flat(),
        bytes: [ranks - 1, ranks - 1],
      })),
    );
  });

  it('have the gradient of InfoNCE that one process has', async () => {
    const { code, stdout } = await runRanks(mpi, 4, [script('info-nce')]);
    expect(code).toBe(0);
    const [{ far, largest }] = lines(stdout) as [{ far: number; largest: number }];
    expect(far).toBeLessThan(1e-6);
    expect(largest).toBeGreaterThan(0.01);
  });

  // UCX changes it, and may crash Node as it does.
  it.skipIf(process.platform !== 'linux')('leave the code of libc as it was', async () => {
    const { stdout } = await runRanks(mpi, 2, [script('patched')]);
    expect(lines(stdout)).toEqual([0, 0]);
  });

  it('all end when one ends them', async () => {
    const { code, stdout } = await runRanks(mpi, 3, [script('abort')]);
    expect(code).not.toBe(0);
    expect(stdout).not.toContain('not reached');
  });
});

describe.skipIf(MPIS.length < 2)('ranks of one MPI that are started by another', () => {
  it.each(MPIS.map((mpi) => [mpi.name, mpi] as const))(
    'refuse: %s starts them',
    { timeout: 120_000 },
    async (name, mpi) => {
      const library = name.startsWith('Open') ? 'libmpich.so.12' : 'libmpi.so.40';
      const environment = { TWOCAN_MPI: library };
      const { stdout } = await runRanks(mpi, 2, [script('refused')], { environment });
      for (const found of lines(stdout)) {
        expect(found).toMatchObject({
          code: 'MPI_ALONE',
          message: expect.stringMatching(
            /^mpi: (OMPI_COMM_WORLD_SIZE|PMI_SIZE) says that 2 ranks were started, but .* connects 1: /,
          ),
        });
      }
    },
  );
});

describe('a process without MPI', () => {
  it('says what is missing', async () => {
    const options = { env: { ...process.env, TWOCAN_MPI: '/nowhere/libmpi.so.40' } };
    const { stdout } = await promisify(execFile)(process.execPath, [script('refused')], options);
    expect(JSON.parse(stdout)).toMatchObject({
      code: 'MPI_MISSING',
      message: expect.stringMatching(
        /^mpi: no MPI library loads \(tried \/nowhere\/libmpi\.so\.40\): .*; install Open MPI or MPICH/,
      ),
    });
  });
});
