// The two questions of a recorded incident: did the control break as that night did, and did the candidate hold.
import type { Snapshot } from '../../measure/snapshot.js';
import { closedThroughS, okOf, type SecondTotals, warmupEndS } from '../facts.js';
import { outages, patienceFor } from '../incident/outages.js';

/** How far apart two onsets may lie, and by which part of the recorded outage's length, whichever is more. */
const ONSET_S = 30;
const ONSET_PART = 0.25;
/** A control fails at least this part of what failed in the recorded outage; its own is as long within a factor of 2. */
const AS_BAD = 0.5;
const AS_LONG = 2;
/** The worst is that of so many seconds: single ones of little traffic say nothing. */
const WORST_S = 10;

/** An outage, in seconds of due time. */
export interface Broken {
  readonly startS: number;
  /** The first second in which it was well again; null where it was not by the end. */
  readonly endS: number | null;
  /** Failed share from start to end. */
  readonly failed: number;
  /** The highest failed share of ten seconds in it. */
  readonly worst: number;
}

/** The operations of recordings whose recorded status is known: as they went then, and as they went in this run. */
export interface Night {
  readonly durationS: number;
  readonly recorded: readonly Broken[];
  /** Outages of the streams that hold them. */
  readonly replayed: readonly Broken[];
  /** Failed shares over the whole; of those recorded, and of their streams. */
  readonly failedThen: number;
  readonly failedNow: number;
}

export type Reproduced = 'reproduced' | 'not_reproduced' | 'nothing_recorded';

export interface ControlAnswer {
  readonly name: string;
  readonly reproduced: Reproduced;
  /** The outage of this run that is held against the recorded one; null where it did not break. */
  readonly outage: Broken | null;
  /** Why it does not count as that night; empty where it does. */
  readonly because: readonly NightReason[];
}

export type NightReason = 'did_not_break' | 'broke_at_another_time' | 'too_mild' | 'too_short' | 'too_long';

export interface CandidateAnswer {
  readonly name: string;
  readonly held: boolean;
  /** The worst outage of this run. */
  readonly outage: Broken | null;
}

/** `shown`: every control broke as that night did, and every candidate held. */
export type FixVerdict = 'shown' | 'did_not_hold' | 'not_shown' | 'nothing_recorded';

export interface NightAnswer {
  readonly verdict: FixVerdict;
  /** The recorded outage that cost the most; null where the recording has none. */
  readonly recorded: Broken | null;
  readonly controls: readonly ControlAnswer[];
  readonly candidates: readonly CandidateAnswer[];
}

/** What a snapshot says of the recorded night; null where no recorded status is known. */
export function nightOf(snapshot: Snapshot): Night | null {
  const { head } = snapshot;
  const fromS = warmupEndS(head);
  const was: SecondTotals[] = [];
  const is: SecondTotals[] = [];
  const isRecording = head.plan.streams.map(({ kind }) => kind === 'recording');
  for (let t = fromS; t < closedThroughS(snapshot); t++) {
    const then = { planned: 0, ok: 0 };
    const now = { planned: 0, ok: 0 };
    (snapshot.seconds.get(t)?.streams ?? []).forEach((counts, i) => {
      if (!isRecording[i]) return;
      now.planned += counts.planned;
      now.ok += okOf(counts);
      then.planned += counts.recorded?.planned ?? 0;
      then.ok += (counts.recorded?.planned ?? 0) - (counts.recorded?.failed ?? 0);
    });
    was.push(then);
    is.push(now);
  }
  if (was.every(({ planned }) => planned === 0)) return null;
  return {
    durationS: head.durationS,
    recorded: brokenIn(was, fromS),
    replayed: brokenIn(is, fromS),
    failedThen: failedIn(was),
    failedNow: failedIn(is),
  };
}

/**
 * Answers both questions. A candidate that broke did not hold, whatever the controls did; that one held shows something
 * only beside controls that broke as that night did.
 */
