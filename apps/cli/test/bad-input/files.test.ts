import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openable } from '@twocan/data/node';
import sharp from 'sharp';
import { afterAll, beforeAll, expect } from 'vitest';
import { BIN, drawPhotos, ENVIRONMENT, scratch, twocan } from '../cli.ts';
import { describeRows, type Rows } from './rows.ts';

const folder = scratch();
afterAll(folder.remove);

const [run, photos] = [folder.path('run'), folder.path('photos')];
const TINY = ['--batch', '2', '--steps', '1', '--checkpoint-every', '0'];
let png = Buffer.alloc(0);

beforeAll(async () => {
  await drawPhotos(photos, 2, 2);
  png = readFileSync(join(photos, 'class-0/0.png'));
  const { code } = await twocan(['pretrain', '--data', 'shapes:8', ...TINY, '--out', run]);
  expect(code).toBe(0);
});

/** Writes files below a new folder. */
function lay(name: string, files: Readonly<Record<string, Uint8Array | string>>): string {
  const root = folder.path(name);
  for (const [file, content] of Object.entries(files)) {
    const path = join(root, file);
    mkdirSync(openable(dirname(path)), { recursive: true });
    writeFileSync(openable(path), content);
  }
  return root;
}

const embed = (data: string, out: string, ...command: readonly string[]) => {
  const args = ['embed', '--model', run, '--data', data, '--out', out, '--backend', 'cpu'];
  if (command.length === 0) return twocan(args);
  const [program = '', ...before] = command;
  const { status, stdout, stderr } = spawnSync(program, [...before, BIN, ...args], {
    env: ENVIRONMENT,
    encoding: 'utf8',
  });
  return { code: status, stdout, stderr };
};

