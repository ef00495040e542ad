import type { Logger } from 'pino';
import { type Seal, sealKeysOf, sealTrail } from '../../db/audit/index.ts';
import type { KeyRing } from '../../db/encryption/key-ring.ts';
import type { ServiceDatabase } from '../../db/index.ts';
import { type Sweep, sweepEvery } from '../sweep.ts';
import { writeWitness } from './witness.ts';

export type SealSettings = {
  everyMs: number;
  /** Where seals are written down outside of the database. */
  dir: string;
};

type Options = SealSettings & { databases: readonly ServiceDatabase[]; ring: KeyRing; clock: () => Date; log: Logger };

/**
 * Seals the trails of these services every so often, and once more when it is stopped. Each seal is written to a file
 * and to the log as well: whoever has the database alone can't take it back.
 */
export function sealTrails({ databases, ring, clock, log, everyMs, dir }: Options): Sweep {
  const keys = sealKeysOf(ring);
  const sweeps = databases.map((db) => {
    const onSeal = async (seal: Seal, hash: Buffer) => {
      log.info({ service: db.schema, seal: seal.number, up_to: seal.upTo, hash: hash.toString('hex') }, 'audit trail sealed');
      await writeWitness(dir, { schema: db.schema, seal, hash });
    };
    const pass = async () => void (await sealTrail(db, { keys, clock, onSeal }));
    const sweep = sweepEvery<void>({ everyMs, log, what: 'an audit trail could not be sealed', from: undefined, pass });
    return {
      stop: async () => {
        await sweep.stop();
        await pass().catch((error: unknown) => log.warn({ code: (error as { code?: unknown }).code }, 'the last entries of an audit trail could not be sealed'));
      },
    };
  });
  return { stop: async () => void (await Promise.all(sweeps.map((one) => one.stop()))) };
}
