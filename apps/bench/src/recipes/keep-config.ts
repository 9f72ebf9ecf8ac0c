import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { configOf, readFinishedRun } from './finished-run.ts';

// keep-config FOLDER NAME=RUN …: the config.json of each run as FOLDER/RUN.json, with its images by name instead of where they lay.
const [folder, ...words] = process.argv.slice(2);
const asked = words.map((word) => /^([^=]+)=(.+)$/.exec(word));
if (folder === undefined || asked.length === 0 || asked.includes(null)) {
  console.error('keep-config: give a folder, then NAME=RUN for each run');
  process.exit(2);
}
for (const match of asked) {
  const [, name = '', path = ''] = match ?? [];
  const file = join(folder, `${basename(path)}.json`);
  writeFileSync(file, `${JSON.stringify(configOf(readFinishedRun(path, name)), null, 2)}\n`);
  console.log(file);
}
