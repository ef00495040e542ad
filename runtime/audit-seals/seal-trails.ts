import type { Logger } from 'pino';
import { type Seal, sealKeysOf, sealTrail } from '../../db/audit/index.ts';
import type { KeyRing } from '../../db/encryption/key-ring.ts';
import type { ServiceDatabase } from '../../db/index.ts';
import { type Sweep, sweepEvery } from '../sweep.ts';
import { type Checked, trailCheck } from './check-trail.ts';
import { writeWitness } from './witness.ts';

export type SealSettings = {
  everyMs: number;
  /** Where seals are written down outside of the database. */
  dir: string;
};

/** Told of each trail once it is sealed up to its end, and of each piece that was checked. */
export type TrailObserver = {
  onSealed(service: string, at: Date): void;
  onChecked(service: string, checked: Checked & { at: Date }): void;
};

type Options = SealSettings & { observe?: TrailObserver; databases: readonly ServiceDatabase[]; ring: KeyRing; clock: () => Date; log: Logger };

/**
 * Seals the trails of these services every so often, and once more when it is stopped. Each seal is written to a file
 * and to the log as well: whoever has the database alone can't take it back. A piece of what is sealed is checked each time.
 */
export function sealTrails({ databases, ring, clock, log, everyMs, dir, observe }: Options): Sweep {
  const keys = sealKeysOf(ring);
  const sweeps = databases.map((db) => {
    const onSeal = async (seal: Seal, hash: Buffer) => {
      log.info({ service: db.schema, seal: seal.number, up_to: seal.upTo, hash: hash.toString('hex') }, 'audit trail sealed');
      await writeWitness(dir, { schema: db.schema, seal, hash });
    };
    const check = trailCheck({ db, keys, log });
    const seal = async () => {
      await sealTrail(db, { keys, clock, onSeal });
      observe?.onSealed(db.schema, clock());
    };
    const pass = async () => {
      await seal();
      observe?.onChecked(db.schema, { ...(await check()), at: clock() });
    };
    const sweep = sweepEvery<void>({ everyMs, log, what: 'an audit trail could not be sealed or checked', from: undefined, pass });
    return {
      stop: async () => {
        await sweep.stop();
        await seal().catch((error: unknown) => log.warn({ code: (error as { code?: unknown }).code }, 'the last entries of an audit trail could not be sealed'));
      },
    };
  });
  return { stop: async () => void (await Promise.all(sweeps.map((one) => one.stop()))) };
}
