import type { Command } from './args/command.ts';

/** A command as the list of commands has it. */
export type ListedCommand = {
  readonly name: string;
  readonly description: string;
  readonly load: () => Promise<Command>;
};

/**
 * Every command in the order of the help. A module is loaded when its command is needed: most of them load
 * TensorFlow.js, which takes longer than all that the list of commands needs.
 */
export const COMMANDS: readonly ListedCommand[] = [
  {
    name: 'pretrain',
    description: 'Train an image encoder without labels (CAN, MAE, SimCLR and what lies between)',
    load: async () => (await import('./commands/pretrain.ts')).pretrain,
  },
  {
    name: 'knn',
    description: 'Evaluate features by nearest neighbours, with two baselines',
    load: async () => (await import('./commands/knn.ts')).knn,
  },
  {
    name: 'probe',
    description: 'Train a linear classifier on frozen features, with two baselines',
    load: async () => (await import('./commands/probe.ts')).probe,
  },
  {
    name: 'fewshot',
    description: 'Evaluate features by ridge regression on a few images of each class',
    load: async () => (await import('./commands/fewshot.ts')).fewshot,
  },
  {
    name: 'finetune',
    description: 'Train a classifier, encoder and all, from a checkpoint or from scratch',
    load: async () => (await import('./commands/finetune.ts')).finetune,
  },
  {
    name: 'ablate',
    description: 'Train the method without some of its parts, and compare',
    load: async () => (await import('./commands/ablate.ts')).ablate,
  },
  {
    name: 'explain',
    description: 'Measure features and decoder without labels, and draw where the encoder looks',
    load: async () => (await import('./commands/explain.ts')).explain,
  },
  {
    name: 'embed',
    description: 'Write the features of a folder of images',
    load: async () => (await import('./commands/embed.ts')).embed,
  },
  {
    name: 'export',
    description: 'Write a folder that timm, transformers, transformers.js or ONNX Runtime opens',
    load: async () => (await import('./commands/export.ts')).exportCommand,
  },
  {
    name: 'shard',
    description: 'Write a folder of images as tar files, which are quick to copy and to open',
    load: async () => (await import('./commands/shard.ts')).shard,
  },
  {
    name: 'search',
    description: 'Find images like a given one, or near-duplicates',
    load: async () => (await import('./commands/search.ts')).search,
  },
  {
    name: 'reconstruct',
    description: 'Draw images as the model sees and reconstructs them, as a PNG',
    load: async () => (await import('./commands/reconstruct.ts')).reconstruct,
  },
  {
    name: 'inspect',
    description: 'Show the content of a run folder or a checkpoint file',
    load: async () => (await import('./commands/inspect.ts')).inspect,
  },
  {
    name: 'replay',
    description:
      'Take the step of a run again at which numbers stopped being finite, and look at it',
    load: async () => (await import('./commands/replay.ts')).replay,
  },
  {
    name: 'doctor',
    description: 'List the backends that load here, and what would be faster',
    load: async () => (await import('./commands/doctor.ts')).doctor,
  },
  {
    name: 'bench',
    description: 'Time training steps on a backend, in turns with simd',
    load: async () => (await import('./commands/bench.ts')).bench,
  },
  {
    name: 'setup',
    description: 'Set up a backend that npm alone does not bring',
    load: async () => (await import('./commands/setup.ts')).setup,
  },
];
