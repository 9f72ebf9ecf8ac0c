import type { PictureId } from '@twocan/pretrain';

/** A title and one sentence that explains it. */
export type Explained = { readonly title: string; readonly text: string };

/** What each part of the page is. */
export const PARTS = {
  crops: {
    title: 'What the model sees and fills in',
    text: 'Each image is cut twice at random; patches are hidden, noise is added, and the model has to find out what was there.',
  },
  losses: {
    title: 'Losses',
    text: 'How far the model is from each of its goals; training makes their weighted sum smaller.',
  },
  progress: {
    title: 'Are neighbours of the same class?',
    text: 'Of every image that is followed, the share of its five nearest images that show the same thing; labels are never trained on.',
  },
  rank: {
    title: 'Directions that features use',
    text: 'The effective rank: 1 means that all images look the same to the model, more means that it tells them apart.',
  },
  neighbours: {
    title: 'Neighbours of a picture',
    text: 'The five images that lie nearest to the one you pick: by trained features, by those of the model before training, and by raw pixels.',
  },
  map: {
    title: 'Map of the images',
    text: 'Every dot is an image; near dots have similar features, so groups that form are what the model learned to tell apart.',
  },
  search: {
    title: 'Search',
    text: 'All images of the run by their features: click one to see those that are nearest, or look for pairs that are nearly the same.',
  },
  phases: {
    title: 'One step, slowly',
    text: 'What happens in a step of training, phase by phase, on the images that are shown above.',
  },
} as const satisfies Readonly<Record<string, Explained>>;

/** The rows of pictures. */
export const ROWS: Readonly<Record<PictureId, Explained>> = {
  original: {
    title: 'Crops',
    text: 'Random crops, flips and colours of the same image: features of both should agree, whatever was changed.',
  },
  input: {
    title: 'Input',
    text: 'What the encoder gets: plain squares are hidden from it, and the rest is noisy.',
  },
  reconstruction: {
    title: 'Filled in',
    text: 'What the decoder makes of it: hidden patches as it guesses them, visible ones with the noise that it found taken off.',
  },
  'predicted-noise': {
    title: 'Noise found',
    text: 'The noise that the model thinks was added to the visible patches, made stronger to be seen.',
  },
  'added-noise': {
    title: 'Noise added',
    text: 'The noise that really was added, which it should find.',
  },
};

/** What happens in one step. */
export type PhaseId =
  | 'crops'
  | 'hide'
  | 'noise'
  | 'encode'
  | 'project'
  | 'decode'
  | 'losses'
  | 'gradient'
  | 'update';

/** The phases of a step, in their order. */
export const PHASES: readonly (Explained & { readonly id: PhaseId })[] = [
  {
    id: 'crops',
    title: 'two crops',
    text: 'Each image is cut twice at random, flipped and coloured. The model never learns which object it is.',
  },
  {
    id: 'hide',
    title: 'hide',
    text: 'Each crop is cut into square patches, and a random share of them is taken away.',
  },
  {
    id: 'noise',
    title: 'add noise',
    text: 'Noise is added to the patches that stay; how strong it is differs from image to image.',
  },
  {
    id: 'encode',
    title: 'encode',
    text: 'The encoder gets the noisy patches that are left, as tokens that look at each other.',
  },
  {
    id: 'project',
    title: 'project',
    text: 'The mean of the tokens goes through a small network; its outputs for the two crops of an image should be alike.',
  },
  {
    id: 'decode',
    title: 'decode',
    text: 'The decoder puts a placeholder where a patch is hidden, guesses those patches, and says what noise the others have.',
  },
  {
    id: 'losses',
    title: 'three losses',
    text: 'Each goal is measured on the whole batch, and their weighted sum is to become smaller.',
  },
  {
    id: 'gradient',
    title: 'gradient',
    text: 'For each weight of the model it is computed how the sum changes when the weight grows a little.',
  },
  {
    id: 'update',
    title: 'update',
    text: 'AdamW changes each weight a little against its gradient. What is above shows the weights before this; the next step begins with the new ones.',
  },
];

/** The walk through the method; `part` is what to look at. */
export const TOUR: readonly (Explained & { readonly part: string })[] = [
  {
    part: 'crops',
    title: '1 of 5: two crops',
    text: 'No labels are needed. Each image is cut twice at random. The first goal: features of both crops should be alike, and unlike those of all other images.',
  },
  {
    part: 'crops',
    title: '2 of 5: hide and fill in',
    text: 'Half of the patches of each crop are hidden. The second goal: guess them from those that are left. For that, the model has to know what things look like.',
  },
  {
    part: 'crops',
    title: '3 of 5: find the noise',
    text: 'A little noise is added to what is visible. The third goal: tell the noise from the picture. That teaches fine detail, and costs next to nothing.',
  },
  {
    part: 'losses',
    title: '4 of 5: three losses, one step',
    text: 'Each goal has a loss. Their weighted sum says how to change the weights a little, and that is one step. Press Step to take one, Play to take them all.',
  },
  {
    part: 'neighbours',
    title: '5 of 5: what was learned',
    text: 'Pick a picture. If its neighbours by trained features show the same thing more often than by raw pixels, the model has learned to see. The map shows all of them at once.',
  },
];
