import { SITE } from './places.ts';
import { serveFiles } from './server.ts';

const { url } = await serveFiles(SITE, { isolated: true, port: Number(process.env.PORT ?? 4600) });
console.log(`the site is at ${url}`);
