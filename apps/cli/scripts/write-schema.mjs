// Writes config.schema.json from the built settings: npm run schema -w twocan
import { writeFileSync } from 'node:fs';
import { configSchema } from '../dist/args/config-schema.js';

const path = new URL('../config.schema.json', import.meta.url);
writeFileSync(path, `${JSON.stringify(configSchema(), null, 2)}\n`);
