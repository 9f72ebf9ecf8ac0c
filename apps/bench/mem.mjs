import * as tf from '@tensorflow/tfjs-core';
import { chooseBackend } from '@twocan/backend';
import { resolveCanConfig } from '@twocan/can';
import { canStep } from './dist/can-step.js';
tf.enableProdMode();
await chooseBackend('simd',{threads:2});
const rss=()=> (process.memoryUsage().rss/2**20).toFixed(0)+' max '+(process.resourceUsage().maxRSS/1024).toFixed(0);
console.log('start',rss());
const step=canStep(resolveCanConfig({preset:'small32',method:'can'}),64);
let peak=0; const b=tf.backend(); const h=b.engine.heap; const alloc=h.allocate.bind(h);
for(const c of tf.getKernelsForBackend('simd')){ tf.unregisterKernel(c.kernelName,'simd'); tf.registerKernel({...c,kernelFunc:p=>{const r=c.kernelFunc(p); peak=Math.max(peak,h.report().inUse); return r;}});}
console.log('model',rss(), tf.memory().numBytesInUse/2**20);
for(let i=0;i<3;i++){await step(); const m=tf.memory(); console.log(i,'peak in use',(peak/2**20).toFixed(0),'reserved',(m.numBytesReserved/2**20).toFixed(0),'after',(m.numBytesInUse/2**20).toFixed(0),'rss',rss(), 'heapUsed',(process.memoryUsage().heapUsed/2**20).toFixed(0),'external',(process.memoryUsage().external/2**20).toFixed(0),(process.memoryUsage().arrayBuffers/2**20).toFixed(0));}
process.exit(0)
