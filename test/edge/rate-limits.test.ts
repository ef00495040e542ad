import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tokenBuckets } from '../../api/edge/token-buckets.ts';
import { type Answer, startTestApi, type TestApi } from '../api/support.ts';
import { setUpTrial, type Trial } from '../api/trial.ts';

describe('token buckets', () => {
  it('give what a burst allows, then so many a second, and say when there is one again', () => {
    let now = 0;
    const buckets = tokenBuckets({ perSecond: 2, burst: 4, now: () => now });
    expect(Array.from({ length: 5 }, () => buckets.take('a'))).toEqual([null, null, null, null, 0.5]);
    expect(buckets.wait('a')).toBe(0.5);
    expect(buckets.take('b')).toBeNull();
    now += 500;
    expect([buckets.wait('a'), buckets.take('a'), buckets.take('a')]).toEqual([null, null, 0.5]);
    now += 3_600_000;
    expect(Array.from({ length: 5 }, () => buckets.take('a')).filter((wait) => wait === null)).toHaveLength(4);
  });

  it('take no more memory however many names come, and forget the longest unasked first', () => {
    const buckets = tokenBuckets({ perSecond: 1, burst: 1, now: () => 0 });
    buckets.take('kept');
    for (let n = 0; n < 100_000; n += 1) {
      buckets.take(`name-${n}`);
      if (n % 1000 === 0) buckets.take('kept');
    }
    expect(buckets.size).toBe(50_000);
    expect(buckets.take('kept')).not.toBeNull();
    expect(buckets.take('name-0')).toBeNull();
  });
});

describe('the API under limits', () => {
  let api: TestApi;
  let trial: Trial;
  beforeAll(async () => {
    api = await startTestApi({ deps: { rules: { perCaller: 8, perAddress: 20, trustedProxies: 1 } } });
    trial = await setUpTrial(api);
  });
  afterAll(() => api.stop());

  const from = (address: string) => ({ headers: { 'X-Forwarded-For': `10.9.9.9, ${address}` } });
  const statuses = async (times: number, ask: () => Promise<{ status: number }>) => {
    const seen: number[] = [];
    for (let n = 0; n < times; n += 1) seen.push((await ask()).status);
    return seen;
  };

  it('tells one caller who asks too often to wait, and nobody else', async () => {
    const busy = api.as('auditor', { id: 'busy' });
    let address = 0;
    const refused: Answer[] = [];
    const seen = await statuses(100, async () => {
      const answered = await busy('GET', '/sites', from(`192.0.2.${(address += 1) % 250}`));
      if (answered.status === 429) refused.push(answered);
      return answered;
    });
    expect(seen[0]).toBe(200);
    expect(refused.length).toBeGreaterThan(5);
    for (const { body, headers } of refused) {
      expect(body.code).toBe('too_many_requests');
      expect(Number(headers.get('Retry-After'))).toBeGreaterThanOrEqual(1);
    }
    expect((await api.as('auditor', { id: 'quiet' })('GET', '/sites', from('192.0.2.252'))).status).toBe(200);
  });

  it('refuses an address that asks too often before a token is looked at, whatever it says in front of our proxy', async () => {
    let n = 0;
    const spoofing = () => api.anonymous('GET', '/sites', { headers: { 'X-Forwarded-For': `203.0.113.${(n += 1)}, 198.51.100.1` } });
    const seen = await statuses(30, spoofing);
    expect(seen.slice(0, 5)).toEqual([401, 401, 401, 401, 401]);
    expect(seen.filter((status) => status === 429).length).toBeGreaterThan(5);
    expect((await api.as('auditor', { id: 'elsewhere' })('GET', '/sites', from('198.51.100.2'))).status).toBe(200);
  });

  it('limits guessing of identifiers far below everything else', async () => {
    const guesser = api.as('coordinator', { id: 'guesser', sites: ['S1'] });
    let n = 0;
    const seen = await statuses(75, () => guesser('POST', '/patients/search', { body: { mobile: `1390000${String((n += 1)).padStart(4, '0')}` }, ...from('198.51.100.7') }));
    expect(seen.filter((status) => status === 200).length).toBeLessThan(70);
    expect(seen.filter((status) => status === 429).length).toBeGreaterThan(5);
    expect(trial.siteId).toBeTruthy();
  });
});
