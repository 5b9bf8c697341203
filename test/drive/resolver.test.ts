// Names during a run, on a schedule that only the test moves: when they are asked for, and what is in use meanwhile.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { resolveName } from '../../src/drive/sockets/names.js';
import { type NameAnswer, Resolver } from '../../src/drive/sockets/resolver.js';

/** A resolver whose questions are answered by a list; each `step` goes on to the next question and its answer. */
function simulate(
  first: NameAnswer,
  answers: (NameAnswer | null)[],
  accepts: (a: string) => boolean = () => true,
) {
  const changes: (readonly string[])[] = [];
  const delays: number[] = [];
  let wake: (() => void) | null = null;
  let asked = 0;
  const resolver = new Resolver({
    first,
    resolve: async () => {
      const answer = answers[asked++];
      if (answer === undefined || answer === null) throw new Error('no answer');
      return answer;
    },
    schedule: (delayUs, callback) => {
      assert.equal(wake, null, 'one question at a time');
      delays.push(delayUs);
      wake = callback;
      return () => {
        wake = null;
      };
    },
    accepts,
    changed: (addresses) => changes.push(addresses),
  });
  const step = async () => {
    const callback = wake;
    wake = null;
    callback?.();
    await new Promise(setImmediate);
  };
  return { resolver, changes, delays, step, asked: () => asked, waits: () => wake !== null };
}

const answer = (ttlS: number | null, ...addresses: string[]): NameAnswer => ({ addresses, ttlS });

describe('the resolver', () => {
  it('asks again when an answer has aged, at least every minute and at most every second', async () => {
    const { resolver, delays, step } = simulate(answer(20, 'a'), [
      answer(0, 'a'),
      answer(3600, 'a'),
      answer(null, 'a'),
    ]);
    resolver.start();
    for (let i = 0; i < 3; i++) await step();
    assert.deepEqual(delays, [20e6, 1e6, 60e6, 30e6]);
  });

  it('takes new addresses into rotation and gone ones out, and says so only then', async () => {
    const { resolver, changes, step } = simulate(answer(1, 'a', 'b'), [
      answer(1, 'b', 'a'),
      answer(1, 'c', 'b', 'a'),
      answer(1, 'c', 'd'),
    ]);
    resolver.start();
    for (let i = 0; i < 3; i++) await step();
    assert.deepEqual(changes, [
      ['a', 'b', 'c'],
      ['c', 'd'],
    ]);
    assert.deepEqual([resolver.changes, resolver.failures], [2, 0]);
  });

  it('goes on with the last known addresses while the name does not resolve', async () => {
    const { resolver, changes, delays, step } = simulate(answer(10, 'a'), [
      null,
      answer(10),
      answer(10, 'b'),
    ]);
    resolver.start();
    await step();
    await step();
    assert.deepEqual(resolver.addresses, ['a']);
    assert.equal(resolver.failures, 2);
    await step();
    assert.deepEqual(changes, [['b']]);
    assert.deepEqual(delays, [10e6, 5e6, 5e6, 10e6]);
  });

  it('never uses an address that is not accepted', async () => {
    const { resolver, step } = simulate(
      answer(1, 'a'),
      [answer(1, 'x', 'b'), answer(1, 'x')],
      (a) => a !== 'x',
    );
    resolver.start();
    await step();
    await step();
    assert.deepEqual(resolver.addresses, ['b']);
    assert.equal(resolver.failures, 1);
  });

  it('asks no more once it is stopped, and takes no answer that comes later', async () => {
    const { resolver, changes, step, asked, waits } = simulate(answer(1, 'a'), [
      answer(1, 'b'),
      answer(1, 'c'),
    ]);
    resolver.start();
    const stepped = step();
    resolver.stop();
    await stepped;
    assert.deepEqual([changes, asked(), waits()], [[], 1, false]);
    resolver.stop();
    await step();
    assert.equal(asked(), 1);
  });

  it('always has an address, and as many as the last answer that had any', async () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd');
    const answers = fc.array(
      fc.option(fc.record({ addresses: fc.uniqueArray(name), ttlS: fc.option(fc.nat(100)) })),
      { maxLength: 10 },
    );
    await fc.assert(
      fc.asyncProperty(answers, async (list) => {
        const { resolver, step } = simulate(answer(1, 'a'), list);
        resolver.start();
        for (let i = 0; i < list.length; i++) await step();
        const last = list.filter((one) => one !== null && one.addresses.length > 0).at(-1);
        assert.deepEqual([...resolver.addresses].sort(), [...(last?.addresses ?? ['a'])].sort());
      }),
    );
  });
});

describe('a name', () => {
  const of = (own: NameAnswer | null, dns: NameAnswer | null) => {
    const asked: string[] = [];
    const give = (way: string, what: NameAnswer | null) => async () => {
      asked.push(way);
      if (what === null) throw Object.assign(new Error(way), { code: 'ENOTFOUND' });
      return what;
    };
    return { asked, services: { lookUp: give('own', own), askDns: give('dns', dns) } };
  };
  const rows: readonly (readonly [string, NameAnswer | null, NameAnswer, 'own' | 'dns'])[] = [
    ['that DNS knows is asked of DNS again', answer(7, 'a', 'b'), answer(null, 'b'), 'dns'],
    [
      'that a hosts file points elsewhere never goes where DNS says',
      answer(7, 'prod'),
      answer(null, 'stg'),
      'own',
    ],
    ['that DNS does not know is looked up again', null, answer(null, 'a'), 'own'],
  ];
  for (const [what, dns, own, again] of rows) {
    it(what, async () => {
      const { asked, services } = of(own, dns);
      const name = await resolveName('shop.test', services);
      assert.deepEqual(name.first, again === 'dns' ? dns : own);
      asked.length = 0;
      await name.again();
      assert.deepEqual(asked, [again]);
    });
  }

  it('that this machine does not know is none, whatever DNS says', async () => {
    await assert.rejects(resolveName('shop.test', of(null, answer(1, 'a')).services), /own/);
  });
});
