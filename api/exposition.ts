import { type Metric, openMetricsContentType, prometheusContentType, Registry, type RegistryContentType } from 'prom-client';

/** A registry whose metrics may have exemplars. It is shown by `exposition` only, never by its own `metrics()`. */
export function metricsRegistry(): Registry {
  const registry = new Registry<RegistryContentType>();
  registry.setContentType(openMetricsContentType);
  // Those who add a metric need not know.
  return registry as Registry;
}

/**
 * What these registries hold, as Prometheus reads it: OpenMetrics, with exemplars, for whoever names it in `Accept`;
 * otherwise the text format 0.0.4, which knows none.
 */
export async function exposition(registries: readonly Registry[], accept = ''): Promise<{ text: string; contentType: string }> {
  const shown = new Registry<RegistryContentType>();
  shown.setContentType(accept.includes('application/openmetrics-text') ? openMetricsContentType : prometheusContentType);
  for (const metric of registries.flatMap((registry) => registry.getMetricsAsArray())) {
    // The library (15.1) renames a counter when it is shown as OpenMetrics: here, what only this look knows of.
    shown.registerMetric(Object.create(metric as object) as Metric);
  }
  return { text: await shown.metrics(), contentType: shown.contentType };
}
