import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of this app. */
const APP = dirname(dirname(fileURLToPath(import.meta.url)));

/** The repository's root. */
export const ROOT = dirname(dirname(APP));

/** The built site. */
export const SITE = join(APP, 'dist/site');

/** The built playground. */
export const PLAYGROUND = join(ROOT, 'apps/playground/dist/page');

/** The colours, which the site shares with the playground. */
export const PALETTE = join(ROOT, 'apps/playground/src/style/palette.css');

/** What a page loads beside its text: style, search, the worker that keeps the site for offline use. */
export const ASSETS = join(APP, 'assets');

/** Where the files are that are no pages. */
export const REPOSITORY = 'https://github.com/twocan/twocan';
