import type { Request } from '../messages.ts';

// A module of its own does the work, because other parts of the worker import it: where they import the module that a
// worker begins with, WebKit evaluates that once more, and the second answers.
const requests = import('./requests.ts');

globalThis.onmessage = ({ data }: MessageEvent<Request>) => {
  requests.then(({ answer }) => answer(data)).catch(reportError);
};
