// Calls the addon's own functions with what no caller should give: values of other types, then random calls of
// kernels. Prints how many calls were refused and how many ran; a crash prints nothing.
import { findAddon } from '../../dist/addon.js';

const { addon } = findAddon();
const { NativeEngine } = addon;
const LIMIT = 65_536;
const count = { refused: 0, ran: 0, odd: [] };

/** An error is what a wrong call must become, with a text. */
function attempt(name, call) {
  try {
    call();
    count.ran++;
  } catch (error) {
    count.refused++;
    if (!(error instanceof Error) || error.message === '') count.odd.push(name);
  }
}

const STRANGE = [
  ...[undefined, null, true, 'avx2', '', 5n, Symbol('s'), {}, [], [1], () => 1, new Date(0)],
  ...[
    Number.NaN,
    Infinity,
    -Infinity,
    -1,
    -0,
    0.5,
    1e300,
    5e-324,
    2 ** 31,
    2 ** 32,
    2 ** 53,
    2 ** 64,
  ],
];

for (const a of STRANGE) {
  attempt('threads', () => new NativeEngine(a, 'plain', LIMIT));
  attempt('instructions', () => new NativeEngine(1, a, LIMIT));
  // More addresses than there are is an error; a few terabytes may be had.
  attempt('limit', () => new NativeEngine(1, 'plain', a));
}
for (const threads of [0, -1, 1025, 1e9]) {
  const before = count.refused;
  attempt('threads', () => new NativeEngine(threads, 'plain', LIMIT));
  if (count.refused === before) count.odd.push(`threads ${threads}`);
}

const methods = ['run', 'grow', 'discard', 'segment', 'stop'];
const engine = new NativeEngine(3, 'plain', LIMIT);
engine.grow(LIMIT);
for (const method of methods) {
  attempt(method, () => engine[method]());
  for (const self of [undefined, null, {}, 5, globalThis, Object.create(NativeEngine.prototype)])
    attempt(method, () => NativeEngine.prototype[method].call(self, 1, 1, 1));
  if (method === 'stop') continue;
  for (const a of STRANGE)
    for (const b of STRANGE) {
      attempt(method, () => engine[method](a, b, 1));
      attempt(method, () => engine[method](1, a, b));
    }
}
attempt('no new', () => NativeEngine(1, 'plain', LIMIT));
attempt('no new', () => NativeEngine(1, 'plain', LIMIT));
attempt('another class', () =>
  Reflect.construct(NativeEngine, [1, 'plain', LIMIT], Map).run(1, 1, 1),
);

/** Numbers that follow from a seed alone. */
let seed = 12_345;
const below = (n) => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((seed / 2 ** 32) * n);
};
const pick = (list) => list[below(list.length)];
const place = () => 8192 + 4 * below((LIMIT - 8192) / 4);
const value = () => {
  const kind = below(20);
  // No count that a kernel would be right to work on for years.
  if (kind === 0) return pick([Number.NaN, Infinity, -1, 0.5, 1e300, 3000, LIMIT]);
  return kind < 9 ? place() : below(40);
};

const calls = { refused: 0, ran: 0, kernels: 0 };
const counts = new Map(); // how many arguments each kernel has, as its errors say
const ran = new Set();
for (const instructions of addon.about().instructions) {
  const own = new NativeEngine(3, instructions, LIMIT);
  own.grow(LIMIT);
  const values = new Float64Array(own.segment(0, LIMIT), 1024, 64);
  for (let i = 0; i < 60_000; i++) {
    const kernel = below(32);
    for (let j = 0; j < 24; j++) values[j] = value();
    const items = below(60);
    const chunk = 1 + below(20);
    const isCut = below(8) > 0; // as all kernels but the products
    if (isCut) values.set([items, chunk]);
    const tasks = isCut && below(8) > 0 ? Math.max(1, Math.ceil(items / chunk)) : below(9);
    const right = counts.get(kernel);
    try {
      own.run(kernel, right !== undefined && below(20) > 0 ? right : below(18), tasks);
      calls.ran++;
      ran.add(kernel);
    } catch (error) {
      calls.refused++;
      const [, number] = /arguments must be (\d+) numbers/.exec(error.message) ?? [];
      if (number !== undefined) counts.set(kernel, Number(number));
      if (!/^\w+: ./.test(error.message)) count.odd.push(error.message);
    }
  }
  own.stop();
}

engine.stop();
engine.stop();
for (const method of methods) attempt(method, () => engine[method](1, 1, 1));
attempt('threads', () => engine.threads);
calls.kernels = ran.size;
console.log(JSON.stringify({ ...count, calls }));
