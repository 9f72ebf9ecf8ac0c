import { brief } from '../json-members.ts';

/** The error of weights that cannot be used. */
export const fail = (rule: string): never => {
  throw new RangeError(`importWeights: ${rule}`);
};

const SHOWN = 4;

/** The first of some names, and how many more there are. */
export function someOf(names: readonly string[]): string {
  const more = names.length - SHOWN;
  return `${names.slice(0, SHOWN).map(brief).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** A remark on tensors that are not read. */
export function leftOut(names: readonly string[]): readonly string[] {
  if (names.length === 0) return [];
  const count = names.length === 1 ? 'one tensor is' : `${names.length} tensors are`;
  return [`${count} left out, having no place in encoder and decoder: ${someOf(names)}`];
}
