// In a process of its own, with or without the bench's stand-ins: says how what it writes is kept. Driven by without.test.ts.
import { defaultPayloadConverter } from '@temporalio/common';
import { generateKeyPair } from 'jose';
import { connectDatabase, withTransaction, writeAudit } from '../../db/index.ts';
import { dataConverterOf } from '../../runtime/temporal-codec/data-converter.ts';
import { assertionSigner, commandCheck } from '../../services/common/index.ts';
import { siteService } from '../../services/site/index.ts';
import { auditEntries, commandKeys } from '../../services/site/tables.ts';
import { TEST_SECRETS } from '../support/secrets.ts';

const [url = ''] = process.argv.slice(2);
const { hashKey, payloadKeys } = TEST_SECRETS;
const ctx = { actor: { kind: 'workflow', workflow: 'w', onBehalfOf: { id: 'u', name: 'U', role: 'clinician' } }, requestId: 'r' } as const;
const refused = (work: Promise<unknown>) => work.then(() => false, () => true);

const db = connectDatabase({ url, schema: 'site', secrets: TEST_SECRETS });
await withTransaction(db, (tx) => writeAudit(tx, { db, ledger: { auditEntries, commandKeys }, verb: 'probe', ctx }, [{ action: 'U', entity: 'probe', entityId: 'one', after: { plain: 'to be seen' } }]));

const [codec] = dataConverterOf(payloadKeys).payloadCodecs ?? [];
const payload = defaultPayloadConverter.toPayload({ plain: 'to be seen' });
const [kept] = (await codec?.encode([payload])) ?? [payload];

const { privateKey } = await generateKeyPair('EdDSA');
const sign = assertionSigner({ privateKey, hashKey, clock: () => new Date() });
const asserted = await sign({ actor: ctx.actor.onBehalfOf, operation: 'createEnrollment', about: 'e', key: 'k', content: {} });
const commands = commandCheck({ hashKey, verify: async () => null, onMisuse: async () => undefined });
const unsigned = commands.check({ ctx, operations: ['createEnrollment'], about: 'e' });
const site = siteService({ db, clock: () => new Date(), study: {} as never });

process.send?.({
  payload: Buffer.from(kept?.data ?? []).toString('latin1'),
  signs: asserted.split('.').length === 3,
  refusesUnsigned: await refused(unsigned),
  refusesUnauthorised: await refused(site.authorise({ ctx, verb: 'createSite', input: {} })),
});
await db.close();
process.disconnect?.();
