import type { ProtocolBody } from '../protocol-schema.ts';
import { HmacDrbg } from './hmac-drbg.ts';

export type Plan = Pick<NonNullable<ProtocolBody['randomisation']>, 'arms' | 'blockSizes'>;
/** Which block: of the list with this seed, of this stratum, counted from 0. */
export type BlockOf = { seed: Uint8Array; stratum: string; block: number };

/**
 * The arms of one permuted block (ICH E9, 2.3.2): its size drawn from the protocol's, every arm in it as often as its
 * ratio says, in an order drawn by the shuffle of Fisher and Yates (Knuth, TAOCP 2, 3.4.2, Algorithm P). Each block has
 * a stream of its own, so a list that was extended piece by piece is the one that would have been made at once.
 */
export function permutedBlock({ arms, blockSizes }: Plan, { seed, stratum, block }: BlockOf): string[] {
  const random = new HmacDrbg({ entropy: seed, nonce: new Uint8Array(), personalization: `${stratum}/${block}` });
  const size = blockSizes[random.below(blockSizes.length)] ?? 0;
  const sum = arms.reduce((total, arm) => total + arm.ratio, 0);
  const order = arms.flatMap(({ code, ratio }) => Array.from({ length: (ratio * size) / sum }, () => code));
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = random.below(last + 1);
    [order[last], order[other]] = [order[other] ?? '', order[last] ?? ''];
  }
  return order;
}
