import type { Dataset } from '@twocan/data';
import { type NamedFile, type OpenedImages, openImages } from '@twocan/data/web';
import type { Report } from '../messages.ts';

/** The largest images that a preset for a tab sees, and as many again for crops. */
const SHORT_SIDE = 96;
/** 10,000 images of this size are 280 MB. */
const MOST = 10_000;
/** How often the page shows how many are read, in milliseconds. */
const SHOWN_EVERY = 200;
/** Fewer have nothing to tell apart. */
const FEWEST = 8;

/** Reads images that a person gave, and says what came of them; nothing where there are too few. */
export async function readImages(
  files: readonly NamedFile[],
  report: (report: Report) => void,
): Promise<Dataset | undefined> {
  let shownAt = 0;
  const opened = await openImages(files, {
    shortSide: SHORT_SIDE,
    most: MOST,
    progress: (done, total) => {
      const now = performance.now();
      if (now - shownAt < SHOWN_EVERY && done < total) return;
      shownAt = now;
      report({ type: 'working', what: 'images are read', done, total });
    },
  });
  const usable = opened.length >= FEWEST;
  report({ type: 'images', text: sentences(opened).join(' '), usable });
  return usable ? opened : undefined;
}

const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString('en')} ${count === 1 ? one : many}`;

function sentences({ length, classes = [], labels, unused, tooMany }: OpenedImages): string[] {
  const found =
    length < FEWEST
      ? `${length === 0 ? 'None' : `Only ${length}`} of the files could be used; training needs ${FEWEST} images or more.`
      : `${counted(length, 'image')}${labels ? ` in ${classes.length} classes, by their folders` : ', without classes'}.`;
  const [first] = unused;
  return [
    found,
    ...(first
      ? [
          `${counted(unused.length, 'file is', 'files are')} left out, such as ${first.name}: ${first.reason}.`,
        ]
      : []),
    ...(tooMany > 0
      ? [
          `${tooMany.toLocaleString('en')} more are left out: a tab takes ${MOST.toLocaleString('en')}, evenly spread over all.`,
        ]
      : []),
  ];
}
