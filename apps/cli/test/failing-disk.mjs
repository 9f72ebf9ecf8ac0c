// Loaded before the program (node --import): a file cannot be written whole.
// TWOCAN_FAULT=ENOSPC:2:PATTERN fails the second write to a path like PATTERN with ENOSPC, after half
// of its bytes; without a pattern, the second checkpoint.
import files from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const [code, number, pattern = 'checkpoints.*\\.tmp$'] = (process.env.TWOCAN_FAULT ?? '').split(
  ':',
);
const { promises } = files;
const { open } = promises;
let [seen, within] = [0, false];

function inside(work) {
  const before = within;
  within = true;
  try {
    return work();
  } finally {
    within = before;
  }
}

const fails = (path) => new RegExp(pattern).test(String(path)) && ++seen === Number(number);
const fault = () =>
  Object.assign(new Error(`${code}: injected, write`), { code, syscall: 'write' });

promises.open = async (path, ...rest) => {
  const handle = await open(path, ...rest);
  if (!fails(path)) return handle;
  const writeFile = async (bytes) => {
    await handle.writeFile(bytes.slice(0, bytes.length / 2));
    throw fault();
  };
  return new Proxy(handle, {
    get: (target, name) => {
      if (name === 'writeFile') return writeFile;
      const value = target[name];
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
};

for (const name of ['writeFileSync', 'appendFileSync']) {
  const write = files[name];
  files[name] = (path, content, ...rest) => {
    // Node writes what is appended with writeFileSync, which must not count once more.
    if (within || !fails(path)) return inside(() => write(path, content, ...rest));
    inside(() => write(path, content.slice(0, content.length / 2), ...rest));
    throw fault();
  };
}
syncBuiltinESMExports();
