// Ends the process at once, with threads that have only just had work.
import { matMul, ones, setBackend } from '@tensorflow/tfjs-core';
import { registerNative } from '@twocan/backend-native';

for (const name of ['one', 'two']) {
  registerNative(name, { threads: 3 });
  await setBackend(name);
  console.log(matMul(ones([500, 500]), ones([500, 500])).dataSync()[7]);
}
if (process.argv[2] === 'exit') process.exit(3);
if (process.argv[2] === 'throw') throw new Error('on purpose');
