import { describe, expect, it } from 'vitest';
import { HmacDrbg } from '../../services/study/randomisation/hmac-drbg.ts';
import { permutedBlock } from '../../services/study/randomisation/permuted-blocks.ts';

const hex = (text: string) => Buffer.from(text, 'hex');

describe('the generator of randomisation lists', () => {
  it('gives the bits of the published test vector (NIST CAVP, HMAC_DRBG, SHA-256, no reseed, count 0)', () => {
    const random = new HmacDrbg({
      entropy: hex('ca851911349384bffe89de1cbdc46e6831e44d34a4fb935ee285dd14b71a7488'),
      nonce: hex('659ba96c601dc69fc902940805ec0ca8'),
    });
    random.bytes(128);
    expect(Buffer.from(random.bytes(128)).toString('hex')).toBe(
      'e528e9abf2dece54d47c7e75e5fe302149f817ea9fb4bee6f4199697d04d5b89d54fbb978a15b5c443c9ec21036d2460b6f73ebad0dc2aba6e624abf07745bc1' +
        '07694bb7547bb0995f70de25d6b29e2d3011bb19d27676c07162c8b5ccde0668961df86803482cb37ed6d5c0bb8d50cf1f50d476aa0458bdaba806f48be9dcb8',
    );
  });

  it('draws each number below a limit about as often', () => {
    const random = new HmacDrbg({ entropy: Buffer.alloc(32, 7), nonce: new Uint8Array() });
    const counts = [0, 0, 0, 0, 0, 0, 0];
    for (let draw = 0; draw < 7000; draw += 1) counts[random.below(7)]! += 1;
    // Chi-squared with 6 degrees of freedom: 22.46 is passed once in a thousand seeds, and this seed is fixed.
    expect(counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)).toBeLessThan(22.46);
  });
});

describe('a permuted block', () => {
  const plan = { arms: [{ code: 'A', ratio: 2 }, { code: 'B', ratio: 1 }], blockSizes: [3, 6] };
  const seed = Buffer.alloc(32, 1);
  const blocks = (how: { seed?: Uint8Array; stratum?: string }, count = 1000) =>
    Array.from({ length: count }, (_, block) => permutedBlock(plan, { seed, stratum: 'sex=female', block, ...how }));

  it('holds every arm exactly as often as its ratio says, in each of the sizes, in every order', () => {
    const all = blocks({});
    for (const block of all) expect(block.filter((arm) => arm === 'A')).toHaveLength((block.length / 3) * 2);
    expect(new Set(all.map((block) => block.length))).toEqual(new Set([3, 6]));
    // 3 orders of a block of 3, 15 of a block of 6.
    expect(new Set(all.map((block) => block.join(''))).size).toBe(18);
  });

  it('is the same for the same seed, and another for another seed or stratum', () => {
    expect(blocks({})).toEqual(blocks({}));
    expect(blocks({ seed: Buffer.alloc(32, 2) })).not.toEqual(blocks({}));
    expect(blocks({ stratum: 'sex=male' })).not.toEqual(blocks({}));
  });

  it('of a single arm is that arm', () => {
    expect(permutedBlock({ arms: [{ code: 'A', ratio: 1 }], blockSizes: [2] }, { seed, stratum: '', block: 0 })).toEqual(['A', 'A']);
  });
});
