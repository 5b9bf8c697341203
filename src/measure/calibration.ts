// What a machine was found able to generate, as `flashcrowd calibrate` keeps it and as a result's head tells it.

/** What decides how much a machine can generate; a ceiling holds for its own alone. */
export interface CalibrationKey {
  readonly host: string;
  readonly processor: string;
  /** Cores that a process may use; a fraction where a quota says so. */
  readonly cores: number;
  readonly node: string;
  /** Of flashcrowd. */
  readonly version: string;
  readonly transport: 'wire' | 'undici' | 'http2';
  readonly secure: boolean;
}

/** One step of the stairs: a rate that was held for some seconds. Times are microseconds. */
export interface Step {
  readonly ratePerSec: number;
  readonly planned: number;
  readonly ok: number;
  readonly lagP50Us: number;
  readonly lagP99Us: number;
  readonly responseP50Us: number;
  readonly responseP99Us: number;
  /** Processor time that the generator and the null server took, as cores. */
  readonly cpuCores: number;
  readonly serverCores: number;
}

/** What came of a calibration. */
export interface Calibration extends CalibrationKey {
  /** ISO instant. */
  readonly measuredAt: string;
  /** Sender threads that it was measured with. */
  readonly workers: number;
  /** The highest rate, requests a second, that kept its times; a lower bound, as the server took processor time too. */
  readonly ceilingPerSec: number;
  /** Whether the highest step of all kept its times: then there may be more. */
  readonly topHeld: boolean;
  /** The step at the ceiling, and the one nearest to half of it: the noise floor. */
  readonly atCeiling: Step;
  readonly atHalf: Step;
  /** Requests for each second of processor time at the ceiling. */
  readonly perCpuSec: number;
  /** Most new connections a second, a request on each; null where it was not measured. */
  readonly connectionsPerSec: number | null;
}

/** How a run stands to its machine's ceiling. */
export interface CeilingUse {
  /** What the run's workers can send on this machine, requests a second. */
  readonly ceilingPerSec: number;
  /** The planned peak of this shard as a share of that; above 1 where it is more. */
  readonly share: number;
  /** When that was measured. */
  readonly measuredAt: string;
}
