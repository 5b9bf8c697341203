// What the response parser makes of bytes, as plain data.
import { FieldNames } from '../../src/drive/transports/wire/header-fields.js';
import { ResponseParser, type ResponseSink } from '../../src/drive/transports/wire/response-parser.js';

export interface Reply {
  /** 0: its head was not whole. */
  readonly status: number;
  readonly headers: readonly string[];
  /** A character a byte. */
  readonly body: string;
  readonly complete: boolean;
  readonly malformed: boolean;
  /** Meaningful where it is complete. */
  readonly persistent: boolean;
  /** Bytes that belong to it. */
  readonly taken: number;
}

export interface ParseOptions {
  readonly toHead?: boolean;
  readonly keepsAll?: boolean;
}

class Collector implements ResponseSink {
  code = 0;
  headers: string[] = [];
  text = '';

  status(code: number): void {
    this.code = code;
  }

  header(name: string, value: string): void {
    this.headers.push(name, value);
  }

  body(bytes: Buffer, start: number, end: number): void {
    this.text += bytes.toString('latin1', start, end);
  }
}

const NAMES = new FieldNames(['location', 'x-cache']);

/** Parses a response that comes in those parts, and then the other side closes. */
export function parse(parts: readonly Buffer[], options: ParseOptions = {}): Reply {
  const sink = new Collector();
  return parseOn(new ResponseParser(sink, NAMES), sink, parts, options);
}

/** Parses responses with one parser, one after the other. */
parse.each = (responses: readonly Buffer[]): Reply[] => {
  const sink = new Collector();
  const parser = new ResponseParser(sink, NAMES);
  return responses.map((bytes) => parseOn(parser, sink, [bytes], {}));
};

function parseOn(
  parser: ResponseParser,
  sink: Collector,
  parts: readonly Buffer[],
  { toHead = false, keepsAll = false }: ParseOptions,
): Reply {
  sink.code = 0;
  sink.headers = [];
  sink.text = '';
  parser.begin(toHead, keepsAll);
  let taken = 0;
  for (const part of parts) taken += parser.push(part, part.length);
  const complete = parser.end();
  const { code: status, headers, text: body } = sink;
  return {
    status,
    headers,
    body,
    complete,
    malformed: parser.malformed,
    persistent: complete && parser.persistent,
    taken,
  };
}
