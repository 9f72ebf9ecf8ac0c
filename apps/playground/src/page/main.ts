import { startEngine } from './engine.ts';

// The worker loads while the page is made, which takes as long.
const engine = startEngine();
const { showPage } = await import('./page.ts');
await showPage(engine);
