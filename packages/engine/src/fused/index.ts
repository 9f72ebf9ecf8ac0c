import type { Kernels } from '../kernels/register.ts';
import { attentionKernels } from './attention.ts';
import { changeKernels } from './change.ts';
import { geluKernels } from './gelu.ts';
import { linearKernels } from './linear.ts';
import { lossKernels } from './losses.ts';
import { normKernels } from './norms.ts';
import { optimizerKernels } from './optimizer.ts';
import { randomKernels } from './random.ts';
import { tokenKernels } from './tokens.ts';

/** Kernels of the operations of `@twocan/ops`, forward and backward. */
export const fusedKernels: Kernels = {
  ...linearKernels,
  ...geluKernels,
  ...attentionKernels,
  ...normKernels,
  ...lossKernels,
  ...tokenKernels,
  ...optimizerKernels,
  ...randomKernels,
  ...changeKernels,
};
