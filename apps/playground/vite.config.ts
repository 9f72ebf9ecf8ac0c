import { defaultClientConditions, defineConfig, type Plugin } from 'vite';

/** Without the first two a browser gives a page no shared memory, and training one thread. */
const ISOLATED = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  // After a reload WebKit takes a worker from its memory without these headers, and refuses it.
  'Cache-Control': 'no-store',
};
/** What a host without headers serves; the tests train on such a page too. */
const headers = process.env.PLAYGROUND_ISOLATED === 'no' ? {} : ISOLATED;

/** Everything comes from the page's own place; threads of the engine are made of text, hence `blob:`. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self' blob:",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** The policy stands in the page itself, so that it holds wherever the files lie; Vite's own client needs more. */
const policy: Plugin = {
  name: 'content-security-policy',
  apply: 'build',
  transformIndexHtml: () => [
    {
      tag: 'meta',
      attrs: { 'http-equiv': 'Content-Security-Policy', content: POLICY },
      injectTo: 'head-prepend',
    },
  ],
};

export default defineConfig({
  base: './',
  resolve: { conditions: ['@twocan/source', ...defaultClientConditions] },
  plugins: [policy],
  // The worker's libraries are found at the start: found later, they would load the page again.
  optimizeDeps: { entries: ['index.html', 'src/worker/main.ts'] },
  server: { headers },
  preview: { headers },
  worker: { format: 'es' },
  build: { outDir: 'dist/page', target: 'es2022', modulePreload: { polyfill: false } },
});
