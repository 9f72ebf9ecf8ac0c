// A process that reads weights which it is sent, and answers with what came of it and with the most memory that it
// ever had. It uses the built package, as users do.
import { importWeights } from '@twocan/checkpoint';

/** Bytes. */
const peak = () => process.resourceUsage().maxRSS * 1024;

process.on('message', async (files) => {
  const begun = performance.now();
  const answer = { made: 0, error: '' };
  try {
    const read = async (name) => files[name];
    const { params } = await importWeights({ place: 'memory', names: Object.keys(files), read });
    for (const { data } of Object.values(params)) answer.made += data.byteLength;
  } catch (error) {
    answer.error = String(error);
  }
  process.send({ ...answer, peak: peak(), seconds: (performance.now() - begun) / 1000 });
});
