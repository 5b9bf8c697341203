// Which column of a Parquet file made elsewhere is what: the user's word first, then the names that logs go by.
import { UserError } from '../../problem.js';
import type { Field, FieldMap, FieldName, FieldUnit } from '../fields/field-map.js';
import type { StampKind } from '../formats/format.js';
import type { ParquetColumn } from './parquet.js';

/** A column that holds a field. */
export interface FoundField extends Field {
  readonly column: ParquetColumn;
  /** Keys inside the column, for one that holds objects. */
  readonly keys: readonly string[];
}

export interface FoundFields {
  readonly of: Readonly<Partial<Record<FieldName, FoundField>>>;
  readonly stamp: StampKind;
  /** What was not used, and why; '' for nothing. */
  readonly remark: string;
}

interface Alias {
  readonly name: string;
  readonly unit?: FieldUnit;
  /** What the time marks. */
  readonly stamp?: StampKind;
}

const TIMES: readonly Alias[] = [
  { name: 'start_us', unit: 'us', stamp: 'start' },
  { name: 'start_time', stamp: 'start' },
  { name: 'started_at', stamp: 'start' },
  { name: 'request_creation_time', stamp: 'start' },
  { name: 'edgestarttimestamp', stamp: 'start' },
  { name: 'start', stamp: 'start' },
  { name: 'timestamp_ms' },
  { name: 'time_iso8601', stamp: 'end' },
  { name: 'time_local', stamp: 'end' },
  { name: 'msec', stamp: 'end' },
  ...['timestamp', 'time', 'ts', 'datetime', 'date_time', 'event_time', 'created_at'].map((name) => ({
    name,
  })),
];

/** Only names that say their unit, or that one program gave them: a bare `duration` is in any unit. */
const DURATIONS: readonly Alias[] = [
  { name: 'duration_us', unit: 'us' },
  { name: 'duration_ms', unit: 'ms' },
  { name: 'response_time_ms', unit: 'ms' },
  { name: 'latency_ms', unit: 'ms' },
  { name: 'elapsed_ms', unit: 'ms' },
  { name: 'duration_ns', unit: 'ns' },
  { name: 'duration_s', unit: 's' },
  { name: 'request_time', unit: 's' },
  { name: 'time_taken', unit: 's' },
];

/** In lower case, `-`, `.` and space as `_`, a leading `@` or `:` left out. */
const ALIASES: Readonly<Record<FieldName, readonly Alias[]>> = {
  time: TIMES,
  duration: DURATIONS,
  method: named('method request_method http_method verb request_verb cs_method clientrequestmethod'),
  url: named('url request_url full_url'),
  path: named('path request_uri uri request_path target cs_uri_stem clientrequesturi'),
  query: named('query query_string querystring cs_uri_query'),
  request: named('request request_line'),
  host: named('host http_host authority server_name domain x_host_header cs_host clientrequesthost'),
  status: named('status status_code http_status response_code elb_status_code sc_status edgeresponsestatus'),
  bytes: named('bytes body_bytes_sent bytes_sent sent_bytes sc_bytes response_size size edgeresponsebytes'),
  client: named('client client_ip clientip remote_addr remote_ip ip c_ip remote_host'),
  agent: named('agent user_agent http_user_agent useragent cs_user_agent clientrequestuseragent ua'),
};

function named(names: string): Alias[] {
  return names.split(' ').map((name) => ({ name }));
}

/** @throws UserError when a column the user named is not there, or none is a time, or none a path */
export function findFields(
  place: string,
  columns: readonly ParquetColumn[],
  fields: FieldMap | null,
): FoundFields {
  const known = new Map(columns.toReversed().map((column) => [plainName(column.name), column]));
  const of: Partial<Record<FieldName, FoundField>> = {};
  let stamp: StampKind = 'unknown';
  for (const name of Object.keys(ALIASES) as FieldName[]) {
    const own = fields?.[name];
    if (own !== undefined) {
      of[name] = ownField(place, name, own, columns);
      continue;
    }
    const alias = ALIASES[name].find((one) => known.has(one.name) && known.get(one.name)?.kind !== 'nested');
    if (alias === undefined) continue;
    const column = known.get(alias.name)!;
    of[name] = { name: column.name, unit: alias.unit ?? null, column, keys: [] };
    if (name === 'time') stamp = alias.stamp ?? 'unknown';
  }
  const lacking = [
    ...(of.time === undefined ? ['a time'] : []),
    ...(of.path === undefined && of.url === undefined && of.request === undefined ? ['a path or URL'] : []),
  ];
  if (lacking.length > 0) throw lacks(place, lacking, columns);
  const unused =
    of.duration === undefined ? columns.find(({ name }) => UNITLESS.has(plainName(name))) : undefined;
  const remark =
    unused === undefined
      ? ''
      : `column ${show(unused.name)} is not used, as its unit is not known (say it: --field duration=${show(unused.name)}@ms)`;
  return { of, stamp, remark };
}

const UNITLESS = new Set(['duration', 'latency', 'elapsed', 'response_time']);

function ownField(
  place: string,
  name: FieldName,
  field: Field,
  columns: readonly ParquetColumn[],
): FoundField {
  const exact = columns.find((column) => column.name === field.name);
  if (exact !== undefined) return { ...field, column: exact, keys: [] };
  const [first, ...keys] = field.name.split('.');
  const outer = columns.find((column) => column.name === first && column.kind === 'nested');
  if (outer === undefined) throw lacks(place, [`a column ${show(field.name)} for ${name}`], columns);
  return { ...field, column: outer, keys };
}

function lacks(place: string, what: readonly string[], columns: readonly ParquetColumn[]): UserError {
  const shown = columns.slice(0, 40).map(({ name }) => show(name));
  if (columns.length > shown.length) shown.push(`and ${columns.length - shown.length} more`);
  const message = `has no column that is known as ${what.join(' or ')}; its columns are: ${shown.join(', ')}`;
  const hint = 'Say which column is what: --field time=COLUMN --field path=COLUMN';
  return new UserError([{ place, path: '', message, hint }]);
}

/** A column's name, safe on a terminal. */
function show(name: string): string {
  return name.slice(0, 60).replace(/[^\x20-\x7e]/g, '?');
}

function plainName(name: string): string {
  return name.toLowerCase().replace(/^[@:]/, '').replace(/[-. ]/g, '_');
}
