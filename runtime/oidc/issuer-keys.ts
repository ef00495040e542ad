import { createLocalJWKSet, type CryptoKey, errors, type JWK, type JWTHeaderParameters } from 'jose';
import { InvalidTokenError, IssuerUnavailableError } from '../../api/auth/token.ts';

/** From then on keys are loaded again beside the requests; after twice as long a request waits for it. */
const FRESH_MS = 5 * 60_000;
/** So long keys are trusted of an issuer that doesn't answer: its tokens have all expired by then. */
const TRUSTED_MS = 24 * 3_600_000;
/** Tokens with made-up key ids make us ask the issuer no more often than this. */
const PAUSE_MS = 10_000;
const PAUSE_AFTER_FAILURE_MS = 2000;

export type IssuerKeys = {
  /** The key that a token's header names. Throws InvalidTokenError when the issuer has none, IssuerUnavailableError when that can't be told. */
  keyFor(header: JWTHeaderParameters): Promise<CryptoKey>;
  /** Throws IssuerUnavailableError while there are no keys to verify with. */
  ready(): Promise<void>;
};

type Options = {
  load: () => Promise<JWK[]>;
  /** Told of each failure to load. */
  onFailure: (error: unknown) => void;
  /** A clock that only goes forward, in milliseconds. */
  now?: () => number;
};

/** The issuer's keys, kept: loaded on first use, again every five minutes beside the requests, and for a key id that is not among them. */
export function issuerKeys({ load, onFailure, now = () => performance.now() }: Options): IssuerKeys {
  let kept: { find: ReturnType<typeof createLocalJWKSet>; at: number } | undefined;
  let last: { at: number; failed: boolean } | undefined;
  let loading: Promise<void> | undefined;

  const isTrusted = () => kept !== undefined && now() - kept.at < TRUSTED_MS;
  const isDue = () => last === undefined || now() - last.at >= (last.failed ? PAUSE_AFTER_FAILURE_MS : PAUSE_MS);

  /** One attempt for all who wait; none within the pause. Never throws. */
  const reload = async (): Promise<void> => {
    if (loading === undefined && !isDue()) return;
    loading ??= attempt().finally(() => (loading = undefined));
    await loading;
  };
  const attempt = async () => {
    try {
      const keys = await load();
      kept = { find: createLocalJWKSet({ keys }), at: now() };
      last = { at: now(), failed: false };
    } catch (error) {
      last = { at: now(), failed: true };
      onFailure(error);
    }
  };
  const trusted = async () => {
    if (!isTrusted()) await reload();
    if (kept === undefined || !isTrusted()) throw new IssuerUnavailableError('the issuer does not answer');
    return kept;
  };

  return {
    ready: async () => void (await trusted()),
    keyFor: async (header) => {
      const { find, at } = await trusted();
      const age = now() - at;
      if (age >= 2 * FRESH_MS && !last?.failed) await reload();
      else if (age >= FRESH_MS) void reload();
      const key = await found(kept?.find ?? find, header);
      if (key) return key;
      await reload();
      const afresh = await found((await trusted()).find, header);
      if (afresh) return afresh;
      // A new key of an issuer that is away looks the same as a made-up one.
      throw last?.failed ? new IssuerUnavailableError('the issuer does not answer') : new InvalidTokenError('invalid token');
    },
  };
}

/** The one key that fits the header. Where several do, the token should have named one (OpenID Connect Core, 10.1). */
async function found(find: ReturnType<typeof createLocalJWKSet>, header: JWTHeaderParameters): Promise<CryptoKey | undefined> {
  try {
    return await find(header);
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) return undefined;
    // Several, or one that can't be read: asking the issuer again would change nothing.
    throw new InvalidTokenError('invalid token');
  }
}
