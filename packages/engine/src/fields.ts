/** What the value of a field must be, in words and as a test. */
export type FieldRule = {
  readonly rule: string;
  readonly holds: (value: unknown) => boolean;
  /** Whether it may be missing. */
  readonly optional?: boolean;
};

/** Whether a value is an object of fields. */
export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** The rule of a field that is a function. */
export const FUNCTION: FieldRule = {
  rule: 'a function',
  holds: (value) => typeof value === 'function',
};

/** The rule of a field that is a name. */
export const NAME: FieldRule = {
  rule: 'a string',
  holds: (value) => typeof value === 'string' && value !== '',
};

/** The rule of a field that counts bytes. */
export const BYTES: FieldRule = {
  rule: 'a whole number of bytes, at least 1',
  holds: (value) => Number.isSafeInteger(value) && (value as number) >= 1,
};

/**
 * Refuses an argument whose fields are not as they must be, or that has others.
 *
 * @param caller the function that a user called
 * @param argument the name of its argument
 * @param value what it got
 * @param rules of each field
 */
export function checkFields(
  caller: string,
  argument: string,
  value: unknown,
  rules: Readonly<Record<string, FieldRule>>,
): void {
  const known = Object.entries(rules).map(([name, { rule }]) => `${name} (${rule})`);
  const must = `${caller}: ${argument} must hold ${known.join(', ')} alone`;
  if (!isRecord(value)) throw new TypeError(`${must}, got ${String(value)}`);
  for (const name of new Set([...Object.keys(rules), ...Object.keys(value)])) {
    const [own, field] = [rules[name], value[name]];
    if (field === undefined ? own?.optional : own?.holds(field)) continue;
    throw new RangeError(`${must}, got ${name}: ${String(field)}`);
  }
}
