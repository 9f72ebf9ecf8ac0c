import { matMul, ones, setBackend } from '@tensorflow/tfjs-core';
import { simdReport } from '@twocan/backend-simd';

await setBackend('simd');
matMul(ones([300, 300]), ones([300, 300])).dataSync();
console.log(simdReport().threads);
