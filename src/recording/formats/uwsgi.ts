// The request log that uWSGI writes by default.

import { readClfDate } from '../fields/instants.js';
import { readDurationUs } from '../fields/row-maker.js';
import { type FoundLine, type TextReader, textFormat, zoneNote } from '../fields/text-format.js';
import { type Format, type FormatOptions, UNREAD } from './format.js';

const HEAD =
  /\[pid: \d{1,10}\|app: -?\d{1,10}\|req: -?\d{1,19}\/\d{1,19}\] (\S{0,64}) \([^)\s]{0,256}\) \{\d{1,10} vars in \d{1,10} bytes\} \[[A-Z][a-z]{2} ([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d\d:\d\d:\d\d) (\d{4})\] (\S{1,24}) /y;
const TAIL =
  / => generated (\d{1,15}) bytes in (\d{1,12}) (msecs|micros)(?: via \w{1,16}\(\))? \(HTTP\/\d(?:\.\d)? (\d{3})\)/y;

export const uwsgi: Format = textFormat({
  id: 'uwsgi',
  name: 'uWSGI request log',
  vantage: 'origin',
  expects:
    'lines such as: [pid: 8|app: 0|req: 1/1] 192.0.2.7 () {38 vars in 696 bytes} [Fri Feb 20 17:26:01 2026] GET /p ' +
    '=> generated 47 bytes in 129 msecs (HTTP/1.1 200) 9 headers in 378 bytes (uWSGI)',
  reader: (options) => new UwsgiReader(options),
});

class UwsgiReader implements TextReader {
  readonly stamp = 'start';

  constructor(private readonly options: FormatOptions) {}

  read(text: string): FoundLine | string {
    const from = text.indexOf('[pid: ');
    HEAD.lastIndex = from;
    const head = from < 0 ? null : HEAD.exec(text);
    if (head === null) return UNREAD.notFormat;
    const target = HEAD.lastIndex;
    const end = text.lastIndexOf(' => generated ');
    TAIL.lastIndex = end;
    const tail = end < target ? null : TAIL.exec(text);
    if (tail === null) return UNREAD.notFormat;
    const [, address, month, day, time, year, method] = head;
    const stamp = `${day!.padStart(2, '0')}/${month}/${year}:${time}`;
    return {
      stamp,
      startUs: readClfDate(stamp, this.options.zone),
      durationUs: readDurationUs(tail[2], tail[3] === 'msecs' ? 1e3 : 1),
      method,
      target: text.slice(target, end),
      status: tail[4],
      bytes: tail[1],
      address,
    };
  }

  stampModel(): string {
    return (
      'uWSGI log: stamps mark the start in whole seconds; spread over the second at random; ' +
      zoneNote(this.options.zone)
    );
  }
}
