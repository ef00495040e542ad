import { LegendDisplayMode, LegendPlacement, VizLegendOptionsBuilder } from '@grafana/grafana-foundation-sdk/common';
import { type Dashboard, DashboardBuilder, DatasourceVariableBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeSeriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

/** What is drawn: PromQL, and the name of each line by its labels (`{{label}}`). */
export type Query = { expr: string; legend?: string; /** Traces behind a histogram are drawn as dots. */ exemplars?: true };

export type Panel = { title: string; unit: Unit; about?: string; as?: 'number'; queries: readonly Query[] };

/** Units by Grafana's names. */
type Unit = 'short' | 's' | 'reqps' | 'percentunit' | 'bytes' | 'dateTimeFromNow';

/** Chosen by whoever looks: the first Prometheus that there is. */
const PROMETHEUS = { type: 'prometheus', uid: '${datasource}' };

/** A dashboard of these panels, two in a row, numbers six. Its uid, and so its address, stays the same. */
export function dashboard(uid: string, title: string, panels: readonly Panel[]): Dashboard {
  const builder = new DashboardBuilder(title)
    .uid(uid)
    .tags(['trial-enrollment'])
    .timezone('utc')
    .refresh('30s')
    .time({ from: 'now-6h', to: 'now' })
    .withVariable(new DatasourceVariableBuilder('datasource').type('prometheus'));
  for (const panel of panels) builder.withPanel(panel.as === 'number' ? number(panel) : lines(panel));
  return builder.build();
}

function lines({ title, unit, about, queries }: Panel) {
  const legend = new VizLegendOptionsBuilder().showLegend(true).displayMode(LegendDisplayMode.List).placement(LegendPlacement.Bottom);
  return withQueries(new TimeSeriesBuilder().legend(legend).span(12).height(8), { title, unit, about, queries });
}

function number({ title, unit, about, queries }: Panel) {
  return withQueries(new StatBuilder().span(4).height(4), { title, unit, about, queries });
}

type Builder = TimeSeriesBuilder | StatBuilder;

function withQueries<B extends Builder>(builder: B, { title, unit, about, queries }: Pick<Panel, 'title' | 'unit' | 'queries'> & { about: string | undefined }): B {
  builder.title(title).unit(unit).datasource(PROMETHEUS);
  if (about !== undefined) builder.description(about);
  for (const [index, { expr, legend, exemplars }] of queries.entries()) {
    const query = new DataqueryBuilder().expr(expr).refId(String.fromCharCode(65 + index)).legendFormat(legend ?? '');
    builder.withTarget(exemplars ? query.exemplar(true) : query);
  }
  return builder;
}
