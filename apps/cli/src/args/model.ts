import { choice, flag, setting, text, whole } from '@twocan/pretrain/settings';
import { MACHINE } from './machine.ts';

/** What a model is, for commands that can do without one too. */
export const ANY_MODEL = {
  hint: 'RUN|DIR|FILE',
  text: 'A run folder (its newest checkpoint), a checkpoint file, or weights of timm or transformers',
} as const;

/** Weights that a training begins with. */
export const INIT = {
  hint: 'DIR|FILE',
  text: 'Begin with these weights: of timm, transformers or MAE (safetensors), or of a run',
} as const;

/** The settings of every command with a model. */
export const MODEL = { model: setting(text, { ...ANY_MODEL, needed: true }), ...MACHINE };

/** The images of a command that needs no labels. */
export const IMAGES = {
  data: setting(text, {
    hint: 'DIR',
    needed: true,
    text: 'Folder of images, any nesting, or tar shards',
  }),
};

/** What labelled images are, for commands that can do without them too. */
export const LABELLED_IMAGES = {
  hint: 'DIR',
  text: 'Images in one folder a class, or tar shards; with DIR/train and DIR/test, the second is held out',
} as const;

/** Results for other programs. */
export const JSON_RESULT = {
  json: setting(flag, { text: 'Print numbers as JSON', default: false }),
};

/** The settings of every command that evaluates a trained encoder on labelled images. */
export const EVALUATED = {
  ...MODEL,
  data: setting(text, { ...LABELLED_IMAGES, needed: true }),
  features: setting(choice(['patches', 'cls', 'both']), {
    usual: "the method's, patches",
    text: 'Mean of the patch tokens, class token, or both',
  }),
  limit: setting(whole({ min: 1 }), {
    usual: 'all',
    text: 'Largest number of images to learn from, and to evaluate',
  }),
};

/** The seed of what draws something. */
export const SEED = {
  seed: setting(whole({ min: 0 }), { text: 'Seed of all random numbers', default: 0 }),
};

/** The accuracy of each class. */
export const PER_CLASS = {
  perClass: setting(flag, { text: 'List the accuracy of each class', default: false }),
};

/** A picture of which class is taken for which. */
export const CONFUSION = {
  confusion: setting(text, {
    hint: 'FILE',
    text: 'Draw which class is taken for which, as PNG',
  }),
};
