// The address that a visitor seems to come from, for a target that believes such a header: one each, out of a range.
import { type DrawKey, drawKey, drawUint32 } from '../../random.js';
import type { ForwardedFor } from '../../scenario/forwarded-for.js';
import type { Exchange } from '../exchange.js';
import { Without, withHeader } from './headers.js';

export class ForwardedAddresses {
  /** By stream. */
  readonly #keys: DrawKey[] = [];
  readonly #withoutOwn: Without;

  constructor(
    private readonly seed: number,
    private readonly rule: ForwardedFor,
  ) {
    this.#withoutOwn = new Without([rule.header]);
  }

  /** Adds the header to a request, in place of its own. */
  prepare(exchange: Exchange): void {
    const { header } = this.rule;
    exchange.request.headers = this.#withoutOwn.of(exchange.request.headers);
    exchange.extraHeaders = withHeader(exchange.extraHeaders, header, this.#addressOf(exchange));
  }

  /** The same for the same visitor, in every shard and every run of this seed. */
  #addressOf({ stream, visitor }: Exchange): string {
    const key = (this.#keys[stream] ??= drawKey(this.seed, stream, 'address'));
    const { first, count } = this.rule;
    const address = first + (drawUint32(key, visitor) % count);
    return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
  }
}
