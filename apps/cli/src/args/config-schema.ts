import { camel, SETTINGS, type Setting } from './settings.ts';

type Schema = Readonly<Record<string, unknown>>;

/**
 * The JSON Schema (2020-12) of files for `--config`.
 *
 * @returns the schema; published with the package as `config.schema.json`
 */
export function configSchema(): Schema {
  const properties = SETTINGS.map((setting) => [
    camel(setting.flag),
    { description: setting.description, ...valueSchema(setting) },
  ]);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Settings of twocan pretrain',
    type: 'object',
    properties: { $schema: { type: 'string' }, ...Object.fromEntries(properties) },
    additionalProperties: false,
    not: { required: ['epochs', 'steps'] },
  };
}

function valueSchema(setting: Setting): Schema {
  if (setting.kind === 'text') return { type: 'string', minLength: 1 };
  if (setting.kind === 'choice') return { enum: setting.choices };
  if (setting.kind === 'weights') {
    return { type: 'array', items: { type: 'number', minimum: 0 }, minItems: 3, maxItems: 3 };
  }
  const { min, max, open = false } = setting.range;
  return {
    type: setting.whole ? 'integer' : 'number',
    [open ? 'exclusiveMinimum' : 'minimum']: min,
    ...(max === undefined ? {} : { maximum: max }),
  };
}
