import { spawnSync } from 'node:child_process';

const FIELDS = ['name', 'memory.total', 'driver_version'];

/**
 * The NVIDIA GPUs of this machine, by the driver's own program.
 *
 * @returns a line for each: name, memory, driver; none where there is no driver
 */
export function nvidiaDevices(): string[] {
  const { status, stdout } = spawnSync(
    'nvidia-smi',
    [`--query-gpu=${FIELDS.join(',')}`, '--format=csv,noheader'],
    { encoding: 'utf8', timeout: 10_000 },
  );
  if (status !== 0) return [];
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.replace(/, ([^,]*)$/, ', driver $1'));
}
