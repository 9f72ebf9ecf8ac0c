// Writes config.schema.json, the JSON Schema (2020-12) of files for --config, from the built settings.
import { writeFileSync } from 'node:fs';
import { toJsonSchema } from '@valibot/to-json-schema';
import * as v from 'valibot';
import { SETTINGS } from '../dist/args/options.js';

const file = v.strictObject({ $schema: v.exactOptional(v.string()), ...SETTINGS });
const { $schema, ...schema } = toJsonSchema(file, {
  ...{ target: 'draft-2020-12', typeMode: 'input' },
  // What only the help needs.
  overrideAction: ({ valibotAction, jsonSchema }) =>
    valibotAction.type === 'metadata' ? jsonSchema : undefined,
});
const whole = {
  $schema,
  title: 'Settings of twocan pretrain',
  ...schema,
  not: { required: ['epochs', 'steps'] },
};
const path = new URL('../config.schema.json', import.meta.url);
writeFileSync(path, `${JSON.stringify(whole, null, 2)}\n`);
