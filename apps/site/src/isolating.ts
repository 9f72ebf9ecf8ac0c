/** A browser gives a page memory that threads share only where its answers have these headers. */
export const ISOLATING = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  // After a reload WebKit takes a worker from its memory without these headers, and refuses it.
  'Cache-Control': 'no-store',
} as const;
