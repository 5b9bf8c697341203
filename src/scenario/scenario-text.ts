// The scenario file's text: bounded, UTF-8, and a clear word where it is none.
import { createReadStream } from 'node:fs';
import { UserError } from '../problem.js';
import { trouble } from './inputs.js';

const BYTES_MAX = 1024 * 1024;

/**
 * Reads a scenario file.
 * @throws UserError if it is not there, empty, too large or not text
 */
export async function readScenarioText(file: string): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of createReadStream(file, { end: BYTES_MAX })) chunks.push(chunk as Buffer);
  } catch (error) {
    return refuse(file, trouble(error), 'name a scenario file, such as promo.yaml');
  }
  const bytes = Buffer.concat(chunks);
  if (bytes.length > BYTES_MAX)
    return refuse(file, 'is larger than 1 MiB', 'keep curves and data in files of their own');
  const text = decode(bytes);
  if (text === undefined) return refuse(file, 'is not UTF-8 text', 'is it a scenario?');
  if (text.trim() === '') return refuse(file, 'is empty', 'flashcrowd init writes a scenario to start from');
  return text;
}

function decode(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function refuse(place: string, message: string, hint: string): never {
  throw new UserError([{ place, path: '', message, hint }]);
}
