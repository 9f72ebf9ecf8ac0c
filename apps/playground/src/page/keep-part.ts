import type { Download } from '../messages.ts';
import { commandLine, h } from './dom.ts';

const FILES: readonly { readonly what: Download; readonly text: string; readonly about: string }[] =
  [
    { what: 'run', text: 'Run (.zip)', about: 'weights as safetensors, settings and curves' },
    { what: 'npy', text: 'Features (.npy)', about: 'a row for each image' },
    { what: 'jsonl', text: 'Features (.jsonl)', about: 'the same with names' },
    { what: 'onnx', text: 'Encoder (.onnx)', about: 'for ONNX Runtime' },
  ];

/** What a person takes away, and what this browser keeps. */
export function keepPart(download: (what: Download) => void): {
  readonly element: HTMLElement;
  readonly begin: (command: string) => void;
  readonly ready: (ready: boolean) => void;
  readonly saved: (step: number, why: string | undefined) => void;
  readonly file: (name: string, bytes: Uint8Array) => void;
} {
  const buttons = FILES.map(({ what, text, about }) =>
    h(
      'button',
      {
        type: 'button',
        disabled: true,
        title: about,
        'data-download': what,
        click: () => download(what),
      },
      text,
    ),
  );
  const kept = h(
    'p',
    { class: 'help kept' },
    'A run is kept in this browser while it trains; a reload goes on with it.',
  );
  const command = h('span', { class: 'whole' });
  let text = '';
  const copy = h(
    'button',
    {
      type: 'button',
      class: 'quiet',
      click: () =>
        void navigator.clipboard.writeText(text).then(() => {
          copy.textContent = 'Copied';
        }),
    },
    'Copy',
  );
  return {
    element: h(
      'section',
      { class: 'part keep', 'aria-label': 'Keep' },
      h('h2', {}, 'Keep'),
      h('div', { class: 'buttons' }, ...buttons),
      kept,
      h('p', { class: 'help' }, 'Unpack the run and go on with it outside of the tab:'),
      h('div', { class: 'command' }, command, copy),
    ),
    begin(line) {
      text = line;
      command.replaceChildren(commandLine(line));
      copy.textContent = 'Copy';
    },
    ready(ready) {
      for (const button of buttons) button.disabled = !ready;
    },
    saved(step, why) {
      kept.classList.toggle('warning', why !== undefined);
      kept.textContent =
        why === undefined
          ? `Kept in this browser after step ${step}; a reload goes on from there.`
          : `Not kept in this browser: ${why}.`;
    },
    file(name, bytes) {
      const url = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>]));
      const link = h('a', { href: url, download: name });
      link.click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
    },
  };
}
