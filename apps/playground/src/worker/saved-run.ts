import type { PretrainConfig, Settings } from '@twocan/pretrain';
import type { EvaluationLine, Source, StepLine } from '../messages.ts';
import { holdsLock, type PrivateFolder, privateFolder } from './private-files.ts';

/** A run as this browser keeps it: its state is a checkpoint, the rest is what was seen of it. */
export type SavedRun = {
  readonly settings: Settings;
  readonly source: Source;
  readonly step: number;
  /** Of a run that was dropped here, whose settings stand for no more than what is seen of it. */
  readonly config?: PretrainConfig;
  readonly lines: readonly StepLine[];
  readonly evaluations: readonly EvaluationLine[];
};

/** Where runs are kept. */
export type RunStore = {
  readonly read: () => Promise<
    { readonly run: SavedRun; readonly checkpoint: Uint8Array } | undefined
  >;
  readonly write: (run: SavedRun, checkpoint: Uint8Array<ArrayBuffer>) => Promise<void>;
};

/** Two places, written in turns: whatever is cut short, one of them is whole. */
const SLOTS = ['a', 'b'] as const;
type Slot = (typeof SLOTS)[number];
type Note = SavedRun & { readonly count: number; readonly bytes: number };

const noteFile = (slot: Slot): string => `run-${slot}.json`;
const stateFile = (slot: Slot): string => `run-${slot}.safetensors`;

/**
 * Opens the place where a run is kept.
 *
 * @returns it
 * @throws Error where nothing can be kept, with the reason for a person
 */
export async function openRunStore(): Promise<RunStore> {
  const folder = await privateFolder('playground').catch(() => {
    throw new Error('this browser keeps no files for the page, as in private windows');
  });
  let last = await newest(folder);
  let writes: Promise<boolean> | undefined;
  return {
    async read() {
      last = await newest(folder);
      if (last === undefined) return undefined;
      const checkpoint = await folder.read(stateFile(last.slot));
      return checkpoint && { run: last.note, checkpoint };
    },
    async write(run, checkpoint) {
      writes ??= holdsLock('twocan-playground');
      if (!(await writes)) throw new Error('another tab with this page keeps its run');
      const slot: Slot = last?.slot === 'a' ? 'b' : 'a';
      const note: Note = { ...run, count: (last?.note.count ?? 0) + 1, bytes: checkpoint.length };
      // A note is written after what it is about: a state without one does not count.
      await folder.remove(noteFile(slot));
      await folder.write(stateFile(slot), checkpoint);
      await folder.write(noteFile(slot), new TextEncoder().encode(JSON.stringify(note)));
      last = { slot, note };
    },
  };
}

async function newest(
  folder: PrivateFolder,
): Promise<{ readonly slot: Slot; readonly note: Note } | undefined> {
  const found: { readonly slot: Slot; readonly note: Note }[] = [];
  for (const slot of SLOTS) {
    const note = parsed(await folder.read(noteFile(slot)));
    const state = note && (await folder.read(stateFile(slot)));
    if (note !== undefined && state?.length === note.bytes) found.push({ slot, note });
  }
  return found.sort((a, b) => b.note.count - a.note.count)[0];
}

function parsed(bytes: Uint8Array | undefined): Note | undefined {
  if (bytes === undefined) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as Note;
  } catch {
    return undefined;
  }
}
