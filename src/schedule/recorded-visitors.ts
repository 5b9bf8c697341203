// Who sends recorded requests: visitors made of a recorded client and a copy, their lanes, and numbers in a lane.
import { type DrawKey, draw, drawKey, drawUint32, hashText } from '../random.js';
import { type Plan, SEQ_PER_STREAM } from '../scenario/plan.js';

/** Lanes of a shard: those that leave the remainder `index` when divided by `count`. */
export interface LaneShare {
  readonly index: number;
  readonly count: number;
}

/** What is drawn for a client, as numbers of draws; each copy has a block of four. */
const DRAWS = { visitorLow: 0, visitorHigh: 1, shift: 2, extraCopy: 3 } as const;
const DRAWS_PER_COPY = 4;

/** The visitors of one stream: 48 hashed bits of (client, copy); lane: visitor mod L. */
export class RecordedVisitors {
  private readonly keyA: DrawKey;
  private readonly keyB: DrawKey;
  /** Key of the client at hand; one object for all rows. */
  private readonly client = { a: 0, b: 0 };
  private readonly laneCount: number;
  private readonly seqBase: number;
  /** How many arrivals each lane has had. */
  private readonly counts: Float64Array;

  /** @param lanes the lanes to keep; `count` is at most the plan's lanes */
  constructor(
    plan: Plan,
    streamIndex: number,
    private readonly lanes: LaneShare,
  ) {
    this.keyA = drawKey(plan.seed, 'recorded visitor a', streamIndex);
    this.keyB = drawKey(plan.seed, 'recorded visitor b', streamIndex);
    this.laneCount = plan.lanes;
    this.seqBase = streamIndex * SEQ_PER_STREAM;
    this.counts = new Float64Array(plan.lanes);
  }

  /** Makes a recorded client the one that the other methods speak of. */
  select(client: string): void {
    this.client.a = hashText(this.keyA, client);
    this.client.b = hashText(this.keyB, client);
  }

  /** Whether a copy's lane is one of the shard's. */
  isMine(copy: number): boolean {
    return (this.low(copy) % this.laneCount) % this.lanes.count === this.lanes.index;
  }

  visitor(copy: number): number {
    const high = drawUint32(this.client, copy * DRAWS_PER_COPY + DRAWS.visitorHigh) & 0xffff;
    return high * 2 ** 32 + this.low(copy);
  }

  /** Whether the client is one of a share of all clients. */
  isAmong(share: number): boolean {
    return share > 0 && draw(this.client, DRAWS.extraCopy) < share;
  }

  /** A copy's uniform draw in [−1, 1). */
  shift(copy: number): number {
    return 2 * draw(this.client, copy * DRAWS_PER_COPY + DRAWS.shift) - 1;
  }

  /** The number of a visitor's next arrival: the stream's base + L·k + lane, k counted within the lane. */
  nextSeq(visitor: number): number {
    const lane = visitor % this.laneCount;
    return this.seqBase + this.laneCount * this.counts[lane]!++ + lane;
  }

  /** The low 32 bits of a copy's visitor; the lanes are a power of two, so they are enough to know its lane. */
  private low(copy: number): number {
    return drawUint32(this.client, copy * DRAWS_PER_COPY + DRAWS.visitorLow);
  }
}
