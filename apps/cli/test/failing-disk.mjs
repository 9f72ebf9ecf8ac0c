// Loaded before the program (node --import): the checkpoint whose number is asked for cannot be
// written whole. TWOCAN_FAULT=ENOSPC:2 fails the second one with ENOSPC after half of its bytes.
import files from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const [code, number] = (process.env.TWOCAN_FAULT ?? '').split(':');
const { open } = files;
let seen = 0;

files.open = async (path, ...rest) => {
  const handle = await open(path, ...rest);
  if (!/checkpoints.*\.tmp$/.test(String(path)) || ++seen !== Number(number)) return handle;
  const writeFile = async (bytes) => {
    await handle.writeFile(bytes.subarray(0, bytes.length / 2));
    throw Object.assign(new Error(`${code}: injected, write '${path}'`), {
      code,
      syscall: 'write',
    });
  };
  return new Proxy(handle, {
    get: (target, name) => {
      if (name === 'writeFile') return writeFile;
      const value = target[name];
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
};
syncBuiltinESMExports();
