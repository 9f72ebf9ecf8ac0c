// The one list of the kernels of an engine: their names, their arguments in order, and how much memory each
// touches. scripts/generate-table.mjs writes the callers in TypeScript and the readers in AssemblyScript and Rust
// from it. The number of a kernel is its place in this list.
//
// An extent says how many elements are touched, counted from the address: the last one that is touched is the one
// before it. It is an expression over the other arguments; `tasks` is the number of tasks. Where it is 0 the kernel
// touches nothing there. Three functions may be used:
//   ceil(x)                        rounded up
//   pick(flag, x, y)               x where the flag is set, else y
//   span(count, size, stride)      `count` blocks of `size` elements that begin `stride` elements apart; 0 for none

/** A whole number of at least 0. */
const count = { type: 'count', least: 0 };
/** A whole number of at least 1: something is divided by it. */
const divisor = { type: 'count', least: 1 };
/** 0 or 1. */
const flag = { type: 'flag' };
/** One of so many functions, by number. */
const code = (functions) => ({ type: 'code', functions });
/** Any 32 bits, as a signed whole number. */
const word = { type: 'word' };
const float = { type: 'float' };

const place = (access, of) => (extent) => ({ type: 'place', access, of, extent, optional: false });
const [read, write, update] = [
  place('read', 'float'),
  place('write', 'float'),
  place('update', 'float'),
];
const readInts = place('read', 'int');
/** 4-byte numbers of any type, which are only moved. */
const [readWords, writeWords] = [place('read', 'word'), place('write', 'word')];
const readBytes = place('read', 'byte');
/** A place that may be 0: there is none then. */
const optional = (given) => ({ ...given, optional: true });

/** A kernel cut into tasks: the first two arguments say how many items there are, and how many a task takes. */
const cut = (doc, own) => ({
  doc,
  cut: true,
  arguments: { items: count, chunk: count, ...own },
});
/** A kernel that is run as one task. */
const whole = (doc, own, rules = {}) => ({
  doc,
  cut: false,
  arguments: own,
  ...rules,
});

// Stored as it is, a side of a product has `rows` rows of `columns` elements; transposed, the other way round.
const LEFT = 'span(pick(transposeA, k, m), pick(transposeA, m, k), lda)';
const RIGHT = 'span(pick(transposeB, n, k), pick(transposeB, k, n), ldb)';
const OUT = 'span(m, n, ldc)';
/** Rows of a broadcast: row r lies at (r / d1, r % d1). */
const broadcast = (side) =>
  `span(ceil(items / d1), span(d1, span(n, 1, step${side.toUpperCase()}), ${side}1), ${side}0)`;
/** Runs on four axes, with strides of their own. */
const block = (side) =>
  `span(ceil(items / d1), span(d1, span(d2, span(d3, run, ${side}3), ${side}2), ${side}1), ${side}0)`;
const PACKED = 'ceil(items / heads) * n * 3 * heads * size';
const UNPACKED = 'ceil(items / heads) * n * heads * size';

