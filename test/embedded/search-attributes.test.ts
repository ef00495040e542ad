import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { startTemporal } from '../../runtime/embedded/temporal.ts';
import { INDEXED_VALUE_TYPE } from '../../runtime/embedded/temporal-ready.ts';
import { ensureSearchAttributes } from '../../runtime/search-attributes.ts';
import { REQUIRED_SEARCH_ATTRIBUTES } from '../../workflows/search-attributes.ts';

const REQUIRED = Object.fromEntries(Object.entries(REQUIRED_SEARCH_ATTRIBUTES).map(([name, type]) => [name, INDEXED_VALUE_TYPE[type]]));

async function knownTo(address: string): Promise<Record<string, unknown>> {
  const connection = await Connection.connect({ address });
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace: 'default' });
  await connection.close();
  return customAttributes;
}

describe('a Temporal server that lacks search attributes gets them, each with its type, before anything is started', () => {
  it('the embedded one, on a file that an earlier version made', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'trial-enrollment-attributes-'));
    const dbFile = join(dir, 'temporal.db');
    const earlier = await startTemporal({ dbFile, searchAttributes: { StudyCode: 'Keyword' } });
    await earlier.stop();
    const server = await startTemporal({ dbFile, searchAttributes: REQUIRED_SEARCH_ATTRIBUTES });
    expect(await knownTo(server.address)).toMatchObject(REQUIRED);
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  });

  it("one of the operator's own", async () => {
    const server = await startTemporal({ searchAttributes: {} });
    await ensureSearchAttributes({ connection: { address: server.address }, namespace: 'default' });
    expect(await knownTo(server.address)).toMatchObject(REQUIRED);
    await server.stop();
  });
});
