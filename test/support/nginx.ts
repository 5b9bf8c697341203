// A plain nginx on a free loopback port, as a process that is ended by its id; its own access log is the witness.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from './free-port.js';

/** Why there is none; false where there is one. */
export const nginxMissing = spawnSync('nginx', ['-v']).error !== undefined ? 'nginx is not installed' : false;

/** A request as it was logged. */
export interface Logged {
  readonly status: number;
  readonly uri: string;
  readonly host: string;
}

export class Nginx {
  private constructor(
    private child: ChildProcess,
    readonly port: number,
    private readonly folder: string,
  ) {}

  /**
   * @param folder for its files; `page.html` of 2 KB and `large.html` of 200 KB are in `folder/html`
   * @param locations inside its `server` block
   * @param http inside its `http` block
   */
  static async start(folder: string, locations: string, http = ''): Promise<Nginx> {
    const port = await freePort();
    mkdirSync(join(folder, 'html'), { recursive: true });
    writeFileSync(join(folder, 'html', 'page.html'), 'x'.repeat(2_000));
    writeFileSync(join(folder, 'html', 'large.html'), 'x'.repeat(200_000));
    writeFileSync(
      join(folder, 'nginx.conf'),
      `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log crit;
       events { worker_connections 8192; }
       http {
         log_format plain '$status $request_uri $host';
         access_log ${folder}/access.log plain;
         client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
         fastcgi_temp_path ${folder}/fastcgi; uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
         ${http}
         server { listen 127.0.0.1:${port}; root ${folder}/html; ${locations} }
       }`,
    );
    return new Nginx(await launch(folder, port), port, folder);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Forgets what was logged. */
  clearLog(): void {
    writeFileSync(join(this.folder, 'access.log'), '');
  }

  /** What was logged since; connections that sent nothing, as a preflight's, are logged by none. */
  logged(): Logged[] {
    const text = readFileSync(join(this.folder, 'access.log'), 'utf8').trim();
    if (text === '') return [];
    return text.split('\n').map((line) => {
      const [status = '', uri = '', host = ''] = line.split(' ');
      return { status: Number(status), uri, host };
    });
  }

  async stop(): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.kill('SIGQUIT');
    await ended;
  }

  /** Starts it again where it was, with the log it had. */
  async startAgain(): Promise<void> {
    this.child = await launch(this.folder, this.port);
  }
}

async function launch(folder: string, port: number): Promise<ChildProcess> {
  const child = spawn('nginx', ['-c', join(folder, 'nginx.conf'), '-p', folder], { stdio: 'ignore' });
  for (let tries = 0; tries < 200 && !(await answers(port)); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return child;
}

function answers(at: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(at, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** Locations that fail in the ways nginx knows: statuses, a cut connection, a limit, a dead upstream, a slow answer. */
export const FAULTY = {
  http: 'limit_req_zone $server_port zone=few:1m rate=20r/s; limit_req_status 429;',
  locations: `
    location /ok { return 200 "hello"; }
    location /busy { return 503 "busy"; }
    location /gone { return 404 "gone"; }
    location /cut { return 444; }
    location /limited { limit_req zone=few; try_files /page.html =404; }
    location /dead { proxy_pass http://127.0.0.1:1; }
    location /slow { limit_rate 400k; try_files /large.html =404; }`,
  /** A scenario's requests of all of them. */
  requests: `
      - { route: ok, weight: 70, get: "/ok?id={seq}" }
      - { route: busy, weight: 5, get: "/busy?id={seq}" }
      - { route: gone, weight: 5, get: "/gone?id={seq}" }
      - { route: cut, weight: 5, get: "/cut?id={seq}" }
      - { route: limited, weight: 10, get: "/limited?id={seq}" }
      - { route: dead, weight: 4, get: "/dead?id={seq}" }
      - { route: slow, weight: 1, get: "/slow?id={seq}" }`,
} as const;
