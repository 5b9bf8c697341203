// How the target is reached: pinned addresses, a proxy, source addresses, and the certificates of TLS.
import { X509Certificate } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { isIP } from 'node:net';
import { createSecureContext } from 'node:tls';
import { type InputFiles, trouble, unreadable } from './inputs.js';
import { type Path, type ProblemList, quote, type Spot } from './problems.js';
import type { TypedTarget } from './schema.js';
import { type SecretStore, stretches } from './templates.js';

/** What is absent is as usual. */
export interface Reach {
  /** IP addresses in place of what the name resolves to. */
  readonly addresses?: readonly string[];
  readonly proxy?: ProxyServer;
  /** IP addresses of this machine. */
  readonly sources?: readonly string[];
  readonly tls?: TlsFiles;
}

export interface ProxyServer {
  /** Scheme, host and port. */
  readonly url: string;
  /** Lower case, IPv6 without brackets. */
  readonly hostname: string;
  readonly port: number;
  /** `user:password` as a template: it holds `${env:NAME}`, never the secret. */
  readonly auth: string | null;
}

/** PEM texts; the passphrase is a template. */
export interface TlsFiles {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly passphrase?: string;
  readonly insecure: boolean;
}

/** What the command line says of TLS; `ca` is a file, relative to where the command runs. */
export interface TlsOverrides {
  readonly ca?: string;
  readonly insecure?: boolean;
}

type TypedReach = Extract<TypedTarget, object>;

const PEM_MAX = 1024 * 1024;
const LIST_MAX = 256;

/** @param files what relative paths start from, and where problems go */
export async function readReach(
  typed: TypedReach,
  overrides: TlsOverrides,
  files: InputFiles,
  secrets: SecretStore,
): Promise<Reach> {
  const { problems } = files;
  const addresses = readAddresses(['target', 'addresses'], typed.addresses, problems);
  const sources = readAddresses(['target', 'sources'], typed.sources, problems);
  const proxy = readProxy(typed, secrets);
  if (proxy !== undefined && typed.addresses !== undefined) {
    problems.add(
      ['target', 'addresses'],
      'a proxy resolves the name of the target itself',
      'leave out either addresses or proxy',
    );
  }
  const tls = await readTls(typed.tls, overrides, files, secrets);
  return {
    ...(addresses !== undefined && { addresses }),
    ...(proxy !== undefined && { proxy }),
    ...(sources !== undefined && { sources }),
    ...(tls !== undefined && { tls }),
  };
}

function readAddresses(
  path: Path,
  typed: string | readonly string[] | undefined,
  problems: ProblemList,
): string[] | undefined {
  if (typed === undefined) return undefined;
  const list = typeof typed === 'string' ? [typed] : typed;
  for (const [i, address] of list.entries()) {
    if (isIP(address) !== 0) continue;
    const at = typeof typed === 'string' ? path : [...path, i];
    problems.add(at, `${quote(address)} is not an IP address`, 'write such as 10.0.0.5');
  }
  if (list.length > LIST_MAX)
    problems.add(path, `has ${list.length} addresses; at most ${LIST_MAX} are used`);
  return [...new Set(list)];
}

function readProxy(typed: TypedReach, secrets: SecretStore): ProxyServer | undefined {
  const { problems } = secrets;
  if (typed.proxy === undefined) {
    if (typed.proxyAuth !== undefined)
      problems.add(['target', 'proxyAuth'], 'there is no proxy', 'name it: proxy: http://proxy.example:3128');
    return undefined;
  }
  const auth = readLogin(['target', 'proxyAuth'], typed.proxyAuth, 'PROXY_LOGIN', secrets);
  const path = ['target', 'proxy'];
  const wrong = (message: string, hint: string) => {
    problems.add(path, message, hint);
    return undefined;
  };
  const hint = 'write http://proxy.example:3128';
  if (!/^http:\/\//i.test(typed.proxy) || !URL.canParse(typed.proxy))
    return wrong('is not a URL that starts with http://', hint);
  const url = new URL(typed.proxy);
  if (url.username !== '' || url.password !== '')
    return wrong(
      'the URL holds a login',
      'leave it out and set target.proxyAuth to "${'.concat('env:NAME}"'),
    );
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '' || url.port === '0')
    return wrong(`expected scheme, host and port, not ${quote(typed.proxy)}`, hint);
  const hostname = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  return { url: url.origin, hostname, port: url.port === '' ? 80 : Number(url.port), auth };
}

