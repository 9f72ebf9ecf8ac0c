import type { Progress, Work } from '@twocan/pretrain';
import { progressOf } from './progress.ts';

const TITLES: Readonly<Record<Work, string>> = {
  features: 'computing features',
  neighbours: 'comparing with neighbours',
  'map-neighbours': 'finding neighbours for the map',
  'map-layout': 'laying out the map',
};

/** Shows how far work with features is that takes long. */
export const showWork: Progress = (work) => progressOf(TITLES[work]).count;
