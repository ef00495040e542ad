import { context, type Context, trace, TraceFlags } from '@opentelemetry/api';
import { Counter, Gauge } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { exposition, metricsRegistry } from '../../api/exposition.ts';
import { requestMetrics } from '../../api/metrics.ts';
import { sampling } from '../../runtime/metrics/sampled.ts';
import { shownIn } from './shown.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const OPEN = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5';

const within = (traceFlags: number): Context => trace.setSpanContext(context.active(), { traceId: TRACE, spanId: 'b7ad6b7169203331', traceFlags });

describe('a look at the metrics', () => {
  it('leads from a bucket to a trace that is kept, for whoever reads OpenMetrics', async () => {
    const registry = metricsRegistry();
    const { observe } = requestMetrics(registry);
    const request = { method: 'GET', route: '/api/v1/sites', status: 200 };
    context.with(within(TraceFlags.SAMPLED), () => observe({ ...request, seconds: 0.15 }));
    context.with(within(TraceFlags.NONE), () => observe({ ...request, seconds: 4 }));
    const open = await exposition([registry], OPEN);
    expect(open.contentType).toMatch(/^application\/openmetrics-text; version=1\.0\.0/);
    expect(open.text.split('\n').filter((line) => line.includes('trace_id'))).toEqual([expect.stringMatching(new RegExp(`^http_request_duration_seconds_bucket\\{le="0\\.2",.*\\} 1 # \\{trace_id="${TRACE}"\\} 0\\.15 [\\d.]+$`))]);
    expect(open.text.endsWith('# EOF\n')).toBe(true);
    const plain = await exposition([registry]);
    expect(plain.contentType).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(plain.text).not.toContain('trace_id');
  });

  it('names counters the same however often and in which format it is taken', async () => {
    const registry = metricsRegistry();
    const counter = new Counter({ name: 'things_total', help: 'Things', registers: [registry] });
    for (const [accept, type] of [['', 'things_total'], [OPEN, 'things'], ['', 'things_total'], [OPEN, 'things']] as const) {
      counter.inc();
      const { text } = await exposition([registry], accept);
      expect(text).toContain(`# TYPE ${type} counter\nthings_total `);
    }
    expect(shownIn((await exposition([registry])).text).sum('things_total')).toBe(4);
  });

  it('shows several registries as one', async () => {
    const [ours, process] = [metricsRegistry(), metricsRegistry()];
    new Gauge({ name: 'a', help: 'a', registers: [ours] }).set(1);
    new Gauge({ name: 'b', help: 'b', registers: [process] }).set(2);
    const { sum } = shownIn((await exposition([ours, process])).text);
    expect([sum('a'), sum('b')]).toEqual([1, 2]);
  });
});

describe('a value that is read for the metrics', () => {
  const shownBy = async (registry: ReturnType<typeof metricsRegistry>) => shownIn((await exposition([registry])).text);
  const gauges = [{ name: 'g', help: 'g', values: (value: number) => [{ value }] }];

  it('is read once, however many look at it within its time', async () => {
    const registry = metricsRegistry();
    let reads = 0;
    sampling(registry, 60_000).show('g', async () => (reads += 1), [...gauges, { ...gauges[0]!, name: 'h' }]);
    const looks = await Promise.all(Array.from({ length: 20 }, () => shownBy(registry)));
    expect(looks.map(({ sum }) => [sum('g'), sum('h')])).toEqual(Array.from({ length: 20 }, () => [1, 1]));
    expect(reads).toBe(1);
  });

  it('is left out and counted when it can not be read or takes too long; all others are shown', async () => {
    const registry = metricsRegistry();
    const { show } = sampling(registry, 0);
    let away = false;
    show('g', async () => (away ? Promise.reject(new Error('away')) : 7), gauges);
    show('slow', () => new Promise<number>(() => undefined), [{ ...gauges[0]!, name: 'slow' }]);
    new Gauge({ name: 'other', help: 'other', registers: [registry] }).set(5);
    expect((await shownBy(registry)).series.map(({ name, value }) => `${name} ${value}`)).toEqual(expect.arrayContaining(['g 7', 'other 5']));
    away = true;
    await shownBy(registry);
    // What has failed in one look is counted in the next.
    const { series, sum } = await shownBy(registry);
    expect(series.map(({ name }) => name)).not.toContain('g');
    expect(series.map(({ name }) => name)).not.toContain('slow');
    expect([sum('other'), sum('metrics_reads_failed_total', { what: 'g' }), sum('metrics_reads_failed_total', { what: 'slow' })]).toEqual([5, 1, 2]);
  }, 20_000);
});