/** A login as a template; null where there is none. It must come from the environment and hold a colon. */
export function readLogin(
  path: Path,
  typed: string | undefined,
  example: string,
  secrets: SecretStore,
): string | null {
  if (typed === undefined || !comesFromEnv(path, typed, 'a login', example, secrets.problems)) return null;
  const resolved = secrets.resolve(path, typed, true);
  if (resolved !== undefined && !resolved.includes(':')) {
    secrets.problems.add(
      path,
      'is not of the form user:password',
      'check the value of the environment variable',
    );
  }
  return typed;
}

function comesFromEnv(
  path: Path,
  typed: string,
  what: string,
  example: string,
  problems: ProblemList,
): boolean {
  if (stretches(typed).some(({ kind }) => kind === 'env')) return true;
  problems.add(
    path,
    `${what} stands in the file`,
    'keep it in the environment: "${'.concat(`env:${example}}"`),
  );
  return false;
}

async function readTls(
  typed: TypedReach['tls'],
  overrides: TlsOverrides,
  files: InputFiles,
  secrets: SecretStore,
): Promise<TlsFiles | undefined> {
  if (typed === undefined && overrides.ca === undefined && overrides.insecure === undefined) return undefined;
  const { problems } = files;
  const path = ['target', 'tls'];
  const caSpot: Spot = overrides.ca === undefined ? [...path, 'ca'] : { option: '--ca' };
  const ca =
    overrides.ca === undefined
      ? await readBeside([...path, 'ca'], typed?.ca, files)
      : await readPem(caSpot, overrides.ca, overrides.ca, problems);
  if (ca !== undefined) checkCertificate(caSpot, ca, problems);
  const cert = await readBeside([...path, 'cert'], typed?.cert, files);
  if (cert !== undefined) checkCertificate([...path, 'cert'], cert, problems);
  const key = await readBeside([...path, 'key'], typed?.key, files);
  if ((typed?.cert === undefined) !== (typed?.key === undefined)) {
    const missing = typed?.cert === undefined ? 'cert' : 'key';
    problems.add(path, `${missing} is missing`, 'a client shows a certificate with its key: cert and key');
  }
  const passphrase = readPassphrase([...path, 'passphrase'], typed?.passphrase, secrets);
  if (cert !== undefined && key !== undefined)
    checkKey([...path, 'key'], cert, key, passphrase?.value, problems);
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(passphrase !== undefined && { passphrase: passphrase.template }),
    insecure: overrides.insecure ?? typed?.insecure ?? false,
  };
}

async function readBeside(
  path: Path,
  reference: string | undefined,
  files: InputFiles,
): Promise<string | undefined> {
  if (reference === undefined) return undefined;
  const file = await files.find(reference, path);
  return file === undefined ? undefined : readPem(path, reference, file, files.problems);
}

/** The text of a file; undefined, and a problem, if it cannot be read or holds nothing of PEM. */
async function readPem(
  spot: Spot,
  reference: string,
  file: string,
  problems: ProblemList,
): Promise<string | undefined> {
  let wrong = await unreadable(file);
  if (wrong === undefined) {
    try {
      let text = '';
      for await (const chunk of createReadStream(file, { encoding: 'latin1', end: PEM_MAX })) text += chunk;
      if (text.length > PEM_MAX) wrong = 'is larger than 1 MiB';
      else if (!text.includes('-----BEGIN ')) wrong = 'is not PEM: it has no -----BEGIN';
      else return text;
    } catch (error) {
      wrong = trouble(error);
    }
  }
  problems.add(spot, `${quote(reference)} ${wrong}`);
  return undefined;
}

function checkCertificate(spot: Spot, pem: string, problems: ProblemList): void {
  try {
    new X509Certificate(pem);
  } catch {
    problems.add(spot, 'holds no certificate that can be read', 'a PEM file has -----BEGIN CERTIFICATE-----');
  }
}

function checkKey(
  path: Path,
  cert: string,
  key: string,
  passphrase: string | undefined,
  problems: ProblemList,
): void {
  try {
    createSecureContext({ cert, key, ...(passphrase !== undefined && { passphrase }) });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (/PASSPHRASE|BAD_DECRYPT|INTERRUPTED|BAD_PASSWORD/.test(code))
      problems.add(path, 'the passphrase does not open the key', 'set target.tls.passphrase');
    else if (code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH')
      problems.add(path, 'is not the key of the certificate in cert');
    else problems.add(path, `cannot be used (${code})`, 'expected a PEM file with a private key');
  }
}

function readPassphrase(
  path: Path,
  typed: string | undefined,
  secrets: SecretStore,
): { readonly template: string; readonly value: string | undefined } | undefined {
  if (typed === undefined || !comesFromEnv(path, typed, 'a passphrase', 'KEY_PASSPHRASE', secrets.problems))
    return undefined;
  return { template: typed, value: secrets.resolve(path, typed, false) };
}
