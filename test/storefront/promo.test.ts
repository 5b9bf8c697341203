// The default shop under a fivefold promo: healthy, broken in the rise, well again while the load is still high.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Felt, failedShare, PROMO_S, poisson, promo, quantileUs, simulate } from './simulate.js';

const NORMAL_PER_SEC = 60;

for (const seed of [1, 2, 3, 4, 5, 6]) {
  test(`a promo at 200 times its pace breaks the shop, which recovers under load (seed ${seed})`, () => {
    const arrivals = poisson(seed, PROMO_S, 310, (atS) => NORMAL_PER_SEC * promo(atS));
    const { platform, felt } = simulate(arrivals, { speed: 200, seed });
    checkShape(felt, 1);

    const seconds = platform.timeline.read();
    const before = seconds.slice(0, 7).reduce((sum, second) => sum + second.utilisationPermille, 0) / 7;
    assert.ok(before > 350 && before < 650, `utilisation before: ${before} ‰`);
    const early = seconds.slice(0, 10).map((second) => second.instancesServing);
    assert.ok(Math.max(...early) <= 7, 'the autoscaler is late');
    assert.ok(platform.scaler.servingMax >= 12, 'and then scales out');
    assert.equal(platform.scaler.serving, 5, 'and in, two minutes after');
    assert.ok(sum(felt, 'shed') > 200 && sum(felt, 'late') > 100, 'both 503 and 504');
  });
}

test('at ten times its pace the same promo has the same shape', () => {
  const stretch = 20;
  const arrivals = poisson(1, PROMO_S * stretch, 310, (atS) => NORMAL_PER_SEC * promo(atS / stretch));
  const { felt } = simulate(arrivals, { speed: 10, seed: 1 });
  const coarse: Felt[] = [];
  for (let s = 0; s < PROMO_S; s++) coarse.push(joined(felt.slice(s * stretch, (s + 1) * stretch)));
  checkShape(coarse, stretch);
});

/** @param felt by the second of a promo at 200 times its pace */
function checkShape(felt: readonly Felt[], stretch: number): void {
  const before = felt.slice(0, 7);
  assert.ok(failedShare(before) < 0.001, `failed before: ${failedShare(before)}`);
  assert.ok(quantileUs(before, 0.99) < 700e3, `p99 before: ${quantileUs(before, 0.99)}`);

  const broke = felt.findIndex((second) => failedShare([second]) > 0.05);
  const multiple = (felt[broke]?.planned ?? 0) / NORMAL_PER_SEC / stretch;
  assert.ok(broke >= 7 && broke <= 9, `broke in second ${broke}`);
  assert.ok(multiple > 1.5 && multiple < 4.5, `broke at ${multiple} times normal`);

  const worst = Math.max(...felt.map((second) => failedShare([second])));
  assert.ok(worst >= 0.4, `worst second: ${worst}`);

  const recovered = felt.findLastIndex((second) => failedShare([second]) > 0.01) + 1;
  assert.ok(promo(recovered) >= 2.5, `recovered in second ${recovered}, at ${promo(recovered)} times normal`);
  assert.ok(recovered > 14, `recovered in second ${recovered}, too soon to be an incident`);
  const lost = failedShare(felt);
  assert.ok(lost > 0.08 && lost < 0.35, `lost ${lost} of all`);
}

function joined(felt: readonly Felt[]): Felt {
  return {
    planned: sum(felt, 'planned'),
    ok: sum(felt, 'ok'),
    shed: sum(felt, 'shed'),
    late: sum(felt, 'late'),
    responseUs: felt.flatMap((second) => second.responseUs),
  };
}

function sum(felt: readonly Felt[], what: 'planned' | 'ok' | 'shed' | 'late'): number {
  return felt.reduce((total, second) => total + second[what], 0);
}
