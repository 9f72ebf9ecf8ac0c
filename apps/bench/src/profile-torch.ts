import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { resolveCanConfig } from '@twocan/can';
import { torchPython } from './torch.ts';

// The profile of the same step in PyTorch, by torch.profiler: node dist/profile-torch.js PRESET BATCH THREADS
const [preset = 'tiny32', batchWord = '64', threadsWord = String(cpus().length)] =
  process.argv.slice(2);
const config = resolveCanConfig({ preset, method: 'can' });
const settings = [config, Number(batchWord), Number(threadsWord), 3];
const script = fileURLToPath(new URL('../torch/step_profile.py', import.meta.url));
const { status } = spawnSync(torchPython(), [script], {
  input: `${JSON.stringify(settings)}\n`,
  stdio: ['pipe', 'inherit', 'inherit'],
});
process.exit(status ?? 1);
