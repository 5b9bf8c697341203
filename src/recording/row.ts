// One row of a recording: a request that somebody once made.

/** What is known of one recorded request. Instants and durations are whole microseconds. */
export interface Row {
  /** When the request arrived, UTC microseconds since 1970, after the format's corrections. */
  startUs: number;
  /** How long it took; undefined where the log has no duration. */
  durationUs: number | undefined;
  method: string;
  /** Host it was sent to, lower case, without a default port; undefined where the log has none. */
  host: string | undefined;
  /** Path with query, as recorded; starts with `/`. */
  path: string;
  /** Status answered; undefined where the log has none. */
  status: number | undefined;
  bytes: number | undefined;
  /** Who sent it: a keyed hash of address and user agent, never the address. */
  client: string;
  /** What kind of client the user agent says it was. */
  clientClass: ClientClass;
  /** Headers that may be sent again, as JSON: `[["name","value"], …]`, names in lower case; undefined for none. */
  headers: string | undefined;
  /** The body; undefined for none. */
  body: Uint8Array | undefined;
}

export type ClientClass = 'person' | 'bot' | 'unknown';
