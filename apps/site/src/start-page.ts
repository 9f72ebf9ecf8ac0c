import type { Page } from './layout.ts';
import type { Rendered } from './markdown.ts';

/** The playground, in light and in dark; both have the same size. */
const PLAYGROUND = { light: 'docs/images/playground.png', dark: 'docs/images/playground-dark.png' };

/** Pictures that the first page shows besides those of the documentation. */
export const START_PICTURES: readonly string[] = Object.values(PLAYGROUND);

/** The site's first page, in Markdown. */
export const START_TEXT = `# twocan

twocan trains image encoders without labels, in JavaScript. Give it a folder of images, and it gives you features for
search, clustering or a classifier. It learns by CAN: one vision transformer fills in hidden patches, finds added noise,
and tells pictures apart. It runs in Node and in a browser tab, and its numbers are tested against PyTorch.

[Watch it learn in this browser](playground/)

The playground starts at once on built-in drawings and takes images of your own. They stay in the tab.

[![The playground in a browser: two crops of some drawings, the input with half of its patches hidden, what is filled in, the noise that was found and added, the losses, and how many neighbours are of the same class](${PLAYGROUND.light})](playground/)

## Two commands

In a checkout, with Node 20.19 or newer:

\`\`\`sh
npm ci && npm run pretrain                       # on built-in drawings
npm run pretrain -- --data DIR --preset tiny64   # on the images in DIR
\`\`\`

The first takes under 5 minutes on 2 cores. A run's folder has checkpoints, curves, a report and pictures like this one:

![Rows of drawings: the originals, the input with half of its patches hidden, the reconstruction, the predicted noise and the noise that was added](docs/images/quick-start.png)

## Where to go on

- [Getting started](docs/getting-started.html): from nothing to a searchable folder of images
- [Commands](docs/commands.html): each command, its options and what it writes
- [Results](docs/results.html): what it learns from real images, with the commands
- [The method](METHOD.html), equation by equation
- [The API](api/): every export of every package
- [All documentation](docs/)
`;

/** Lays out the first page's text; the first link is the one that most people come for. */
export const startPage = ({ html }: Rendered): Page => ({
  page: 'index.html',
  title: 'twocan: image encoders without labels, in JavaScript',
  description:
    'twocan trains image encoders without labels, in JavaScript: in Node and in a browser tab.',
  html: html
    .replace('<a href="playground/">', '<a class="play" href="playground/">')
    .replace(
      `<img src="${PLAYGROUND.light}"`,
      `<source srcset="${PLAYGROUND.dark}" media="(prefers-color-scheme: dark)">$& width="1280" height="739"`,
    )
    .replace(/<source [^>]+><img [^>]+>/, '<picture>$&</picture>'),
  headings: [],
});
