import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadHighlighter } from './highlight.ts';
import { ISOLATING } from './isolating.ts';
import { layOut } from './layout.ts';
import { filesOf, writeWorker } from './offline.ts';
import { ASSETS, PALETTE, PLAYGROUND, ROOT, SITE } from './places.ts';
import { referencePages } from './reference.ts';
import { siteContent } from './site-pages.ts';

/** Headers of every answer, for hosts that read this file; elsewhere the service worker adds what threads need. */
const HEADERS = {
  ...ISOLATING,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
};

const write = (path: string, text: string): void => {
  mkdirSync(dirname(join(SITE, path)), { recursive: true });
  writeFileSync(join(SITE, path), text);
};
const copy = (from: string, to: string): void => cpSync(from, join(SITE, to), { recursive: true });

if (!existsSync(PLAYGROUND)) {
  throw new Error(
    `${PLAYGROUND} must be there, got nothing; run: npm run page -w @twocan/playground`,
  );
}
rmSync(SITE, { recursive: true, force: true });

const highlighter = await loadHighlighter();
const markdown = mkdtempSync(join(tmpdir(), 'twocan-api-'));
const reference = await referencePages(markdown);
rmSync(markdown, { recursive: true });
const { found, navigation, pictures } = siteContent(reference, highlighter);

for (const { page } of found) write(page.page, layOut(page, navigation));
for (const picture of pictures) copy(join(ROOT, picture), picture);

for (const file of ['offline.js', 'search.js']) {
  copy(join(ASSETS, file), `assets/${file}`);
}
const styles = [PALETTE, join(ASSETS, 'site.css')].map((file) => readFileSync(file, 'utf8'));
write('assets/site.css', styles.join(''));
write('assets/code.css', highlighter.css());
copy(fileURLToPath(import.meta.resolve('minisearch')), 'assets/minisearch.js');
const searched = found.flatMap(({ page: { page, title: of }, sections }) =>
  sections.map(({ heading: { level, id, text: title }, text }) => ({
    href: level === 1 ? page : `${page}#${id}`,
    title,
    of,
    text,
  })),
);
write('assets/search.json', JSON.stringify(searched));

copy(PLAYGROUND, 'playground');
copy(join(PLAYGROUND, 'icon.svg'), 'assets/icon.svg');
const playground = readFileSync(join(SITE, 'playground/index.html'), 'utf8');
const starter = '<script type="module" src="../assets/offline.js" data-isolate></script>';
write('playground/index.html', playground.replace('</head>', `${starter}\n</head>`));

const lines = Object.entries(HEADERS).map(([name, value]) => `  ${name}: ${value}\n`);
write('_headers', `/*\n${lines.join('')}`);
write('.nojekyll', ''); // GitHub Pages then takes the files as they are
writeWorker(SITE, readFileSync(join(ASSETS, 'worker.js'), 'utf8'));
console.log(`${SITE}: ${filesOf(SITE).length} files, ${found.length} pages and the playground`);