const ROWS: Rows = {
  'Names that are not UTF-8': async () => {
    if (process.platform !== 'linux') {
      console.warn('skipped: only Linux has names that are not UTF-8');
      return;
    }
    const data = lay('bytes', { 'a/1.png': png, 'na\udcefve/\udcff.png': png, 'b/\udce9.txt': '' });
    const out = folder.path('bytes.npy');
    const { code, stdout, stderr } = await embed(data, out);
    expect([code, stdout]).toEqual([0, expect.stringContaining('2 images, 96 numbers each')]);
    expect(stderr).toContain('left out 1 file: b/\\xE9.txt (not an image: .txt)');
    const names = readFileSync(folder.path('bytes.names.txt'), 'utf8').trimEnd().split('\n');
    expect(names).toEqual(['a/1.png', '"na\\udcefve/\\udcff.png"']);
    spawnSync('rm', ['-rf', data]); // Node's own removal takes names as text
  },

  'Names with line breaks and other control characters': async () => {
    const data = lay('breaks', { '"q".png': png, '1\nx.png': png, '2\u2028\x85\r.png': png });
    writeFileSync(join(data, '\x1b[31mred.txt'), '');
    const { stderr } = await embed(data, folder.path('breaks.npy'));
    expect(stderr).toContain('\\x1B[31mred.txt');
    expect(stderr).not.toContain('\x1b[31m');
    const text = readFileSync(folder.path('breaks.names.txt'), 'utf8');
    expect(text.split(/[\n\r\u2028\u2029\x85\v\f]/)).toHaveLength(4); // three, and the end
    const names = text.trimEnd().split('\n');
    expect(names.map((line) => (line.startsWith('"') ? JSON.parse(line) : line))).toEqual([
      '"q".png',
      '1\nx.png',
      '2\u2028\x85\r.png',
    ]);
    const found = ['search', '--model', run, '--data', data, '--query', join(data, '1\nx.png')];
    expect((await twocan(found)).stdout.trimEnd().split('\n')).toHaveLength(3);
  },

  'Other endings, and files that are no images': async () => {
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><rect width="9" height="9"/></svg>';
    const data = lay('endings', {
      'a.svg': svg,
      'b.bmp': png,
      c: png,
      'd.tga': '',
      'e.HEIC': '    ftypheic',
      'f.cr2': 'II*\0',
      'notes.txt': '',
      'more.txt': '',
      'table.csv': '',
    });
    cpSync(photos, join(data, 'photos'), { recursive: true });
    const out = folder.path('endings-run');
    const { code, stderr } = await twocan(['pretrain', '--data', data, ...TINY, '--out', out]);
    const note =
      /7 images of .*left out 6 files: d\.tga and 2 more \(an image format that is not read here: .*\), more\.txt and 2 more \(not an image: \.txt 2, \.csv 1\)/;
    expect([code, stderr]).toEqual([0, expect.stringMatching(note)]);
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toMatch(note);
    const lines = readFileSync(join(out, 'skipped.jsonl'), 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).name)).toEqual([
      'd.tga',
      'e.HEIC',
      'f.cr2',
      'more.txt',
      'notes.txt',
      'table.csv',
    ]);
  },

  'Folders of an operating system': async () => {
    const data = lay('system', {
      'a.png': png,
      '@eaDir/a.png/SYNOPHOTO_THUMB_M.png': png,
      '$Recycle.Bin/b.png': png,
      'x/__MACOSX/c.png': png,
      'x/lost+found/d.png': png,
    });
    const { stdout, stderr } = await embed(data, folder.path('system.jsonl'));
    expect(stdout).toContain('1 images');
    expect(stderr).toContain(
      'left out 4 files: $Recycle.Bin/ and 3 more, 4 files (a folder of the operating system)',
    );
  },

  'Hidden files, and links to nothing': async () => {
    const data = lay('hidden', {
      'a.png': png,
      '.b.png': png,
      '.git/x/HEAD': '',
      '.git/y.png': png,
    });
    symlinkSync(join(data, 'gone'), join(data, 'dead.jpg'));
    symlinkSync(data, join(data, 'round'));
    const { code, stderr } = await embed(data, folder.path('hidden.jsonl'));
    expect(code).toBe(0);
    expect(stderr.trim().split('\n').at(-1)).toBe(
      'left out 5 files: .b.png (a hidden file), .git/ with 2 files (a hidden folder), ' +
        'dead.jpg (a link to nothing), round/ (a link to a folder that it lies in)',
    );
  },

  'Files and folders that may not be opened': async () => {
    const data = lay('locked', { 'a/1.png': png, 'a/2.png': png, 'a/3': png, 'b/1.png': png });
    for (const name of ['a/2.png', 'a/3', 'b']) chmodSync(join(data, name), 0);
    // Root may open everything unless it lays that right down.
    const root = process.getuid?.() === 0;
    const command = ['setpriv', '--bounding-set=-dac_override,-dac_read_search', process.execPath];
    if (process.platform === 'win32' || (root && spawnSync('setpriv', ['--help']).error)) {
      console.warn('skipped: every file may be opened here');
      return;
    }
    const out = folder.path('locked.jsonl');
    const { code, stdout, stderr } = await embed(data, out, ...(root ? command : []));
    chmodSync(join(data, 'b'), 0o755);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^1 images/)]);
    expect(stderr).toMatch(/left out 3 files: a\/3 and 2 more \(cannot be opened: EACCES\)/);
  },

  'A folder whose files are all of a format that is not read': async () => {
    const data = lay('bitmaps', { 'a/1.bmp': 'BM', 'b/2.bmp': 'BM' });
    const { code, stderr } = await embed(data, folder.path('bitmaps.jsonl'));
    expect([code, stderr]).toEqual([2, expect.stringMatching(/no pictures in .*bitmaps/)]);
    expect(stderr).toContain('a/1.bmp and 1 more (an image format that is not read here: .bmp)');
  },

  'A picture that twocan drew': async () => {
    const sheet = folder.path('drawn/sheet.png');
    const data = lay('drawn', { 'a.png': await sharp(png).png().toBuffer() });
    const drawn = ['reconstruct', '--model', run, '--data', photos, '--out', folder.path('s.png')];
    expect((await twocan(drawn)).code).toBe(0);
    cpSync(folder.path('s.png'), sheet);
    const { stdout, stderr } = await embed(data, folder.path('drawn.jsonl'));
    expect(stdout).toMatch(/^1 images/);
    expect(stderr).toContain('sheet.png (a picture that twocan drew)');
  },
};

describeRows('Files', ROWS);