export const KERNELS = {
  product: whole(
    'One product of matrices, C = A·B + bias, which an engine cuts up itself. With `derivative`, C becomes its GELU ' +
      'and the derivative goes there. A and B are multiplied with their factors on the way, element by element; ' +
      "`sums` gets the sums of B's columns.",
    {
      transposeA: flag,
      transposeB: flag,
      m: count,
      n: count,
      k: count,
      a: read(LEFT),
      lda: count,
      b: read(RIGHT),
      ldb: count,
      c: write(OUT),
      ldc: count,
      bias: optional(read('n')),
      derivative: optional(write(OUT)),
      factorA: optional(read(LEFT)),
      factorB: optional(read(RIGHT)),
      sums: optional(write('n')),
    },
    {
      excludes: [
        ['factorA', 'transposeA'],
        ['factorB', 'transposeB'],
        ['sums', 'transposeB'],
      ],
      needs: [['factorB', 'sums']],
    },
  ),
  gemmBatch: cut('Products of matrices, one an item; the rows of a result lie n apart.', {
    transposeA: flag,
    transposeB: flag,
    m: count,
    n: count,
    k: count,
    a: read(`span(items, ${LEFT}, stepA)`),
    stepA: count,
    lda: count,
    b: read(`span(items, ${RIGHT}, stepB)`),
    stepB: count,
    ldb: count,
    c: write('span(items, m * n, stepC)'),
    stepC: count,
  }),
  unary: cut('y = f(x): one of the functions of one number, whose parameters are p and q.', {
    code: code(21),
    x: read('items'),
    y: write('items'),
    p: float,
    q: float,
  }),
  binary: cut(
    'y = f(a, b): one of the functions of two numbers. Step 0 is for a side that is one number.',
    {
      code: code(7),
      a: read('span(items, 1, stepA)'),
      stepA: flag,
      b: read('span(items, 1, stepB)'),
      stepB: flag,
      y: write('items'),
    },
  ),
  binaryRows: cut(
    'Rows of a broadcast, n numbers each: row r of y is at (r / d1, r % d1) of both sides, with strides of their own.',
    {
      code: code(7),
      a: read(broadcast('a')),
      a0: count,
      a1: count,
      stepA: flag,
      b: read(broadcast('b')),
      b0: count,
      b1: count,
      stepB: flag,
      y: write('items * n'),
      d1: divisor,
      n: count,
    },
  ),
  reduceRows: cut(
    'Rows of `reduced` numbers, each to its sum times scale (0), its largest (1) or smallest (2).',
    {
      code: code(3),
      x: read('items * reduced'),
      y: write('items'),
      reduced: count,
      scale: float,
    },
  ),
  reduceColumns: cut(
    'Blocks `[reduced, inner]`, each to `[inner]`, times scale; the codes are those of reduceRows.',
    {
      code: code(3),
      x: read('items * reduced * inner'),
      y: write('items * inner'),
      reduced: count,
      inner: count,
      scale: float,
    },
  ),
  reduceParts: cut(
    'Rows of `inner` numbers, each task to one row of its own; the codes are those of reduceRows.',
    {
      code: code(3),
      x: read('items * inner'),
      partial: write('tasks * inner'),
      inner: count,
    },
  ),
  softmax: cut('Rows of softmax(scale·x); y may be x.', {
    x: read('items * n'),
    y: write('items * n'),
    n: count,
    scale: float,
  }),
  layerNorm: cut(
    'y = (x - mean)·inverse·scale + bias in rows; `kept` gets the mean and inverse deviation of each.',
    {
      x: read('items * n'),
      scale: read('n'),
      bias: read('n'),
      y: write('items * n'),
      kept: write('items * 2'),
      n: count,
      epsilon: float,
    },
  ),
  layerNormGradient: cut(
    'Gradients of layerNorm; those of scale and bias are the sums of a task, one row of n a task.',
    {
      x: read('items * n'),
      scale: read('n'),
      dy: read('items * n'),
      dx: write('items * n'),
      kept: read('items * 2'),
      dScale: write('tasks * n'),
      dBias: write('tasks * n'),
      n: count,
    },
  ),
  copyBlock: cut(
    'Copies runs of `run` words on axes [items / d1, d1, d2, d3], each side with strides of its own; an item is one of the first two.',
    {
      x: readWords(block('x')),
      x0: count,
      x1: count,
      x2: count,
      x3: count,
      y: writeWords(block('y')),
      y0: count,
      y1: count,
      y2: count,
      y3: count,
      d1: divisor,
      d2: count,
      d3: count,
      run: count,
    },
  ),
  transpose: cut('`[items, columns]` to `[columns, items]`.', {
    x: readWords('items * columns'),
    y: writeWords('items * columns'),
    columns: count,
  }),
  gatherRows: cut(
    'Row r of y is row index[r] of x, of n words; an index outside of 0 to count - 1 gives `other`, or zeros.',
    {
      x: readWords('count * n'),
      index: readInts('items'),
      y: writeWords('items * n'),
      n: count,
      count,
      other: optional(readWords('n')),
    },
  ),
  scatterAddRows: whole(
    'y[index[r]] += x[r] for rows of n floats; y is cleared first. Indices outside of 0 to count - 1 are left out.',
    {
      x: read('rows * n'),
      index: readInts('rows'),
      y: write('count * n'),
      rows: count,
      n: count,
      count,
    },
  ),
  attention: cut(
    'Self-attention of a packed projection `[images, n, 3·heads·size]`, one head of one image an item; `weights` gets the softmax.',
    {
      qkv: read(PACKED),
      weights: write('items * n * n'),
      out: write(UNPACKED),
      n: count,
      heads: divisor,
      size: count,
      scale: float,
    },
  ),
  attentionGradient: cut('The gradient of attention.', {
    qkv: read(PACKED),
    weights: read('items * n * n'),
    dOut: read(UNPACKED),
    dqkv: write(PACKED),
    n: count,
    heads: divisor,
    size: count,
    scale: float,
  }),
  adamw: cut('One step of AdamW; what is next may lie where the parameter and its moments lie.', {
    p: read('items'),
    g: read('items'),
    m: read('items'),
    v: read('items'),
    pNext: write('items'),
    mNext: write('items'),
    vNext: write('items'),
    b1: float,
    b2: float,
    o1: float,
    o2: float,
    rate: float,
    correction: float,
    epsilon: float,
    keep: float,
  }),
  sumOfSquares: cut('Σ x², each task to one number of its own.', {
    x: read('items'),
    sums: write('tasks'),
  }),
  select: cut('y = c ? a : b; c is of bytes.', {
    c: readBytes('items'),
    a: read('items'),
    b: read('items'),
    y: write('items'),
  }),
  crossEntropy: cut(
    'Rows of softmax cross-entropy with targets: the loss of each, and softmax - target.',
    {
      x: read('items * n'),
      target: read('items * n'),
      losses: write('items'),
      difference: write('items * n'),
      n: count,
    },
  ),
  squaredError: cut('Rows: weight·mean (p - t)² of each, and its gradient 2·weight/n·(p - t).', {
    prediction: read('items * n'),
    target: read('items * n'),
    weights: read('items'),
    losses: write('items'),
    gradient: write('items * n'),
    n: count,
  }),
  unitRows: cut('y = x / √(Σ x² + ε) in rows, and the inverse length of each.', {
    x: read('items * n'),
    y: write('items * n'),
    inverse: write('items'),
    n: count,
    epsilon: float,
  }),
  unitRowsGradient: cut('dx = (dy - y Σ dy·y)·inverse in rows.', {
    y: read('items * n'),
    inverse: read('items'),
    dy: read('items * n'),
    dx: write('items * n'),
    n: count,
  }),
  gelu: cut('Replaces z by its GELU, z·Φ(z), and writes the derivative.', {
    z: update('items'),
    derivative: write('items'),
  }),
  batchNorm: cut(
    'y = (x - mean)·inverse·scale + bias in columns, which are the items; `kept` gets all means, then all inverse deviations.',
    {
      x: read('rows * items'),
      scale: read('items'),
      bias: read('items'),
      y: write('rows * items'),
      kept: write('items * 2'),
      rows: count,
      epsilon: float,
    },
  ),
  batchNormGradient: cut('Gradients of batchNorm.', {
    x: read('rows * items'),
    scale: read('items'),
    dy: read('rows * items'),
    dx: write('rows * items'),
    kept: read('items * 2'),
    dScale: write('items'),
    dBias: write('items'),
    rows: count,
  }),
  normalRows: cut(
    "Rows of n normal numbers: `table` holds of each the key's two words and the bits of the level it is multiplied with.",
    {
      table: readInts('items * 3'),
      y: write('items * n'),
      n: count,
    },
  ),
  fill: cut('The same word everywhere.', {
    word,
    y: writeWords('items'),
  }),
  multiplyAdds: cut(
    'Multiplications and additions in registers, `rounds` times 12 vectors; a task leaves one number.',
    {
      rounds: count,
      to: write('tasks'),
    },
  ),
};
