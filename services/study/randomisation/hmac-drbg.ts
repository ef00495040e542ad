import { createHmac } from 'node:crypto';

/** One request costs three HMACs whatever it asks for; a block needs a few numbers. */
const DRAWN_AT_ONCE = 64;

/** Seed material of a generator: the list's secret seed, and what this stream of it is for. */
export type Seed = { entropy: Uint8Array; nonce: Uint8Array; personalization?: string };

/**
 * HMAC_DRBG with SHA-256 (NIST SP 800-90A Rev. 1, 10.1.2): the same seed gives the same bits, on any machine. Chosen
 * because it is published with test vectors: a list can be made again by whoever holds its seed.
 */
export class HmacDrbg {
  #key: Uint8Array = new Uint8Array(32);
  #value: Uint8Array = new Uint8Array(32).fill(1);
  /** The update that ends a request is made with the next one: most blocks need a single request. */
  #updateDue = false;
  /** What `below` has asked for and not used yet. */
  #drawn: Uint8Array = new Uint8Array();

  constructor({ entropy, nonce, personalization = '' }: Seed) {
    this.#update(Buffer.concat([entropy, nonce, Buffer.from(personalization)]));
  }

  /** One request (10.1.2.5) of at most 65,536 bytes. */
  bytes(count: number): Uint8Array {
    if (count > 65_536) throw new RangeError('at most 65,536 bytes a request');
    if (this.#updateDue) this.#update();
    const parts: Uint8Array[] = [];
    for (let have = 0; have < count; have += this.#value.length) {
      this.#value = hmac(this.#key, this.#value);
      parts.push(this.#value);
    }
    this.#updateDue = true;
    return Buffer.concat(parts).subarray(0, count);
  }

  /** A whole number from 0 to `limit` - 1, each as likely: what lies beyond the last multiple is drawn again. */
  below(limit: number): number {
    const fair = 2 ** 32 - (2 ** 32 % limit);
    for (;;) {
      if (this.#drawn.length === 0) this.#drawn = this.bytes(DRAWN_AT_ONCE);
      const drawn = Buffer.from(this.#drawn.subarray(0, 4)).readUInt32BE();
      this.#drawn = this.#drawn.subarray(4);
      if (drawn < fair) return drawn % limit;
    }
  }

  #update(provided?: Uint8Array): void {
    for (const round of provided && provided.length > 0 ? [0, 1] : [0]) {
      this.#key = hmac(this.#key, Buffer.concat([this.#value, Buffer.from([round]), provided ?? new Uint8Array()]));
      this.#value = hmac(this.#key, this.#value);
    }
  }
}

function hmac(key: Uint8Array, data: Uint8Array): Uint8Array {
  return createHmac('sha256', key).update(data).digest();
}
