import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rememberSetUp, setUpFile } from '@twocan/backend';
import { makeFolder } from '@twocan/checkpoint/node';
import { checkFolder } from '../files/outputs.ts';
import { EXIT } from '../terminal/failure.ts';
import { buildAddon, downloadAddon } from './addon.ts';
import type { CheckOutcome } from './check-process.ts';
import { fetchTensorFlow, installPackages, MANIFESTS, type SetUpName, wheel } from './packages.ts';
import { defaultFolder, freeGigabytes, refuseForeign } from './places.ts';
import { makeSteps, type Steps } from './steps.ts';
import { findLibrary, givenLibrary, type TensorFlowLibrary } from './tensorflow-library.ts';
import { findTools, pythonsTensorFlow, type Tools } from './tools.ts';

/** What is to be set up. */
export type SetUpRequest = {
  readonly name: SetUpName;
  readonly dir?: string;
  /** A TensorFlow of the user's own. */
  readonly tensorflow?: string;
  /** Take the package's own download. */
  readonly classic: boolean;
};

// Gigabytes at the worst moment, downloads included.
const ROOM = { node: 2.5, 'node-gpu': 12, webgpu: 0.3 } as const;
const CHECK = fileURLToPath(new URL('./check-process.js', import.meta.url));

/**
 * Makes a backend available in a folder of the user's, checks it and remembers it.
 *
 * Every step sees whether it was done before, so that a set-up that failed goes on where it stopped.
 *
 * @param request what is wanted
 * @returns the exit code
 * @throws Error naming what is missing; Failure (exit code 2) for wrong usage
 */
export async function setUpBackend(request: SetUpRequest): Promise<number> {
  const { name } = request;
  const folder = resolve(request.dir ?? defaultFolder(name));
  refuseForeign(folder);
  checkFolder('--dir', folder);
  const remembered = setUpFile();
  if (remembered !== undefined) checkFolder('TWOCAN_BACKENDS', dirname(remembered));
  const given = request.tensorflow === undefined ? undefined : givenLibrary(request.tensorflow);
  const builds = name !== 'webgpu' && !request.classic;
  if (builds && process.platform !== 'linux') {
    throw new Error(
      `the addon is built on Linux only so far; try \`twocan setup ${name} --classic\``,
    );
  }
  const room = given === undefined ? ROOM[name] : ROOM.webgpu;
  const free = freeGigabytes(folder);
  say(`setting up ${name}`);
  say(`  in ${folder} (up to ${room} GB; ${free.toFixed(1)} GB are free)`);
  say(`  remembered in ${remembered}`);
  const tools = findTools({ compiler: builds, pip: builds && given === undefined });
  const own = builds && name === 'node' && !given ? machinesLibrary(tools) : undefined;
  if (free < (own === undefined ? room : ROOM.webgpu)) {
    throw new Error(
      `the disk of ${folder} is too full: ${room} GB are needed, ${free.toFixed(1)} GB are free; name another place with --dir`,
    );
  }
  makeFolder(folder);
  const steps = makeSteps(builds ? 4 : name === 'webgpu' ? 2 : 3, join(folder, 'setup.log'));
  say(`  with ${tools.about}`);

  steps.begin(`npm: ${Object.keys(MANIFESTS[name].dependencies).join(', ')}`);
  steps.end(await installPackages(steps, folder, name));
  const packageFolder = join(folder, 'node_modules', '@tensorflow', `tfjs-${name}`);
  let about = 'from npm';
  if (builds) {
    const library = given ?? own ?? (await fetched(steps, folder, name, tools));
    if (given ?? own) {
      steps.begin(`TensorFlow ${library.version}`);
      steps.end(`there, in ${library.lib}`);
    }
    steps.begin('compiler: the addon');
    steps.end(await buildAddon(steps, folder, packageFolder, library));
    about = `TensorFlow ${library.version} in ${library.lib}`;
  } else if (request.classic) {
    steps.begin("the package's own download: libtensorflow");
    steps.end(await downloadAddon(steps, folder, packageFolder));
    about = "the package's own TensorFlow";
  }
  if (remembered !== undefined) makeFolder(dirname(remembered));
  rememberSetUp(name, { folder, about });
  return check(steps, name);
}

const say = (line: string): boolean => process.stderr.write(`${line}\n`);

/** The TensorFlow of the machine's own Python. */
function machinesLibrary({ python }: Tools): TensorFlowLibrary | undefined {
  const folder = pythonsTensorFlow(python);
  return folder === undefined ? undefined : findLibrary(folder);
}

async function fetched(
  steps: Steps,
  folder: string,
  name: SetUpName,
  { python }: Tools,
): Promise<TensorFlowLibrary> {
  const gpu = name === 'node-gpu';
  steps.begin(`pip: ${wheel(gpu)}`);
  const { site, words } = await fetchTensorFlow(steps, folder, python, gpu);
  const library = findLibrary(site);
  if (library === undefined) {
    throw new Error(`${site} holds no TensorFlow; remove it and try again`);
  }
  steps.end(words);
  return library;
}

/** In a process of its own: a library that does not fit can end the whole process. */
async function check(steps: Steps, name: SetUpName): Promise<number> {
  steps.begin('check: a training step against cpu');
  let outcome: CheckOutcome | undefined;
  const { code, output } = await steps.run({
    command: process.execPath,
    args: [CHECK, name],
    cwd: process.cwd(),
    onMessage: (message) => {
      outcome = message as CheckOutcome;
    },
  });
  // Without a message the process ended before it could send one: its last lines give the reason.
  const words = outcome?.words ?? output.trim().split('\n').slice(-5).join('\n');
  if (code === EXIT.done) {
    steps.end(words);
    say(`done: twocan pretrain --backend ${name}`);
    return EXIT.done;
  }
  steps.end('it is installed, but does not work here');
  say(words);
  return code === EXIT.usage ? EXIT.usage : EXIT.failure;
}
