// The tfjs-core functions that the packages' sources may use. All of them give the right value
// and gradient on every stock backend. Not here, with reasons: gather with batchDims (wrong on wasm),
// einsum, conv2d and topk (no kernel or no gradient on wasm), tile (slow there, and its gradient
// slower), where (its gradient needs a condition that broadcasts), variable and random* (hidden state).

/** Ops, constructors and memory: what a loss may be made of. */
export const DIFFERENTIABLE: ReadonlySet<string> = new Set([
  ...['tensor', 'scalar', 'tensor1d', 'tensor2d', 'tensor3d', 'tensor4d', 'zeros', 'ones'],
  ...['zerosLike', 'onesLike', 'fill', 'Tensor', 'clone', 'cast', 'reshape', 'transpose', 'concat'],
  ...['slice', 'stack', 'unstack', 'expandDims', 'squeeze', 'pad', 'matMul', 'dot'],
  ...['add', 'addN', 'sub', 'mul', 'div', 'neg', 'abs', 'square', 'sqrt', 'rsqrt', 'pow', 'exp'],
  ...['log', 'erf', 'relu', 'sigmoid', 'tanh', 'softmax', 'logSumExp', 'sum', 'mean', 'max', 'min'],
  ...['tidy', 'keep', 'dispose', 'memory', 'util'],
]);

/** In addition, what operations, their gradients and kernels are written with. */
export const IN_OPERATIONS: ReadonlySet<string> = new Set([
  ...['gather', 'gatherND', 'oneHot', 'equal', 'greater', 'sign', 'step', 'customGrad', 'grads'],
]);

/** The engine underneath: kernels, gradients, the choice of a backend. */
export const ENGINE: ReadonlySet<string> = new Set([
  ...['engine', 'env', 'getBackend', 'setBackend', 'ready', 'registerGradient', 'getGradient'],
  ...['getKernel', 'registerKernel', 'unregisterKernel', 'registerBackend', 'removeBackend'],
  ...['findBackendFactory', 'backend'],
]);

/** What a backend is built of: registration, and the shape arithmetic of kernels. */
export const BUILDING: ReadonlySet<string> = new Set([
  ...['getKernelsForBackend', 'backend_util', 'broadcast_util', 'slice_util'],
  ...['util', 'backend'],
]);

/** Ops of update rules, which nothing differentiates. */
export const OFF_TAPE: ReadonlySet<string> = new Set([
  ...['where', 'greater', 'logicalAnd', 'minimum', 'maximum', 'norm'],
]);
