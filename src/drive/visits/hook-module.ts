// A scenario's module of hooks: loaded and looked at, before anything is sent.
import { pathToFileURL } from 'node:url';
import type { Hooks } from 'flashcrowd/hooks';
import { UserError } from '../../problem.js';

const NAMES = ['beforeRequest', 'afterResponse'] as const;

/**
 * Loads a module of hooks.
 * @param file an absolute path
 * @throws UserError if it cannot be loaded, exports no hook, or exports what is none
 */
export async function loadHooks(file: string): Promise<Hooks> {
  let module: Readonly<Record<string, unknown>>;
  try {
    module = await import(pathToFileURL(file).href);
  } catch (error) {
    throw refusal(file, `cannot be loaded: ${error instanceof Error ? error.message : String(error)}`);
  }
  const found = NAMES.filter((name) => module[name] !== undefined);
  if (found.length === 0)
    throw refusal(
      file,
      'exports neither beforeRequest nor afterResponse',
      'write: export function beforeRequest(request, context) { … }',
    );
  for (const name of found) {
    const hook = module[name];
    if (typeof hook !== 'function') throw refusal(file, `${name} is not a function`);
    if (hook.constructor.name !== 'Function')
      throw refusal(
        file,
        `${name} is ${hook.constructor.name}; hooks must be synchronous`,
        'a request cannot wait for one: it would be late; use node:crypto, which signs synchronously',
      );
  }
  return module as Hooks;
}

function refusal(file: string, message: string, hint?: string): UserError {
  return new UserError([{ place: file, path: '', message, ...(hint !== undefined && { hint }) }]);
}
