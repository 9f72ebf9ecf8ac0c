import '@tensorflow/tfjs-backend-cpu';
import { registerBackend } from '@tensorflow/tfjs-core';
import { EngineBackend } from './backend.ts';
import type { Engine } from './engine.ts';
import { checkFields, type FieldRule, FUNCTION, isRecord, NAME } from './fields.ts';
import { ENGINE_KERNELS } from './kernels/index.ts';
import { registerKernels } from './kernels/register.ts';

/** The rule of an option that is a number of threads. */
export const THREADS: FieldRule = {
  rule: '1 to 1024',
  holds: (value) => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 1024,
  optional: true,
};

/** A kind of engine, of which a program may have several. */
export type EngineKind<Options extends object, Report> = {
  /** The name of its backend, and what errors begin with. */
  readonly name: string;
  /** Which backend tfjs takes by itself: the highest. */
  readonly priority: number;
  readonly options: Readonly<Record<keyof Options & string, FieldRule>>;
  readonly start: (options: Options) => { readonly engine: Engine; readonly report: Report };
};

/** The doors of a kind of engine; each is given the name of the function that a user called. */
export type EngineDoors<Options extends object, Report> = {
  /** Registers the backend of the kind's own name, which starts with what `configure` was given. */
  readonly offer: () => void;
  /** Sets options before the backend starts. @throws RangeError for others; Error once it has started */
  readonly configure: (caller: string, options: Options) => void;
  /** Registers one more backend, with memory and threads of its own. */
  readonly register: (caller: string, name: string, options: Options) => void;
  /** What a backend computes with; undefined before it has started and after it was removed. */
  readonly report: (caller: string, name?: string) => Report | undefined;
};

const VARIABLE = 'TWOCAN_THREADS';

/** TWOCAN_THREADS, where there is an environment. @throws RangeError for what is no number of threads */
function optionsOfEnvironment(): { readonly threads?: number } {
  const word = typeof process === 'undefined' ? undefined : process.env?.[VARIABLE];
  if (!word) return {};
  const threads = Number(word);
  if (THREADS.holds(threads)) return { threads };
  const message = `${VARIABLE} must be a whole number from ${THREADS.rule}, got ${word}`;
  throw Object.assign(new RangeError(message), { remedy: `set ${VARIABLE} to one, or unset it` });
}

const isRule = (value: unknown): boolean =>
  isRecord(value) && typeof value.rule === 'string' && typeof value.holds === 'function';

const KIND: Readonly<Record<keyof EngineKind<object, unknown>, FieldRule>> = {
  name: NAME,
  priority: { rule: 'a number', holds: Number.isFinite },
  options: {
    rule: 'a rule for each',
    holds: (value) => isRecord(value) && Object.values(value).every(isRule),
  },
  start: FUNCTION,
};

/**
 * Makes backends of TensorFlow.js out of a kind of engine. Nothing is registered until a door is used.
 *
 * @param kind its name, its options, and how one starts
 * @returns what a package of such an engine exports
 * @throws RangeError for a kind whose fields are not as they must be
 * @example
 * const doors = defineEngine({ name: 'mine', priority: 1, options: { threads: THREADS }, start });
 * doors.offer();
 * await setBackend('mine');
 */
export function defineEngine<Options extends object, Report>(
  kind: EngineKind<Options, Report>,
): EngineDoors<Options, Report> {
  checkFields('defineEngine', 'kind', kind, KIND);
  const reports = new Map<string, Report>();
  let wanted = {} as Options;

  const register = (name: string, options: () => Options, priority: number): void => {
    registerKernels(name, ENGINE_KERNELS);
    const start = (): EngineBackend => {
      const { engine, report } = kind.start(options());
      reports.set(name, report);
      return new EngineBackend(engine, () => reports.delete(name));
    };
    registerBackend(name, start, priority);
  };

  return {
    offer: () =>
      register(kind.name, () => ({ ...optionsOfEnvironment(), ...wanted }), kind.priority),
    configure(caller, options) {
      checkFields(caller, 'options', options, kind.options);
      if (reports.has(kind.name)) {
        throw new Error(`${caller}: must be called before the backend starts; call it earlier`);
      }
      wanted = { ...wanted, ...options };
    },
    register(caller, name, options) {
      if (typeof name !== 'string' || name === '') {
        throw new TypeError(`${caller}: name must be a string, got ${String(name)}`);
      }
      checkFields(caller, 'options', options, kind.options);
      register(name, () => options, 0);
    },
    report(caller, name = kind.name) {
      if (typeof name !== 'string') {
        throw new TypeError(`${caller}: name must be a string, got ${String(name)}`);
      }
      return reports.get(name);
    },
  };
}
