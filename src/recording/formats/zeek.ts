// Zeek's (Bro's) http.log: tab-separated, with a header that names the columns.

import { readEpoch } from '../fields/instants.js';
import { unescapeLog } from '../fields/request.js';
import { given } from '../fields/row-maker.js';
import { type FoundLine, type TextReader, textFormat } from '../fields/text-format.js';
import { type Format, UNREAD } from './format.js';

const COLUMNS_MAX = 256;

export const zeek: Format = textFormat({
  id: 'zeek',
  name: 'Zeek http.log',
  vantage: 'capture',
  expects: 'tab-separated lines under "#fields ts uid id.orig_h … method host uri …" (Zeek http.log)',
  reader: () => new ZeekReader(),
});

class ZeekReader implements TextReader {
  readonly stamp = 'start';
  declared = false;
  private separator = '\t';
  private columns: ReadonlyMap<string, number> = new Map();

  read(text: string): FoundLine | string {
    if (text.startsWith('#')) {
      this.readDirective(text);
      return UNREAD.directive;
    }
    if (!this.declared) return UNREAD.notFormat;
    const values = text.split(this.separator, COLUMNS_MAX);
    const at = (name: string) => given(values[this.columns.get(name) ?? -1]);
    const stamp = at('ts') ?? '';
    const startUs = readEpoch(stamp, 's');
    if (Number.isNaN(startUs)) return UNREAD.noStamp;
    const method = at('method');
    const uri = at('uri');
    if (method === undefined || uri === undefined) return UNREAD.noRequest;
    return {
      stamp,
      startUs,
      method,
      target: unescapeLog(uri),
      host: at('host'),
      scheme: 'http',
      status: at('status_code'),
      bytes: at('response_body_len'),
      address: at('id.orig_h'),
      agent: at('user_agent'),
    };
  }

  stampModel(): string {
    return 'Zeek http.log: stamps mark the start in microseconds; nothing spread; it has no durations';
  }

  private readDirective(text: string): void {
    const separator = /^#separator \\x([0-9a-f]{2})$/i.exec(text);
    if (separator) this.separator = String.fromCharCode(Number.parseInt(separator[1]!, 16));
    if (!text.startsWith(`#fields${this.separator}`)) return;
    const names = text.split(this.separator, COLUMNS_MAX).slice(1);
    this.declared = ['ts', 'id.orig_h', 'method', 'uri'].every((name) => names.includes(name));
    this.columns = new Map(names.map((name, i) => [name, i]));
  }
}
