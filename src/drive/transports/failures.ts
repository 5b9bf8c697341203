// From an error to an outcome: whose failure it was, by the codes that Node, OpenSSL, undici and HTTP/2 give.
import { constants } from 'node:http2';
import type { Outcome } from '../../measure/outcome.js';

const BY_CODE: Readonly<Record<string, Outcome>> = {
  ECONNREFUSED: 'refused',
  EHOSTUNREACH: 'refused',
  ENETUNREACH: 'refused',
  EHOSTDOWN: 'refused',
  ENETDOWN: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ECONNABORTED: 'reset',
  ENOTCONN: 'reset',
  UND_ERR_SOCKET: 'reset',
  UND_ERR_INFO: 'reset',
  ETIMEDOUT: 'timeout',
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  EAI_FAIL: 'dns',
  EAI_NODATA: 'dns',
  EMFILE: 'local',
  ENFILE: 'local',
  ENOBUFS: 'local',
  ENOMEM: 'local',
  EADDRNOTAVAIL: 'local',
  EADDRINUSE: 'local',
  EPROTO: 'tls',
  ERR_HTTP2_ERROR: 'protocol',
  NO_PROTOCOL: 'protocol',
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: 'protocol',
  PROXY_REFUSED: 'refused',
  PROXY_PROTOCOL: 'protocol',
};

const BY_PREFIX: readonly (readonly [string, Outcome])[] = [
  ['HPE_', 'protocol'],
  ['UND_ERR_', 'protocol'],
  ['ERR_TLS', 'tls'],
  ['ERR_SSL', 'tls'],
  ['CERT_', 'tls'],
  ['UNABLE_TO_', 'tls'],
  ['DEPTH_ZERO_', 'tls'],
  ['SELF_SIGNED_', 'tls'],
  ['HOSTNAME_MISMATCH', 'tls'],
];

/** The outcome of an attempt that ended with an error; an error of no known code broke the exchange off. */
export function outcomeOfError(error: Error & { code?: unknown }): Outcome {
  // Undici's parser errors carry a code of the parser's at best, and a name always.
  if (error.name === 'HTTPParserError') return 'protocol';
  const code = typeof error.code === 'string' ? error.code : '';
  const known = BY_CODE[code];
  if (known !== undefined) return known;
  return BY_PREFIX.find(([prefix]) => code.startsWith(prefix))?.[1] ?? 'reset';
}

/** What a peer says with these codes is that what was spoken is not what it understands (RFC 9113 §7). */
const PROTOCOL_CODES: ReadonlySet<number> = new Set([
  constants.NGHTTP2_PROTOCOL_ERROR,
  constants.NGHTTP2_FLOW_CONTROL_ERROR,
  constants.NGHTTP2_SETTINGS_TIMEOUT,
  constants.NGHTTP2_FRAME_SIZE_ERROR,
  constants.NGHTTP2_COMPRESSION_ERROR,
  constants.NGHTTP2_INADEQUATE_SECURITY,
  constants.NGHTTP2_HTTP_1_1_REQUIRED,
]);

/** The outcome of an attempt whose HTTP/2 stream ended with this code before its answer did. */
export function outcomeOfReset(code: number): Outcome {
  return PROTOCOL_CODES.has(code) ? 'protocol' : 'reset';
}

/** Whether a code says that the request was not looked at, so that any may be sent again (RFC 9113 §8.7). */
export function isUnprocessed(code: number): boolean {
  return code === constants.NGHTTP2_REFUSED_STREAM;
}
