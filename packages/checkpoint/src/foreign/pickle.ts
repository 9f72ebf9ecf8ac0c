import { expectType } from '@twocan/core';

/**
 * Whether a name is one of the files that `torch.save` writes.
 *
 * @param name of a file
 * @returns true for `.bin`, `.pt`, `.pth`, `.ckpt`, `.pkl` and `.tar`
 * @example
 * isPickleName('mae_pretrain_vit_base.pth'); // true
 */
export function isPickleName(name: string): boolean {
  expectType('isPickleName', 'name', name, 'string');
  return /\.(bin|pth?|ckpt|pkl|tar)$/i.test(name);
}

/**
 * Why a pickled file is not opened, and the lines of Python that convert it: a pickle is a program, and who opens
 * it runs it.
 *
 * @param path of the file
 * @returns the end of an error that begins with the path
 * @example
 * throw new RangeError(`weights.pth ${aboutPickle('weights.pth')}`);
 */
export function aboutPickle(path: string): string {
  expectType('aboutPickle', 'path', path, 'string');
  return [
    'is a pickled file of PyTorch: opening it could run any program, so it is never opened here. Convert it in Python:',
    '  import torch; from safetensors.torch import save_file',
    `  d = torch.load(${JSON.stringify(path)}, map_location='cpu', weights_only=True); d = d.get('model', d.get('state_dict', d))`,
    "  save_file({k: v.clone().contiguous() for k, v in d.items() if torch.is_tensor(v)}, 'model.safetensors')",
  ].join('\n');
}
