import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect } from 'vitest';
import { BIN, drawPhotos, ENVIRONMENT, metricsOf, scratch, stepsOf, twocan } from '../cli.ts';
import { describeRows, expectFailure } from './rows.ts';

const folder = scratch();
afterAll(folder.remove);

const photos = folder.path('photos');
const MACHINE = ['--backend', 'simd', '--threads', '1'];
const TINY = ['pretrain', '--data', 'shapes:8', '--batch', '2', ...MACHINE];
const LONG = [...TINY, '--steps', '30', '--checkpoint-every', '0'];
const [DISK, CLOCK] = ['failing-disk', 'jumping-clock'].map((name) =>
  fileURLToPath(new URL(`../${name}.mjs`, import.meta.url)),
);

beforeAll(() => drawPhotos(photos, 2, 6));

/** Runs a script of bash in which "$@" is the program with its arguments. */
function bash(script: string, args: readonly string[]): Promise<{ code: number; output: string }> {
  return new Promise((done, fail) => {
    const words = ['-c', script, 'bash', process.execPath, BIN, ...args];
    const child = spawn('bash', words, { env: ENVIRONMENT, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
    }
    child.on('error', fail);
    child.on('close', (code) => done({ code: code ?? -1, output }));
  });
}

/** Hangs up on what the script started last once it has written its first line of metrics. */
const hangUp = (run: string): string =>
  `p=$!; until [ -s '${run}/metrics.jsonl' ]; do sleep 0.05; done; kill -HUP $p; kill -HUP $p; wait $p`;

describeRows('Ends', {
  'A terminal that is closed': async () => {
    const run = folder.path('hung-up');
    const { code, output } = await bash(`"$@" & ${hangUp(run)}`, [...LONG, '--out', run]);
    expect([code, output]).toEqual([
      130,
      expect.stringContaining(`saved; go on with: twocan pretrain --resume --out ${run}`),
    ]);
    expect(readdirSync(join(run, 'checkpoints'))).toHaveLength(1);
    expect(existsSync(join(run, 'lock'))).toBe(false);
  },

  'A terminal that is closed under nohup': async () => {
    const [named, inScript] = [folder.path('nohup'), folder.path('nohup-script')];
    const quiet = '> /dev/null 2>&1';
    const direct = await bash(`nohup "$@" ${quiet} & ${hangUp(named)}`, [...LONG, '--out', named]);
    expect(direct.code).toBe(0);
    // Here the shell, not the program, is what nohup started.
    const script = `trap '' HUP; "$@" ${quiet} & ${hangUp(inScript)}`;
    expect((await bash(script, [...LONG, '--out', inScript])).code).toBe(0);
    for (const run of [named, inScript]) expect(stepsOf(run)).toHaveLength(30);
  },

  'A terminal that is closed while fine-tuning': async () => {
    const out = folder.path('hung-up classifier');
    const { code, stderr } = await twocan(
      [
        'finetune',
        '--preset',
        'micro32',
        '--data',
        photos,
        '--batch',
        '2',
        '--epochs',
        '40',
        '--out',
        out,
      ],
      { when: /epoch 1 of 40/, signal: 'SIGHUP' },
    );
    expect([code, stderr]).toEqual([
      130,
      expect.stringContaining(`saved; go on with: twocan finetune --resume --out '${out}'`),
    ]);
    expect(readdirSync(join(out, 'checkpoints'))).not.toHaveLength(0);
  },

  'A reader of the output that goes away': async () => {
    for (const [name, redirect] of Object.entries({
      both: '2>&1',
      errors: '2> >(head -1) > /dev/null',
      result: '2> /dev/null',
    })) {
      const out = folder.path(`unread-${name}`);
      const script = `{ "$@" ${redirect}; echo $? > '${out}.code'; } | head -1`;
      await bash(script, [...TINY, '--steps', '40', '--out', out]);
      expect(readFileSync(`${out}.code`, 'utf8')).toBe('0\n');
      expect(stepsOf(out)).toHaveLength(40);
    }
  },

  'The reader of a result that goes away': async () => {
    for (const args of [['--help'], ['pretrain', '--help'], ['--version']]) {
      const { output } = await bash('{ "$@"; echo "code $?" >&2; } | true', args);
      expect(output).toBe('code 0\n');
    }
  },

  'A standard output on a full disk': async () => {
    const out = folder.path('full-output');
    const { code, output } = await bash('"$@" > /dev/full', [
      ...TINY,
      '--steps',
      '2',
      '--out',
      out,
    ]);
    expect([code, output]).toEqual([
      1,
      expect.stringContaining('standard output could not be written'),
    ]);
    expect(existsSync(join(out, 'result.json'))).toBe(true);
  },

  'A disk that is full for any other file of a run': async () => {
    const damaged = folder.path('damaged');
    await drawPhotos(damaged, 2, 12);
    writeFileSync(join(damaged, 'class-0/broken.png'), 'no picture');
    const run = ['pretrain', '--data', damaged, '--batch', '2', ...MACHINE];
    const RUN = [...run, '--steps', '4', '--checkpoint-every', '2'];
    const whole = folder.path('whole');
    expect((await twocan([...RUN, '--out', whole])).code).toBe(0);
    const resumed = new Set(['metrics.jsonl$', 'result.json']);
    const [none, second] = ['no checkpoint was saved yet', 'the checkpoint of step 2 is whole'];
    for (const [pattern, number, safe] of [
      ['metrics.jsonl$', 5, second],
      ['tfevents', 5, second],
      ['samples', 1, second],
      ['map.json', 1, second],
      ['report.html', 2, second],
      ['result.json', 1, 'the checkpoint of step 4 is whole'],
      ['skipped.jsonl', 1, none],
      ['environment.json', 1, none],
    ] as const) {
      const out = folder.path(`full ${pattern.slice(0, 4)}`);
      const outcome = await twocan([...RUN, '--out', out], undefined, {
        NODE_OPTIONS: `--import=${DISK}`,
        TWOCAN_FAULT: `ENOSPC:${number}:${pattern}`,
      });
      const message = `${safe}; free some space, then: twocan pretrain --resume --out '${out}'`;
      expect([pattern, outcome.stderr]).toEqual([pattern, expect.stringContaining(message)]);
      expectFailure(outcome, 1, /the run stopped: .*ENOSPC/);
      if (!resumed.has(pattern)) continue;
      expect((await twocan(['pretrain', '--resume', '--out', out])).code).toBe(0);
      expect(metricsOf(out)).toEqual(metricsOf(whole));
    }
  },

  'A clock that jumps': async () => {
    const out = folder.path('jumping');
    const { code, stderr } = await twocan([...TINY, '--steps', '4', '--out', out], undefined, {
      NODE_OPTIONS: `--import=${CLOCK}`,
    });
    expect([code, stderr]).toEqual([0, expect.stringMatching(/trained for \d+s$/m)]);
    expect(stderr).not.toMatch(/NaN|Infinity| -\d|\dh\d/);
    const lines = readFileSync(join(out, 'metrics.jsonl'), 'utf8').trim().split('\n');
    const machines = lines.map((line) => (JSON.parse(line) as { machine: Times }).machine);
    const times = machines.map(({ time }) => time);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    for (const { millis } of machines) expect(millis).toBeGreaterThan(0);
  },

  'A lock that a container left behind': async () => {
    const out = folder.path('container');
    mkdirSync(out);
    // exec keeps the number of the process, as a container's first one always has the number 1.
    const script = `echo '{"pid":'$$',"host":"${hostname()}"}' > '${out}/lock'; exec "$@"`;
    expect((await bash(script, [...TINY, '--steps', '1', '--out', out])).code).toBe(0);
    expect(existsSync(join(out, 'lock'))).toBe(false);
  },

  'A lock whose process number is in use again': async () => {
    const out = folder.path('reused');
    mkdirSync(out);
    const started = 'another-start-of-the-system 12345';
    const holder = { pid: process.pid, host: hostname(), started };
    writeFileSync(join(out, 'lock'), JSON.stringify(holder));
    expect((await twocan([...TINY, '--steps', '1', '--out', out])).code).toBe(0);
  },

  'A printed command with a path that a shell would read': async () => {
    for (const name of ["it's $HOME; `a` & b", '-line\nbreak']) {
      const out = folder.path(name);
      const { code, stderr } = await twocan([...LONG, '--out', out], {
        when: /step +1\/30/,
        signal: 'SIGTERM',
      });
      expect(code).toBe(130);
      const [, command = ''] = stderr.split('go on with: twocan ');
      const again = await bash(
        `eval "\\"\\$@\\" ${command.trim().replaceAll(/["\\$`]/g, '\\$&')}"`,
        [],
      );
      expect([again.code, again.output]).toEqual([
        0,
        expect.stringContaining('going on after step'),
      ]);
    }
  },

  'An interrupted embedding': async () => {
    const [model, out] = [folder.path('unread-both'), folder.path('cut.npy')];
    const { signal } = await twocan(['embed', '--model', model, '--data', photos, '--out', out], {
      when: /backend/,
      signal: 'SIGINT',
    });
    expect(signal).toBe('SIGINT');
    expect(readdirSync(folder.path('.')).filter((name) => name.includes('cut'))).toEqual([]);
  },
});

type Times = { readonly time: number; readonly millis: number };
