import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { DASHBOARDS } from '../../ops/grafana/dashboards.ts';

export const PROMETHEUS = new URL('../../ops/prometheus/', import.meta.url);

type Rule = { record?: string; alert?: string; expr: string; labels?: Record<string, string>; annotations?: Record<string, string> };
export type Alert = Rule & { alert: string };

const read = <T>(folder: string): T[] => readdirSync(new URL(folder, PROMETHEUS)).filter((name) => name.endsWith('.yml')).map((name) => parse(readFileSync(new URL(`${folder}${name}`, PROMETHEUS), 'utf8')) as T);

export const RULES: readonly Rule[] = read<{ groups: { rules: Rule[] }[] }>('rules/').flatMap(({ groups }) => groups.flatMap(({ rules }) => rules));
export const ALERTS: readonly Alert[] = RULES.filter((rule): rule is Alert => rule.alert !== undefined);

type Expectation = { alertname: string; exp_alerts: { exp_labels: Record<string, string> }[] };
/** What the tests of the rules expect of each alert, once for each moment that is looked at. */
export const EXPECTATIONS: readonly Expectation[] = read<{ tests: { alert_rule_test: Expectation[] }[] }>('tests/').flatMap(({ tests }) => tests.flatMap((one) => one.alert_rule_test));

type Query = { where: string; query: string; record?: string; legend?: string };
type Target = { expr: string; legendFormat: string };

/** Every query that is deployed: of recording rules, alerts and dashboards. */
export const QUERIES: readonly Query[] = [
  ...RULES.map(({ record, alert, expr }) => ({ where: record ?? alert ?? '', query: expr, ...(record === undefined ? {} : { record }) })),
  ...Object.entries(DASHBOARDS).flatMap(([name, { panels = [] }]) =>
    panels.flatMap((panel) => {
      const { title = '', targets = [] } = panel as { title?: string; targets?: unknown[] };
      return (targets as Target[]).map(({ expr, legendFormat }) => ({ where: `${name}, ${title}`, query: expr, legend: legendFormat }));
    }),
  ),
];
