import { matMul, ones, setBackend } from '@tensorflow/tfjs-core';
import { nativeReport } from '@twocan/backend-native';

await setBackend('native');
matMul(ones([300, 300]), ones([300, 300])).dataSync();
console.log(nativeReport().threads);
