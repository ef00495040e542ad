import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readConfig } from '../../runtime/config.ts';
import { keptPort } from '../../runtime/embedded/free-port.ts';
import { type Infrastructure, startInfrastructure } from '../../runtime/infrastructure.ts';
import { openTemporalClient, type TemporalClient } from '../../runtime/temporal-client.ts';
import { TEST_SECRETS } from '../support/secrets.ts';

// Real: the embedded server with its UI, as `npm start` runs it. Of the rest only addresses, which nobody calls here.
const elsewhere = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none', SMTP_URL: 'smtp://127.0.0.1:1', OIDC_ISSUER: 'https://issuer.example' };

describe.each([
  { mode: 'production', off: true, refused: 403 },
  { mode: 'development', off: false, refused: 200 },
])('write actions of the embedded UI in $mode', ({ mode, off, refused }) => {
  let dir: string;
  let infrastructure: Infrastructure;
  let temporal: TemporalClient;
  let ui: string;
  const runs = '/api/v1/namespaces/default/workflows';
  const one = 'enrollment%2FONC-101%2Fone';
  const post = async (path: string) => {
    const token = (await fetch(ui)).headers.getSetCookie().find((cookie) => cookie.startsWith('_csrf='))?.split(/[=;]/)[1] ?? '';
    return fetch(`${ui}${path}`, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json', cookie: `_csrf=${token}`, 'x-csrf-token': token } });
  };

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'trial-enrollment-ui-'));
    infrastructure = await startInfrastructure(readConfig({ ...elsewhere, NODE_ENV: mode, DATA_DIR: dir, TEMPORAL_UI_PORT: String(await keptPort()) }));
    ui = infrastructure.temporal.uiUrl ?? '';
    temporal = await openTemporalClient(infrastructure.temporal, TEST_SECRETS.payloadKeys);
    await temporal.client.workflow.start('nobodyRunsThis', { workflowId: 'enrollment/ONC-101/one', taskQueue: 'nobody' });
    // The UI reaches the server a moment after both are up.
    await vi.waitFor(async () => expect((await fetch(`${ui}${runs}/${one}`)).status).toBe(200), { timeout: 20_000, interval: 100 });
  });
  afterAll(async () => {
    await temporal.close();
    await infrastructure.stop();
    await rm(dir, { recursive: true, force: true });
  });

  it('are said to be so, while pages, lists and what a case page asks go through', async () => {
    expect(await (await fetch(`${ui}/api/v1/settings`)).json()).toMatchObject({ DisableWriteActions: off, Version: expect.any(String) });
    expect(await (await fetch(`${ui}/namespaces/default/workflows`)).text()).toContain('<!doctype html>');
    // Nobody answers the query here; that it was asked is what counts.
    expect((await post(`${runs}/nobody/query/__temporal_workflow_metadata`)).status).toBe(404);
  });

  it(`are answered with ${refused} when they are sent all the same`, async () => {
    for (const path of ['nobody/../' + one + '/signal/x/query/y', 'query/terminate', `${one}/signal/query`]) {
      if (off) expect((await post(`${runs}/${path}`)).status, path).not.toBe(200);
    }
    expect((await post(`${runs}/${one}/terminate`)).status).toBe(refused);
    const { status } = await temporal.client.workflow.getHandle('enrollment/ONC-101/one').describe();
    expect(status.name).toBe(off ? 'RUNNING' : 'TERMINATED');
  });
});
