import { sealKeysOf, verifyTrail } from '../../../db/audit/index.ts';
import { connectDatabase } from '../../../db/index.ts';
import { readWitness } from '../../audit-seals/witness.ts';
import { readConfig } from '../../config.ts';
import { loadSecrets } from '../../keys.ts';
import { settingsOf } from '../../settings.ts';

/** What a verification came to, and the most memory that its process had: in all, and meanwhile on the heap with buffers. */
export type Verified = { seconds: number; sealed: number; findings: number; maxRssMb: number; mostHeapMb: number };

// A process of its own, as that of `npm run ops -- audit verify`: verifies Site's trail once and says what it took.
const [dataDir = '', url = ''] = process.argv.slice(2);
const config = readConfig({ DATA_DIR: dataDir });
const secrets = await loadSecrets(config);
const db = connectDatabase({ url, schema: 'site', secrets });
const witnessed = await readWitness(settingsOf(config).seals.dir, 'site');
let mostHeap = 0;
const onEntries = () => {
  const { heapUsed, external } = process.memoryUsage();
  mostHeap = Math.max(mostHeap, heapUsed + external);
};
const begun = performance.now();
const { sealed, count: findings } = await verifyTrail({ db, keys: sealKeysOf(secrets.auditSealKeys), witnessed, onEntries });
const seconds = (performance.now() - begun) / 1000;
await db.close();
process.send?.({ seconds, sealed, findings, maxRssMb: process.resourceUsage().maxRSS / 1024, mostHeapMb: mostHeap / 2 ** 20 } satisfies Verified);
process.disconnect?.();
