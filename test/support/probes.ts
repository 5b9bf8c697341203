// Answers and handshakes of a probe, made up.
import type { Certificate, Handshake, Probed } from '../../src/measure/probed.js';

export const NOW_MS = Date.UTC(2026, 10, 1);

/** A page that came as expected. */
export function probedOf(more: Partial<Probed>): Probed {
  return {
    stream: 'everyday',
    route: 'product',
    tenant: null,
    request: { method: 'GET', path: '/products/7', host: 'shop.test', serverName: null },
    expect: [[200, 399]],
    recordedStatus: 0,
    outcome: 'ok',
    status: 200,
    connection: { protocol: 'http/1.1', address: '192.0.2.1', tcpUs: 12_000, tlsUs: null },
    firstByteUs: 40_000,
    totalUs: 55_000,
    bytes: 8_200,
    attempts: 1,
    cache: null,
    followed: [],
    location: null,
    failedChecks: [],
    headers: [],
    body: '',
    ...more,
  };
}

/** A handshake with a good certificate, unless it is said otherwise. */
export function handshakeOf(certificate: Partial<Certificate>): Handshake {
  return {
    serverName: 'shop.test',
    connection: { protocol: 'h2', address: '192.0.2.1', tcpUs: 12_000, tlsUs: 31_000 },
    version: 'TLSv1.3',
    certificate: {
      subject: 'CN=shop.test',
      issuer: 'CN=Some Authority',
      names: ['shop.test', '*.shop.test'],
      validFromMs: NOW_MS - 86_400_000,
      validToMs: NOW_MS + 80 * 86_400_000,
      trusted: true,
      distrust: null,
      ...certificate,
    },
    error: null,
  };
}
