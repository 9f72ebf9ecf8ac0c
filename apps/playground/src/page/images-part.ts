import { droppedFiles, type NamedFile, pickedFiles } from '@twocan/data/web';
import { h } from './dom.ts';

/** What is done with images. */
export type ImageWishes = {
  readonly give: (files: readonly NamedFile[]) => void;
  readonly drawings: () => void;
};

/** Where a person gives images: dropped anywhere, chosen, or pasted. */
export function imagesPart({ give, drawings }: ImageWishes): {
  readonly element: HTMLElement;
  readonly show: (about: string, own: boolean) => void;
  readonly say: (text: string, isProblem: boolean) => void;
} {
  const current = h('p', { class: 'current' });
  const note = h('p', { class: 'note', role: 'status', hidden: true });
  const take = (input: HTMLInputElement): void => {
    give(pickedFiles(input.files ?? []));
    input.value = '';
  };
  const chooser = (attributes: Record<string, string | boolean>): HTMLInputElement => {
    const input: HTMLInputElement = h('input', {
      type: 'file',
      multiple: true,
      hidden: true,
      ...attributes,
      change: () => take(input),
    });
    return input;
  };
  const files = chooser({ accept: 'image/*,.zip,.heic', 'data-files': 'files' });
  const folder = chooser({ webkitdirectory: true, 'data-files': 'folder' });
  const button = (text: string, click: () => void): HTMLButtonElement =>
    h('button', { type: 'button', click }, text);
  const back = h(
    'button',
    { type: 'button', class: 'quiet', hidden: true, click: drawings },
    'Back to the drawings',
  );
  const over = h(
    'div',
    { class: 'drop-over', 'aria-hidden': 'true' },
    'Drop images, folders or a zip',
  );
  const hasFiles = (event: DragEvent): boolean =>
    event.dataTransfer?.types.includes('Files') ?? false;
  let depth = 0;
  const enter = (change: number) => (event: DragEvent) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth = Math.max(0, depth + change);
    over.classList.toggle('shown', depth > 0);
  };
  document.addEventListener('dragenter', enter(1));
  document.addEventListener('dragleave', enter(-1));
  document.addEventListener('dragover', (event) => hasFiles(event) && event.preventDefault());
  document.addEventListener('drop', (event) => {
    const { dataTransfer } = event;
    if (dataTransfer === null || !hasFiles(event)) return;
    event.preventDefault();
    depth = 0;
    over.classList.remove('shown');
    void droppedFiles(dataTransfer).then(give);
  });
  document.addEventListener('paste', ({ clipboardData }) => {
    const pasted = pickedFiles(clipboardData?.files ?? []);
    if (pasted.length > 0) give(pasted);
  });
  return {
    element: h(
      'section',
      { class: 'part images', 'aria-label': 'Images' },
      h('h2', {}, 'Images'),
      current,
      h(
        'div',
        { class: 'buttons' },
        button('Choose images', () => files.click()),
        button('Choose a folder', () => folder.click()),
        back,
      ),
      h(
        'p',
        { class: 'help' },
        'Or drop images, folders or a zip anywhere, or paste. Folders name the classes. The folder or zip of a run opens it. Nothing leaves this tab.',
      ),
      note,
      files,
      folder,
      over,
    ),
    show(about, own) {
      current.textContent = `Trains on ${about}.`;
      back.hidden = !own;
    },
    say(text, isProblem) {
      note.hidden = text === '';
      note.classList.toggle('warning', isProblem);
      note.textContent = text;
    },
  };
}
