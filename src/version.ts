// The tool's own version, from its package file.
import { createRequire } from 'node:module';

/** As in package.json. */
export const VERSION: string = createRequire(import.meta.url)('../package.json').version;
