/** What is said of a run when it is open. */
export function sentenceOf(run: {
  readonly about: string;
  /** Whether it was read from what this browser keeps. */
  readonly resumed: boolean;
  /** Whether it was dropped here. */
  readonly dropped: boolean;
  /** Whether its images are here. */
  readonly trains: boolean;
}): string {
  const { about, resumed, dropped, trains } = run;
  if (!trains) {
    return `The run that was dropped, seen with ${about}. Drop the folder of its own images to go on with it.`;
  }
  if (resumed) return `Goes on with the run that was kept: ${about}.`;
  return dropped ? `The run that was dropped, on ${about}.` : `${about}.`;
}
