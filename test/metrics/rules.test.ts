import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { DASHBOARDS, textOf } from '../../ops/grafana/dashboards.ts';
import { ALERTS, EXPECTATIONS, PROMETHEUS, QUERIES } from './deployed.ts';
import { asked } from './promql.ts';

const RUNBOOK = readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8');
const DASHBOARD_FILES = new URL('../../ops/grafana/dashboards/', import.meta.url);

/** As those who show Markdown make them of headings. */
const anchors = [...RUNBOOK.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading.toLowerCase().replaceAll(/[^\w\- ]/g, '').replaceAll(' ', '-'));

function promtool(how: 'check' | 'test', folder: 'rules/' | 'tests/'): string {
  const files = readdirSync(new URL(folder, PROMETHEUS)).map((name) => fileURLToPath(new URL(`${folder}${name}`, PROMETHEUS)));
  const { error, status, stdout, stderr } = spawnSync('promtool', [how, 'rules', ...files], { encoding: 'utf8' });
  if (error) throw new Error(`promtool can't be run (${(error as NodeJS.ErrnoException).code}): it is part of Prometheus. Debian: apt-get install --no-install-recommends prometheus; macOS: brew install prometheus.`);
  expect(status, stdout + stderr).toBe(0);
  return stdout;
}

describe('the rules of Prometheus', () => {
  it('are such that it takes them', () => {
    expect(promtool('check', 'rules/')).toMatch(/SUCCESS/);
  });

  it('tell of what their tests put before them, and of nothing else', () => {
    expect(promtool('test', 'tests/')).toMatch(/SUCCESS/);
  }, 60_000);

  it.each(ALERTS.map(({ alert, labels = {} }) => [`${alert} ${labels['window'] ?? ''}`.trim(), alert, labels['window']] as const))('%s is tested: when it comes, and when it does not', (_title, alert, window) => {
    const looks = EXPECTATIONS.filter(({ alertname }) => alertname === alert).map(({ exp_alerts }) => exp_alerts.filter(({ exp_labels }) => exp_labels['window'] === window).length);
    expect(looks).toEqual(expect.arrayContaining([0, expect.toSatisfy((count: number) => count > 0)]));
  });

  it.each(ALERTS)('$alert says what is wrong, how urgent it is, and leads to a chapter of the runbook', ({ labels = {}, annotations = {} }) => {
    expect(['page', 'ticket']).toContain(labels['severity']);
    expect(annotations['summary']).toBeTruthy();
    const [file, anchor] = annotations['runbook_url']?.split('#') ?? [];
    expect(file).toBe('docs/runbook.md');
    expect(anchors).toContain(anchor);
  });
});

describe('the dashboards', () => {
  it('are those of the code', () => {
    expect(readdirSync(DASHBOARD_FILES).toSorted()).toEqual(Object.keys(DASHBOARDS).map((name) => `${name}.json`).toSorted());
    for (const [name, one] of Object.entries(DASHBOARDS)) expect(readFileSync(new URL(`${name}.json`, DASHBOARD_FILES), 'utf8'), 'npm run dashboards').toBe(textOf(one));
  });

  it('draw no two under one address', () => {
    expect(new Set(Object.values(DASHBOARDS).map(({ uid }) => uid)).size).toBe(4);
  });
});

describe('a query', () => {
  it.each(QUERIES)('is PromQL: $where', ({ query }) => {
    expect(asked(query).metrics.length).toBeGreaterThan(0);
  });

  it.each(['sum by (a (b)', 'rate(x[5m', 'x{a="b}', 'histogram_quantile(0.9,'])('that is none is found: %s', (query) => {
    expect(() => asked(query)).toThrow(/not PromQL/);
  });

  it('is read for the metrics and labels that it needs', () => {
    expect(asked('histogram_quantile(0.9, sum by (stage, le) (rate(x_bucket{a!="1"}[5m]))) > on (stage) y')).toEqual({
      metrics: [{ name: 'x_bucket', labels: ['stage', 'le', 'a'] }, { name: 'y', labels: [] }],
      result: ['stage', 'le'],
    });
  });
});
