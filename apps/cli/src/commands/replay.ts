import { backendNames } from '@twocan/backend';
import { choice, setting, text } from '@twocan/pretrain/settings';
import { command } from '../args/command.ts';
import { BACKEND } from '../args/machine.ts';
import { JSON_RESULT } from '../args/model.ts';

/** Options of `twocan replay`. */
export const replaySettings = {
  run: setting(text, {
    positional: true,
    hint: 'RUN',
    needed: true,
    text: 'The folder of a run that exploded',
  }),
  data: setting(text, {
    hint: 'DIR',
    usual: "the run's own",
    text: 'Where the images of the run are now',
  }),
  ...BACKEND,
  backend: setting(choice(['auto', ...backendNames]), {
    group: 'Machine',
    hint: 'NAME',
    usual: "the run's own",
    text: 'What computes; others may round otherwise',
  }),
};

/** `twocan replay`: the step of a run at which numbers stopped being finite, once more. */
export const replay = command(
  {
    settings: { ...replaySettings, ...JSON_RESULT },
    examples: ['twocan replay runs/photos'],
  },
  async ({ json, ...values }) => {
    const { replayRun } = await import('../pretrain/replaying.ts');
    const { replayLines } = await import('../pretrain/replay-lines.ts');
    const found = await replayRun(values);
    console.log(json ? JSON.stringify(found) : replayLines(found).join('\n'));
    return undefined;
  },
);
