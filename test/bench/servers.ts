// What the bench's generators load: nginx where it is installed and faster, else the bench's own receiver.

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../support/free-port.js';
import { Child, isInstalled, RECEIVER_CORE, startScript } from './processes.js';
import type { Seen, ToReceiver } from './receiver.js';

/** A server under load, on a core of its own. */
export interface Server {
  readonly name: string;
  readonly child: Child;
  url(scheme: 'http' | 'https'): string;
  /** Requests and connections since it was started. */
  seen(): Promise<Seen>;
}

/** A certificate for 127.0.0.1 and localhost, and its key, as files. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

/** Makes a certificate of its own in a folder; undefined where openssl is not installed. */
export function makeCertificate(folder: string): Certificate | undefined {
  if (!isInstalled('openssl')) return undefined;
  const files = { certificate: join(folder, 'certificate.pem'), key: join(folder, 'key.pem') };
  execFileSync(
    'openssl',
    [
      ...'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost'.split(
        ' ',
      ),
      ...['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
      ...['-keyout', files.key, '-out', files.certificate],
    ],
    { stdio: 'ignore' },
  );
  return files;
}

/** The bench's own receiver. */
export class Receiver implements Server {
  readonly name = 'receiver.ts (node:net)';
  readonly child: Child;
  #port = 0;

  private constructor(private readonly tls: Certificate | undefined) {
    const args = tls === undefined ? [] : [tls.certificate, tls.key];
    this.child = startScript('./receiver.ts', args, { cores: RECEIVER_CORE, talks: true });
  }

  static async start(tls?: Certificate): Promise<Receiver> {
    const receiver = new Receiver(tls);
    const [{ port }] = (await once(receiver.child.process, 'message')) as [{ port: number }];
    receiver.#port = port;
    return receiver;
  }

  url(): string {
    return `${this.tls === undefined ? 'http' : 'https'}://127.0.0.1:${this.#port}/`;
  }

  seen(): Promise<Seen> {
    return this.child.ask<Seen>({ kind: 'count' } satisfies ToReceiver);
  }

  /** Keeps a stamp of every request from now on, and forgets those before. */
  async keep(): Promise<void> {
    await this.child.ask<Seen>({ kind: 'keep' } satisfies ToReceiver);
  }

  /** The stamps kept: by turns nanoseconds of the monotonic clock and ids, -1 for none. */
  async take(folder: string): Promise<BigInt64Array> {
    const file = join(folder, 'stamps.bin');
    await this.child.ask<Seen>({ kind: 'take', file } satisfies ToReceiver);
    const bytes = readFileSync(file);
    return new BigInt64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  }
}

/** nginx, which answers a fixed text over HTTP/1.1, over TLS, and over HTTP/2 where TLS offers it. */
export class Nginx implements Server {
  readonly name: string;
  readonly child: Child;

  private constructor(
    folder: string,
    private readonly ports: Ports,
    tls: Certificate | undefined,
  ) {
    const version = execFileSync('sh', ['-c', 'nginx -v 2>&1'], { encoding: 'utf8' });
    this.name = version.trim().replace(/^.*nginx\//, 'nginx ');
    const file = join(folder, 'nginx.conf');
    writeFileSync(file, configOf(folder, ports, tls));
    this.child = new Child('nginx', ['-c', file, '-p', folder], { cores: RECEIVER_CORE });
  }

  /** @returns undefined where it is not installed, or does not come up */
  static async start(folder: string, tls: Certificate | undefined): Promise<Nginx | undefined> {
    if (!isInstalled('nginx')) return undefined;
    const ports = { http: await freePort(), https: await freePort(), status: await freePort() };
    const nginx = new Nginx(folder, ports, tls);
    for (let tries = 0; tries < 100 && nginx.child.isRunning; tries++) {
      await sleep(20);
      if (
        await nginx.seen().then(
          () => true,
          () => false,
        )
      )
        return nginx;
    }
    await nginx.child.end();
    return undefined;
  }

  url(scheme: 'http' | 'https'): string {
    return `${scheme}://127.0.0.1:${this.ports[scheme]}/`;
  }

  async seen(): Promise<Seen> {
    const page = await get(this.ports.status);
    const numbers = /^ (\d+) (\d+) (\d+)/m.exec(page);
    if (numbers === null) throw new Error('nginx has no status page');
    return { requests: Number(numbers[3]), connections: Number(numbers[1]) };
  }
}

interface Ports {
  readonly http: number;
  readonly https: number;
  readonly status: number;
}

function configOf(folder: string, { http, https, status }: Ports, tls: Certificate | undefined): string {
  const answer = 'location / { default_type text/plain; return 200 "hello world\\n"; }';
  const secure =
    tls &&
    `
    server {
      listen 127.0.0.1:${https} ssl http2 backlog=16384;
      ssl_certificate ${tls.certificate}; ssl_certificate_key ${tls.key};
      ssl_session_cache shared:bench:10m; ssl_session_tickets on;
      ${answer}
    }`;
  return `daemon off; master_process off; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
    events { worker_connections 18000; multi_accept on; }
    http {
      access_log off; keepalive_requests 1000000000; keepalive_timeout 600s; tcp_nodelay on;
      http2_max_requests 1000000000; http2_max_concurrent_streams 256;
      client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
      fastcgi_temp_path ${folder}/fastcgi; uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
      server { listen 127.0.0.1:${http} backlog=16384; ${answer} }${secure ?? ''}
      server { listen 127.0.0.1:${status}; location / { stub_status; } }
    }`;
}

const agent = new Agent({ keepAlive: true });

function get(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ port, host: '127.0.0.1', agent }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve(text));
    })
      .once('error', reject)
      .end();
  });
}
