// `hooks:`, a module of functions that are called around every request: found and hashed; the run loads it.
import { extname, resolve } from 'node:path';
import type { InputFiles } from './inputs.js';
import { quote } from './problems.js';

const EXTENSIONS = ['.js', '.mjs'];

export interface ResolvedHooks {
  /** An absolute path. */
  readonly file: string;
  /** SHA-256 of the module's own text; what it imports is not in it. */
  readonly digest: string;
}

/** Finds the module; undefined if there is none, or a problem was reported. */
export async function readHooks(
  reference: string | undefined,
  files: InputFiles,
): Promise<ResolvedHooks | undefined> {
  if (reference === undefined) return undefined;
  const path = await files.find(reference, ['hooks']);
  if (path === undefined) return undefined;
  if (!EXTENSIONS.includes(extname(path))) {
    files.problems.add(['hooks'], `${quote(reference)} is no module`, 'name a .js or .mjs file');
    return undefined;
  }
  return { file: resolve(path), digest: await files.digest(path, undefined) };
}
