// The bench's child processes: started on a core of their own, watched from outside, and ended by their ids.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

/** A child that does not end when it is asked to is killed after this. */
const END_MS = 3_000;

/** A kernel tick: what CPU time is counted in. Linux fixes it for user space. */
const TICKS_PER_S = 100;

const running = new Set<ChildProcess>();
const pins = process.platform === 'linux' && isInstalled('taskset') && availableParallelism() > 1;

/** Whether sides keep to one core each: generators on core 0, receivers on core 1. */
export const isPinned = pins;

export const GENERATOR_CORE = '0';
export const RECEIVER_CORE = '1';

/** Whether a program is on the PATH. */
export function isInstalled(program: string): boolean {
  const found = spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program], { stdio: 'ignore' });
  return found.status === 0;
}

export interface StartOptions {
  /** A core's number, or several, as taskset writes them; null: any. */
  readonly cores: string | null;
  /** Whether the child speaks with us over a channel. */
  readonly talks?: boolean;
  readonly env?: NodeJS.ProcessEnv;
}

/** A child and what it said. */
export class Child {
  readonly process: ChildProcess;
  #out = '';
  #errors = '';

  constructor(program: string, args: readonly string[], { cores, talks, env }: StartOptions) {
    const [command, rest] =
      cores !== null && pins ? ['taskset', ['-c', cores, program, ...args]] : [program, [...args]];
    this.process = spawn(command, rest, {
      stdio: talks ? ['ignore', 'pipe', 'pipe', 'ipc'] : ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    running.add(this.process);
    this.process.once('exit', () => running.delete(this.process));
    // A program that is not there has no id and never exits.
    this.process.once('error', () => running.delete(this.process));
    this.process.stdout?.on('data', (chunk: Buffer) => (this.#out = last(this.#out + chunk.toString())));
    this.process.stderr?.on(
      'data',
      (chunk: Buffer) => (this.#errors = last(this.#errors + chunk.toString())),
    );
  }

  get pid(): number {
    if (this.process.pid === undefined) throw new Error('a child did not start');
    return this.process.pid;
  }

  get isRunning(): boolean {
    return running.has(this.process);
  }

  /** The end of what it has written. */
  get output(): string {
    return this.#out;
  }

  get errors(): string {
    return this.#errors;
  }

  /** CPU time of all its threads so far, in seconds; by hundredths. */
  cpuS(): number {
    return cpuSOf(this.pid);
  }

  /** Memory in use now, in bytes. */
  rssBytes(): number {
    return rssBytesOf(this.pid);
  }

  /** Sends a message and waits for the answer to it. */
  async ask<Answer>(message: object): Promise<Answer> {
    const answered = once(this.process, 'message') as Promise<[Answer]>;
    this.process.send(message);
    return (await answered)[0];
  }

  /** Waits for its end. */
  async ended(): Promise<void> {
    if (this.isRunning) await once(this.process, 'exit');
  }

  /** Asks it to end, and sees to it. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (!this.isRunning) return;
    const killed = setTimeout(() => this.process.kill('SIGKILL'), END_MS);
    this.process.kill(signal);
    await this.ended();
    clearTimeout(killed);
  }
}

/** Starts one of the bench's own TypeScript files. */
export function startScript(file: string, args: readonly string[], options: StartOptions): Child {
  const script = fileURLToPath(new URL(file, import.meta.url));
  // Young objects have as much room as in a worker of a run.
  const heap = '--max-semi-space-size=21';
  return new Child(process.execPath, [heap, '--import', 'tsx', script, ...args], options);
}

/** Ends every child when this process ends, whatever ends it. */
export function endChildrenOnExit(): void {
  const endAll = () => {
    for (const child of running) child.kill('SIGKILL');
  };
  process.on('exit', endAll);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      endAll();
      process.exit(signal === 'SIGTERM' ? 143 : 130);
    });
  }
}

/** Time that the kernel says a process has had on a core, children that it has waited for apart. */
function cpuSOf(pid: number): number {
  if (process.platform !== 'linux') return secondsOf(ps('time', pid));
  // The second field is the program's name in brackets, which may hold anything.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
}

function rssBytesOf(pid: number): number {
  if (process.platform !== 'linux') return Number(ps('rss', pid)) * 1_024;
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s*(\d+)/m.exec(status)?.[1]) * 1_024;
}

function ps(field: string, pid: number): string {
  return execFileSync('ps', ['-o', `${field}=`, '-p', String(pid)], { encoding: 'utf8' }).trim();
}

/** `1-02:03:04.05` as seconds. */
function secondsOf(time: string): number {
  const [clock = '0', days = '0'] = time.split('-').reverse();
  return Number(days) * 86_400 + clock.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
}

/** A message's end is what matters, and a child may write without end. */
function last(text: string): string {
  return text.length > 200_000 ? text.slice(-100_000) : text;
}
