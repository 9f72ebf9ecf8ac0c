import { exportSettings } from '../commands/export.ts';
import type { Exported } from '../export/exporting.ts';
import { call, type OptionsOf } from './call.ts';

/**
 * Writes a folder that timm, transformers, transformers.js or ONNX Runtime opens: `twocan export`.
 *
 * @param options run, target and folder; `data` to measure on
 * @returns the files, k-NN and probe where there are classes, and what smaller numbers cost
 * @throws RangeError for a model, target or folder that cannot be used
 * @example
 * const { files } = await exportModel({ model: 'runs/photos', to: 'timm', out: 'photos-timm' });
 */
export function exportModel(options: OptionsOf<typeof exportSettings>): Promise<Exported> {
  return call('exportModel', exportSettings, options, async (values) => {
    const { exportFolder } = await import('../export/exporting.ts');
    return exportFolder(values);
  });
}
