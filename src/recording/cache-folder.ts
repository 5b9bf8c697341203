// Where flashcrowd keeps what it can make again: a folder in the user's cache.
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** `$XDG_CACHE_HOME/flashcrowd`, else below the home folder, else a temporary one. */
export function userCacheFolder(env: Readonly<Record<string, string | undefined>>): string {
  const base = env.XDG_CACHE_HOME ?? (env.HOME === undefined ? tmpdir() : join(env.HOME, '.cache'));
  return join(base, 'flashcrowd');
}
