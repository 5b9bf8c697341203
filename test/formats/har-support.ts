// HARs as Chrome writes them, for the tests of their reader.

export interface Part {
  readonly [key: string]: unknown;
}

/** An entry as Chrome writes it; `request` and `response` are merged into its own. */
export function entry(url: string, rest: Part = {}, request: Part = {}, response: Part = {}): Part {
  return {
    startedDateTime: '2025-11-24T17:26:01.250Z',
    time: 41.5,
    request: {
      method: 'GET',
      url,
      httpVersion: 'HTTP/2.0',
      headers: [
        { name: ':authority', value: 'www.shop.example' },
        { name: 'User-Agent', value: 'Mozilla/5.0 (X11) Firefox/128.0' },
        { name: 'Accept', value: '*/*' },
      ],
      queryString: [],
      ...request,
    },
    response: { status: 200, content: { mimeType: 'image/png' }, bodySize: 512, ...response },
    timings: { blocked: -1, dns: -1, connect: -1, ssl: -1, send: 1, wait: 30, receive: 10.5 },
    pageref: 'page_1',
    ...rest,
  };
}

export const HTML = { content: { mimeType: 'text/html; charset=utf-8' } };
export const PAGE = entry('https://www.shop.example/', {}, {}, HTML);

export function harOf(entries: readonly unknown[], log: Part = {}): string {
  return JSON.stringify({
    log: { version: '1.2', creator: { name: 'test', version: '1' }, ...log, entries },
  });
}
