import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Seal, sealKeysOf, sealTrail } from '../../../db/audit/index.ts';
import { connectDatabase } from '../../../db/index.ts';
import { writeWitness } from '../../audit-seals/witness.ts';
import { settingsOf } from '../../settings.ts';
import type { Line } from '../report.ts';
import { median, rounded } from '../statistics.ts';
import type { BenchSystem } from '../system.ts';
import { fillTrail } from '../trail/fill.ts';
import type { Verified } from '../trail/verify.ts';

const VERIFY = fileURLToPath(new URL('../trail/verify.ts', import.meta.url));

type Sizes = { few: number; many: number; runs: number };
const named = (entries: number) => `${entries.toLocaleString('en')} entries`;

/** How long it takes to verify a long trail, and whether the memory that takes depends on its length. */
export async function measureAudit(at: BenchSystem, { few, many, runs, say }: Sizes & { say: (what: string) => void }): Promise<Line[]> {
  const verified: Record<number, Verified[]> = {};
  for (const entries of [few, many]) {
    await fillTrail(at, entries);
    await sealAll(at);
    say(`a trail of ${named(entries)} is filled and sealed`);
    const all: Verified[] = (verified[entries] = []);
    for (let run = 0; run < runs; run += 1) all.push(await verifyOnce(at, entries));
    say(`and verified in ${all.map(({ seconds }) => seconds.toFixed(1)).join(', ')} s`);
  }
  const of = (entries: number, what: 'seconds' | 'maxRssMb' | 'mostHeapMb') => (verified[entries] ?? []).map((one) => one[what]);
  return [
    { name: `audit trail of ${named(many)} verified`, measured: rounded(median(of(many, 'seconds'))), unit: 's', bound: { atMost: 60 }, samples: { s: of(many, 'seconds') } },
    {
      name: `memory of that against ${named(few)}`,
      measured: rounded(median(of(many, 'maxRssMb')) / median(of(few, 'maxRssMb')), 2),
      unit: '×',
      bound: { atMost: 1.25 },
      samples: {
        [`${named(many)}, RSS MB`]: of(many, 'maxRssMb'),
        [`${named(few)}, RSS MB`]: of(few, 'maxRssMb'),
        [`${named(many)}, most heap MB`]: of(many, 'mostHeapMb'),
        [`${named(few)}, most heap MB`]: of(few, 'mostHeapMb'),
      },
    },
  ];
}

async function sealAll({ adminUrl, secrets, config }: BenchSystem): Promise<void> {
  const db = connectDatabase({ url: adminUrl, schema: 'site', secrets });
  const sealing = {
    keys: sealKeysOf(secrets.auditSealKeys),
    clock: () => new Date(),
    onSeal: (seal: Seal, hash: Buffer) => writeWitness(settingsOf(config).seals.dir, { schema: 'site', seal, hash }),
  };
  while ((await sealTrail(db, sealing)) > 0);
  await db.close();
}

/** Throws when it finds anything, or did not see all: what was not looked at would make a good number. */
async function verifyOnce({ adminUrl, config }: BenchSystem, entries: number): Promise<Verified> {
  const child = fork(VERIFY, [config.DATA_DIR, adminUrl], { stdio: 'inherit' });
  const ended = once(child, 'exit').then(() => {
    throw new Error('the process that verifies ended without an answer');
  });
  const [verified] = (await Promise.race([once(child, 'message'), ended])) as [Verified];
  await once(child, 'exit');
  if (verified.findings > 0 || verified.sealed < entries) throw new Error(`of ${entries} entries ${verified.sealed} were verified, with ${verified.findings} findings`);
  return verified;
}
