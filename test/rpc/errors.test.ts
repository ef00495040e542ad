// Real: HTTP/2 on loopback. Stand-in: the Site service, which throws what it is told to.
import { Code, ConnectError } from '@connectrpc/connect';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CommandKeyError, DatabaseError, type DatabaseErrorKind } from '../../db/index.ts';
import { openChannels } from '../../runtime/rpc/channels.ts';
import type { Services } from '../../runtime/services.ts';
import { DomainError, type ErrorClass } from '../../services/common/index.ts';
import type { SiteClient } from '../../services/site/client.ts';
import { ctx, overHttp2, type OverHttp2 } from './support.ts';

let thrown: unknown;
let calls = 0;
let wire: OverHttp2;
let site: SiteClient;

const throwing = async () => {
  calls += 1;
  throw thrown;
};

beforeAll(async () => {
  wire = await overHttp2({ services: { site: { getSite: throwing, createSite: throwing } } as unknown as Partial<Services> });
});
beforeEach(() => {
  calls = 0;
  wire.unexpected.length = 0;
  // Its own policy each time: what failed before would count against the retries.
  const channels = openChannels(wire.reach);
  site = channels.clientsOf('api').site;
  return () => channels.close();
});
afterAll(() => wire.stop());

const read = () => site.getSite({ ctx, input: { siteId: 's' } });
const command = () => site.createSite({ ctx, key: 'k', input: { code: 'S', name: 'Site', timezone: 'UTC' } });

describe('what a verb refuses', () => {
  it.each(['invalid', 'not_found', 'conflict', 'stale', 'forbidden', 'unavailable'] satisfies ErrorClass[])('arrives as it was thrown: %s', async (errorClass) => {
    thrown = new DomainError(errorClass, 'some_code', 'Some text — 文本.', { details: { version: 3, missing: ['a'], nested: { none: null } }, retryable: false });
    await expect(read()).rejects.toMatchObject({ constructor: DomainError, errorClass, code: 'some_code', publicText: 'Some text — 文本.', retryable: false, details: { version: 3, missing: ['a'], nested: { none: null } } });
    expect(calls).toBe(1);
  });

  it.each([
    ['unavailable', 'unavailable', 3],
    ['busy', 'unavailable', 3],
    ['unique_violation', 'conflict', 1],
    ['reference_violation', 'conflict', 1],
    ['check_violation', 'invalid', 1],
    ['invalid_value', 'invalid', 1],
  ] satisfies [DatabaseErrorKind, ErrorClass, number][])('of its database: %s as %s, a read asked %i times', async (kind, errorClass, asked) => {
    thrown = new DatabaseError(kind, { sqlstate: '00000' });
    await expect(read()).rejects.toMatchObject({ errorClass, code: `database_${kind}` });
    expect(calls).toBe(asked);
  });

  it('of a key: a conflict', async () => {
    thrown = new CommandKeyError('key_reused');
    await expect(command()).rejects.toMatchObject({ errorClass: 'conflict', code: 'key_reused', retryable: false });
  });

  it('of a command is never asked again, also when it may pass by itself', async () => {
    thrown = new DomainError('unavailable', 'not_now', 'Not now.');
    await expect(command()).rejects.toMatchObject({ code: 'not_now', retryable: true });
    expect(calls).toBe(1);
  });
});

describe('what nobody foresaw', () => {
  it.each([
    ['an error', new TypeError('secret-word')],
    ['the status of a call that the verb itself made', new ConnectError('secret-word', Code.PermissionDenied)],
    ['an error of the database without a meaning', new DatabaseError('unexpected', {})],
  ])('is INTERNAL without its text, and told to the log of the service: %s', async (_, error) => {
    thrown = error;
    const refusal = await read().then(() => undefined, (reason: unknown) => reason);
    expect(refusal).toMatchObject({ code: Code.Internal });
    expect(String(refusal)).not.toContain('secret-word');
    expect(wire.unexpected).toEqual([error]);
  });
});
