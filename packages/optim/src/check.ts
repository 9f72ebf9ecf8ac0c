/** Throws in the project's form unless a number of an options object keeps its rule. */
export function expectNumber(
  caller: string,
  name: string,
  value: number,
  rule: string,
  holds: (value: number) => boolean,
): void {
  if (holds(value)) return;
  throw new RangeError(`${caller}: ${name} must ${rule}, got ${value}`);
}

/** A learning rate given as a number must not be negative; a schedule answers for itself. */
export function expectRate(caller: string, rate: unknown): void {
  if (typeof rate !== 'number') return;
  expectNumber(caller, 'learningRate', rate, 'be at least 0', (x) => x >= 0);
}

/** For momenta and other exponential averages. */
export function expectFraction(caller: string, name: string, value: number): void {
  expectNumber(caller, name, value, 'lie in [0, 1)', (x) => x >= 0 && x < 1);
}