export function answerNight(
  controls: readonly { readonly name: string; readonly night: Night }[],
  candidates: readonly { readonly name: string; readonly night: Night }[],
): NightAnswer {
  const [first] = controls;
  const then = first === undefined ? null : costliest(first.night.recorded, first.night.durationS);
  const answers = controls.map(({ name, night }) => controlAnswer(name, night));
  const held = candidates.map(({ name, night }) => {
    const outage = costliest(night.replayed, night.durationS);
    return { name, held: outage === null, outage };
  });
  return { verdict: fixVerdict(then, answers, held), recorded: then, controls: answers, candidates: held };
}

function fixVerdict(
  then: Broken | null,
  controls: readonly ControlAnswer[],
  candidates: readonly CandidateAnswer[],
): FixVerdict {
  if (then === null) return 'nothing_recorded';
  if (candidates.some(({ held }) => !held)) return 'did_not_hold';
  return controls.every(({ reproduced }) => reproduced === 'reproduced') ? 'shown' : 'not_shown';
}

function controlAnswer(name: string, { recorded, replayed, durationS }: Night): ControlAnswer {
  const night = costliest(recorded, durationS);
  if (night === null) {
    return { name, reproduced: 'nothing_recorded', outage: costliest(replayed, durationS), because: [] };
  }
  const nearest = [...replayed].sort(
    (a, b) => Math.abs(a.startS - night.startS) - Math.abs(b.startS - night.startS),
  )[0];
  if (nearest === undefined) {
    return { name, reproduced: 'not_reproduced', outage: null, because: ['did_not_break'] };
  }
  const because = differences(night, nearest, durationS);
  return {
    name,
    reproduced: because.length === 0 ? 'reproduced' : 'not_reproduced',
    outage: nearest,
    because,
  };
}

function differences(then: Broken, now: Broken, durationS: number): NightReason[] {
  const lengthThen = lengthOf(then, durationS);
  const lengthNow = lengthOf(now, durationS);
  const reasons: NightReason[] = [];
  if (Math.abs(now.startS - then.startS) > Math.max(ONSET_S, ONSET_PART * lengthThen)) {
    reasons.push('broke_at_another_time');
  }
  if (now.failed < AS_BAD * then.failed) reasons.push('too_mild');
  if (lengthNow < lengthThen / AS_LONG) reasons.push('too_short');
  // An outage that the recording cuts may have been of any length.
  if (then.endS !== null && lengthNow > Math.max(lengthThen * AS_LONG, lengthThen + ONSET_S)) {
    reasons.push('too_long');
  }
  return reasons;
}

/** How long an outage lasted, or to the end of the run. */
export function lengthOf({ startS, endS }: Broken, durationS: number): number {
  return (endS ?? durationS) - startS;
}

/** The outage in which the most failed, by share and length. */
function costliest(all: readonly Broken[], durationS: number): Broken | null {
  let most: Broken | null = null;
  for (const one of all) {
    const cost = one.failed * lengthOf(one, durationS);
    if (most === null || cost > most.failed * lengthOf(most, durationS)) most = one;
  }
  return most;
}

function brokenIn(seconds: readonly SecondTotals[], fromS: number): Broken[] {
  return outages(seconds, patienceFor(seconds.length)).map(({ startS, endS }) => {
    const own = seconds.slice(startS, endS ?? seconds.length);
    return {
      startS: startS + fromS,
      endS: endS === null ? null : endS + fromS,
      failed: failedIn(own),
      worst: worstOf(own),
    };
  });
}

function worstOf(seconds: readonly SecondTotals[]): number {
  let worst = 0;
  for (let t = 0; t < seconds.length; t += WORST_S) {
    worst = Math.max(worst, failedIn(seconds.slice(t, t + WORST_S)));
  }
  return worst;
}

function failedIn(seconds: readonly SecondTotals[]): number {
  let planned = 0;
  let ok = 0;
  for (const second of seconds) {
    planned += second.planned;
    ok += second.ok;
  }
  return planned === 0 ? 0 : (planned - ok) / planned;
}
