// Has the process watched while a run goes on: the real clocks and files behind the watch, and its timer.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { monotonicNowUs } from '../drive/pacing/clock.js';
import type { ResultLine } from '../measure/result-file.js';
import type { Shard } from '../schedule/lanes.js';
import { type ProcessLimits, type ProcessReader, ProcessWatch } from './process-watch.js';

const TICK_MS = 250;

/** Watches this process from now on; to be ended before the end line. */
export function watchProcess(
  shard: Shard,
  startUs: number,
  limits: ProcessLimits,
  emit: (line: ResultLine) => void,
): { end(): void } {
  const watch = new ProcessWatch(`${shard.i}/${shard.n}`, startUs, limits, SYSTEM);
  const tick = (over: boolean) => {
    const vitals = watch.tick(TICK_MS * 1e3, over);
    if (vitals !== null) emit({ kind: 'process', vitals });
  };
  const timer = setInterval(() => tick(false), TICK_MS);
  timer.unref();
  return {
    end: () => {
      clearInterval(timer);
      tick(true);
    },
  };
}

const SYSTEM: ProcessReader = {
  read: (file) => {
    try {
      return readFileSync(file, 'latin1');
    } catch {
      return null;
    }
  },
  descriptors: () => {
    try {
      // Since Linux 6.2 the folder's size says how many there are; to list twenty thousand takes 20 ms.
      return statSync('/proc/self/fd').size || readdirSync('/proc/self/fd').length;
    } catch {
      return null;
    }
  },
  cpuUs: () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  rssBytes: () => process.memoryUsage.rss(),
  wallUs: () => Date.now() * 1e3,
  nowUs: monotonicNowUs,
};
