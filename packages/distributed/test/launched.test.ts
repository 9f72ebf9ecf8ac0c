import { launched, shareOfRank, solo } from '@twocan/distributed';
import { inLockstep } from '@twocan/testkit';
import { describe, expect, it } from 'vitest';

describe('launched', () => {
  it.each([
    [{}, undefined],
    [{ PATH: '/bin' }, undefined],
    [
      { OMPI_COMM_WORLD_SIZE: '4', OMPI_COMM_WORLD_RANK: '2', PMIX_RANK: '2', SLURM_NTASKS: '8' },
      { size: 4, rank: 2, variable: 'OMPI_COMM_WORLD_SIZE', kind: 'Open MPI' },
    ],
    [
      { PMI_SIZE: '2', PMI_RANK: '0', SLURM_NTASKS: '8' },
      { size: 2, rank: 0, variable: 'PMI_SIZE', kind: 'MPICH' },
    ],
    [
      { SLURM_STEP_NUM_TASKS: '2', SLURM_NTASKS: '8', SLURM_PROCID: '1', PMIX_RANK: '1' },
      { size: 2, rank: 1, variable: 'SLURM_STEP_NUM_TASKS', kind: 'Open MPI' },
    ],
    [
      { SLURM_NTASKS: '8', SLURM_PROCID: '0' },
      { size: 8, rank: 0, variable: 'SLURM_NTASKS', kind: undefined },
    ],
    [{ PMI_SIZE: 'many' }, undefined],
  ])('reads %j', (environment, want) => {
    expect(launched(environment)).toEqual(want);
  });
});

describe('shareOfRank', () => {
  const shares = (...places: readonly (readonly [string, number])[]) =>
    inLockstep(places.length, (communicator) => {
      const [name, processors] = places[communicator.rank] ?? ['', 1];
      return shareOfRank(communicator, { name, processors });
    });

  it('divides processors among the ranks that share them, and no others', () => {
    expect(shareOfRank(solo, { name: 'a', processors: 6 })).toEqual({ threads: 6, ranks: 1 });
    expect(shares(['a 0-7', 8], ['b 0-7', 8], ['a 0-7', 8], ['a 8', 1])).toEqual([
      { threads: 4, ranks: 2 },
      { threads: 8, ranks: 1 },
      { threads: 4, ranks: 2 },
      { threads: 1, ranks: 1 },
    ]);
    expect(shares(['a', 2], ['a', 2], ['a', 2])).toEqual(Array(3).fill({ threads: 1, ranks: 3 }));
  });

  it('tells long names apart', () => {
    const long = 'machine'.repeat(30);
    expect(shares([`${long}a`, 4], [`${long}b`, 4])[0]).toEqual({ threads: 4, ranks: 1 });
  });
});
