// Captures: values out of answers, kept by the visitor for the later requests of the visit.

import { parseJsonPath, valueAtPath } from '../../scenario/json-path.js';
import type { Capture, FlowStep, Plan } from '../../scenario/plan.js';
import { ValuePattern } from '../../scenario/regex.js';
import type { Answer } from '../answer.js';
import { decodeBody } from './body.js';

/** Bytes of a body that are kept for it, still encoded. */
const BODY_MAX = 256 * 1024;
/** Characters that a regular expression looks at. */
const TEXT_MAX = 256 * 1024;
/** Characters of a value; a longer one is not taken. */
const VALUE_MAX = 4096;

/** Finds a capture's value; null where there is none. */
type Finder = (found: Found) => string | null;

/** Takes the values that a plan captures. */
export class Captures {
  readonly #finders = new Map<Capture, Finder>();

  constructor(plan: Plan) {
    for (const { captures } of stepsOf(plan)) {
      for (const capture of captures) this.#finders.set(capture, finderOf(capture));
    }
  }

  /** Says what of an answer is to be kept. */
  prepare(answer: Answer, captures: readonly Capture[]): void {
    for (const { from } of captures) {
      if (from === 'header') answer.keepsHeaders = true;
      else if (from !== 'cookie') answer.bodyMax = Math.max(answer.bodyMax, BODY_MAX);
    }
  }

  /** Takes the values out of an answer; what is not in it is no longer known. */
  take(answer: Answer, captures: readonly Capture[], values: Map<string, string>): void {
    const found = new Found(answer);
    for (const capture of captures) {
      const value = this.#finders.get(capture)?.(found) ?? null;
      if (value === null || value === '' || value.length > VALUE_MAX) values.delete(capture.name);
      else values.set(capture.name, copyOf(value));
    }
  }
}

/**
 * The same text in memory of its own: a part of a text keeps the whole of it alive. On the way a lone surrogate, which
 * JSON can hold and no request can, becomes U+FFFD.
 */
function copyOf(value: string): string {
  return Buffer.from(value, 'utf8').toString('utf8');
}

/** Whether a plan captures anything. */
export function hasCaptures(plan: Plan): boolean {
  return stepsOf(plan).some(({ captures }) => captures.length > 0);
}

function stepsOf({ streams }: Plan): FlowStep[] {
  return streams.flatMap((stream) =>
    stream.kind === 'rate' ? [...(stream.login?.steps ?? []), ...(stream.flow?.steps ?? [])] : [],
  );
}

/** An answer; its body is decoded and parsed once, when something first asks. */
class Found {
  #text: string | null | undefined;
  #json: unknown;
  #isParsed = false;

  constructor(readonly answer: Answer) {}

  get text(): string | null {
    if (this.#text === undefined) this.#text = decodeBody(this.answer);
    return this.#text;
  }

  /** Undefined where the body is not JSON, or was cut. */
  get json(): unknown {
    if (!this.#isParsed) this.#json = parsed(this.text);
    this.#isParsed = true;
    return this.#json;
  }
}

function parsed(text: string | null): unknown {
  try {
    return text === null ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function finderOf({ from, key, pattern }: Capture): Finder {
  const source = sourceOf(from, key);
  if (pattern === null) return source;
  const compiled = new ValuePattern(pattern);
  return (found) => {
    const text = source(found);
    return text === null ? null : compiled.find(text.slice(0, TEXT_MAX));
  };
}

function sourceOf(from: Capture['from'], key: string): Finder {
  switch (from) {
    case 'header':
      return ({ answer }) => headerOf(answer, key);
    case 'cookie':
      return ({ answer }) => cookieOf(answer, key);
    case 'body':
      return ({ text }) => text;
    case 'json': {
      const path = parseJsonPath(key);
      if (path === undefined) throw new Error(`${key} was not checked when the scenario was loaded`);
      return ({ json }) => plainText(valueAtPath(json, path));
    }
  }
}

function headerOf({ headers }: Answer, name: string): string | null {
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === name) return headers[i + 1] ?? null;
  return null;
}

/** The value that an answer gave a cookie last. */
function cookieOf({ setCookies }: Answer, name: string): string | null {
  let value: string | null = null;
  for (const cookie of setCookies ?? []) {
    const pair = cookie.split(';', 1)[0] as string;
    const equals = pair.indexOf('=');
    if (equals > 0 && pair.slice(0, equals).trim() === name) value = pair.slice(equals + 1).trim();
  }
  return value;
}

/** A member's value as a text; null for what is none, and for a number whose digits were lost in reading it. */
function plainText(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  if (typeof value !== 'number' || (Number.isInteger(value) && !Number.isSafeInteger(value))) return null;
  return String(value);
}
