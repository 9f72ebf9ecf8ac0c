import type { Source } from '../messages.ts';

const NAME = 'twocan-playground-source';

/** Where the images of the last visit came from; a browser that keeps nothing begins with the drawings. */
export function rememberedSource(): Source {
  try {
    return localStorage.getItem(NAME) === 'files' ? 'files' : 'drawings';
  } catch {
    return 'drawings';
  }
}

/** Keeps where images come from, where this browser keeps anything. */
export function rememberSource(source: Source): void {
  try {
    localStorage.setItem(NAME, source);
  } catch {
    // The next visit begins with the drawings.
  }
}
