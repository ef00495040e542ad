import { expect, it } from 'vitest';
import { startTemporal } from '../../runtime/embedded/temporal.ts';
import { openTemporalClient } from '../../runtime/temporal-client.ts';
import { REQUIRED_SEARCH_ATTRIBUTES } from '../../workflows/search-attributes.ts';
import { TEST_SECRETS } from '../support/secrets.ts';

// The client tries again from a timer: what throws there ends the process, and would fail this run as unhandled.
it('a call that is being tried again while the connection is closed comes out as an error, and ends no process', async () => {
  const server = await startTemporal({ searchAttributes: REQUIRED_SEARCH_ATTRIBUTES });
  const { client, close } = await openTemporalClient({ connection: { address: server.address }, namespace: 'default' }, TEST_SECRETS.payloadKeys);
  await server.stop();
  const called = client.workflowService.getSystemInfo({}).then(() => 'answered', (error: { code?: number }) => error.code);
  await new Promise((resolve) => setTimeout(resolve, 150));
  await close();
  expect([1, 14]).toContain(await called);
});
