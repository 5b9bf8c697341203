// The names under which logs keep what a request is made of, for logs whose keys or columns their users chose.
import type { FieldName, FieldUnit } from './field-map.js';

/*
 * Names are compared in lower case and without anything but letters and digits, so `request_uri`, `requestUri` and
 * `request.uri` are one. The first name of a list that a log has wins, entry by entry.
 *
 * What a time stamp marks follows from its name:
 *
 *   start     start_time and its kin (Envoy's START_TIME, Traefik's StartUTC), API Gateway's requestTime
 *   end       $msec, $time_iso8601 and $time_local, which nginx sets when it writes the line; end_time and its kin;
 *             any name beside nginx's $request_time, or beside req, res and responseTime (pino)
 *   start     timeStamp beside JMeter's elapsed and threadName
 *   unknown   time, timestamp, @timestamp, ts and so on by themselves
 */
const START =
  'starttime startutc startlocal starttimestamp starttimeunix start startedat startdatetime requeststart ' +
  'requeststarttime requesttimeepoch requesttime requestreceivedat begintime eventstart';
const NGINX_END = 'msec timeiso8601 timelocal';
const END = `${NGINX_END} endtime endedat finishedat completedat eventend`;
const LOGGED =
  'timestamp time ts datetime date timestampms timestampus timestampns timestampmillis epoch eventtime ' +
  'eventtimestamp logtime logtimestamp timegenerated createdat created asctime t';

const DURATIONS: Readonly<Record<string, FieldUnit>> = {
  requesttime: 's',
  duration: 'ms',
  requestduration: 'ms',
  responsetime: 'ms',
  responseduration: 'ms',
  responselatency: 'ms',
  requestlatency: 'ms',
  elapsed: 'ms',
  elapsedtime: 'ms',
  took: 'ms',
  latency: 'ms',
  timetaken: 'ms',
  totaltime: 'ms',
  processingtime: 'ms',
  timeelapsedus: 'us',
  eventduration: 'ns',
};

/** What may follow the name of a duration or a time, and says its unit. */
const UNIT_ENDS: readonly (readonly [RegExp, FieldUnit])[] = [
  [/(?:ms|msecs?|millis|milliseconds?)$/, 'ms'],
  [/(?:us|usecs?|micros|microseconds?)$/, 'us'],
  [/(?:ns|nanos|nsecs?|nanoseconds?)$/, 'ns'],
  [/(?:s|secs?|seconds?)$/, 's'],
];

const LISTS: Readonly<Record<Exclude<FieldName, 'time' | 'duration'> | 'scheme', string>> = {
  request: 'request requestline requestfirstline httprequest req reqline',
  method: 'method requestmethod httpmethod httprequestmethod reqmethod verb csmethod clientrequestmethod',
  url:
    'requesturi clientrequesturi xenvoyoriginpath originalurl requestoriginalurl urloriginal requesturl ' +
    'httprequesturl reqoriginalurl requrl httpurl urlfull httptarget requesttarget url fullurl csuri uri requri',
  path:
    'requestpath clientrequestpath httppath reqpath urlpath path httproute uripath csuristem rawpath fullpath ' +
    'resourcepath endpoint target',
  query: 'querystring args query urlquery csuriquery requestquery rawquery qs',
  host:
    'httphost authority requesthost requestheadershost reqheadershost headershost xhostheader vhost virtualhost ' +
    'clientrequesthost urldomain cshost host hostheader requestauthority servername domainname domain serverhost ' +
    'site server',
  scheme: 'scheme requestscheme xforwardedproto httpxforwardedproto urlscheme csprotocol proto protocol',
  status:
    'status statuscode responsecode responsestatus responsestatuscode httpstatus httpstatuscode ' +
    'httpresponsestatuscode responsehttpstatus resstatuscode resstatus scstatus code',
  bytes:
    'bodybytessent bytessent bytes responsesize responsebodysize responsebytes responselength contentlength ' +
    'httpresponsebodybytes httpresponsebytes scbytes bytesout sentbytes sizebytes size',
  client:
    'httpxforwardedfor xforwardedfor requestheadersxforwardedfor reqheadersxforwardedfor clientip clientaddress ' +
    'clientaddr remoteip xrealip httpxrealip realip remoteaddr remoteaddress clienthost sourceip sourceaddress ip ' +
    'cip remotehost reqip reqremoteaddress downstreamremoteaddress peer client threadname',
  agent:
    'httpuseragent useragent requestuseragent useragentoriginal requestheadersuseragent reqheadersuseragent ' +
    'headersuseragent csuseragent agent ua',
};

/** Outer keys that shippers and cloud loggers put an application's own entry under. */
const OUTER = new Set(
  'jsonpayload message log json attributes data fields nginx access payload http'.split(' '),
);

/** What a log's name may stand for. */
export type AliasOf = keyof typeof LISTS;

/** Alias lists by what they are of, best first. */
export const ALIASES: ReadonlyMap<AliasOf, readonly string[]> = new Map(
  (Object.keys(LISTS) as AliasOf[]).map((of) => [of, LISTS[of].split(' ')]),
);

/** Names of time stamps, best first: those that say what they mark, the finer before the coarser. */
export const TIME_ALIASES: readonly string[] = `${START} ${END} ${LOGGED}`.split(' ');

const STARTS = new Set(START.split(' '));
const ENDS = new Set(END.split(' '));

/** What a time stamp of this name marks, when the name alone says it. */
export function markOf(name: string): 'start' | 'end' | undefined {
  return STARTS.has(name) ? 'start' : ENDS.has(name) ? 'end' : undefined;
}

/** Letters and digits of a name in lower case; of a path of keys, all of them together. */
export function plainName(path: readonly string[]): string {
  return path
    .join('')
    .slice(0, 256)
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '');
}

/** The names that a path of keys goes by: all keys together, and without an outer one. */
export function namesOf(path: readonly string[]): readonly string[] {
  const whole = plainName(path);
  return path.length > 1 && OUTER.has(plainName(path.slice(0, 1)))
    ? [whole, plainName(path.slice(1))]
    : [whole];
}

/** The unit of a duration of this name, and how good the name is (the lower the better); undefined for another. */
export function durationUnitOf(
  name: string,
): { readonly unit: FieldUnit; readonly rank: number } | undefined {
  const known = Object.keys(DURATIONS);
  const own = DURATIONS[name];
  if (own !== undefined) return { unit: own, rank: known.indexOf(name) };
  for (const [end, unit] of UNIT_ENDS) {
    const base = name.replace(end, '');
    if (base !== name && Object.hasOwn(DURATIONS, base)) return { unit, rank: known.indexOf(base) };
  }
  return undefined;
}
