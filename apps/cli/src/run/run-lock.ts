import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { hasCode, usageError } from '../terminal/failure.ts';

/** Who holds a run folder. */
type Holder = {
  readonly pid: number;
  readonly host: string;
  /** When the process started, where the system gives it: process numbers are reused. */
  readonly started?: string;
};

/**
 * Takes a run folder for this process alone: two writers would mix their metrics and checkpoints.
 *
 * The lock is a file with process and machine. One that a killed process of this machine left
 * behind is taken over; one of another machine is not, since nobody here can tell.
 *
 * @param path the lock's file; its folder exists
 * @returns gives the folder back; calling it twice does no harm
 * @throws Failure (exit code 2) while another process holds the folder
 */
export function lockRun(path: string): () => void {
  const own: Holder = { pid: process.pid, host: hostname(), ...startOf(process.pid) };
  while (!claim(path, own)) {
    const holder = holderOf(path);
    if (holder !== undefined && isAlive(holder, own)) {
      throw usageError(
        `${path}: the run is in use by process ${holder.pid} on ${holder.host}; wait for it, stop it, ` +
          'or choose another --out (if no such process is left, delete that file)',
      );
    }
    rmSync(path, { force: true });
  }
  return () => {
    if (holderOf(path)?.pid === own.pid) rmSync(path, { force: true });
  };
}

/** A link appears with its content at once, and fails when the name is taken: of two one wins. */
function claim(path: string, own: Holder): boolean {
  const draft = `${path}.${own.pid}`;
  writeFileSync(draft, JSON.stringify(own));
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    if (!NO_LINKS.some((code) => hasCode(error, code))) throw error;
    return create(path, own);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** What disks without links say: those of cameras and of some networks. */
const NO_LINKS: readonly string[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

function create(path: string, own: Holder): boolean {
  try {
    writeFileSync(path, JSON.stringify(own), { flag: 'wx' });
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/** Linux: the system's start and the process's, in ticks since then. Elsewhere nothing. */
function startOf(pid: number): { readonly started?: string } {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    // The name before it may hold spaces and brackets; what follows is 20 fields on.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return { started: `${boot} ${fields[19]}` };
  } catch {
    return {};
  }
}

/** Undefined for a file that is gone, or was cut off while it was written. */
function holderOf(path: string): Holder | undefined {
  try {
    const holder = JSON.parse(readFileSync(path, 'utf8')) as Partial<Holder>;
    const { pid, host, started } = holder;
    if (typeof pid !== 'number' || typeof host !== 'string') return undefined;
    return { pid, host, ...(typeof started === 'string' && { started }) };
  } catch {
    return undefined;
  }
}

function isAlive(holder: Holder, own: Holder): boolean {
  if (holder.host !== own.host) return true;
  // This process has no lock yet: a container counts its processes from 1 each time.
  if (holder.pid === own.pid) return false;
  const { started } = startOf(holder.pid);
  if (holder.started !== undefined && started !== undefined && holder.started !== started) {
    return false;
  }
  try {
    process.kill(holder.pid, 0);
    return true;
  } catch (error) {
    // Not permitted means that it runs, as somebody else's.
    return hasCode(error, 'EPERM');
  }
}
