import type { openApiDocument } from './openapi.ts';

const STYLE = `
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #1b1f24; }
h2 { border-bottom: 1px solid #d0d7de; margin-top: 2.5rem; }
code { background: #f6f8fa; border-radius: 4px; padding: .1rem .3rem; }
.method { display: inline-block; font-weight: 600; min-width: 4rem; text-transform: uppercase; }
details { margin: .4rem 0; } summary { cursor: pointer; } pre { background: #f6f8fa; overflow-x: auto; padding: .75rem; }
@media (prefers-color-scheme: dark) { body { background: #0d1117; color: #e6edf3; } code, pre { background: #161b22; } }`;

/** The operations as one self-contained page: no script and nothing from elsewhere, so it also works without internet. */
export function docsPage(document: ReturnType<typeof openApiDocument>): string {
  const byTag = new Map<string, string[]>();
  for (const [path, item] of Object.entries(document.paths ?? {})) {
    for (const method of ['get', 'post', 'patch'] as const) {
      const described = item[method];
      if (!described) continue;
      const tag = described.tags?.[0] ?? 'Other';
      byTag.set(tag, [...(byTag.get(tag) ?? []), operationHtml(method, path, described)]);
    }
  }
  const sections = [...byTag].map(([tag, operations]) => `<section><h2>${escaped(tag)}</h2>${operations.join('\n')}</section>`);
  const schemas = Object.entries(document.components?.schemas ?? {}).map(
    ([name, schema]) => `<details id="schema-${escaped(name)}"><summary>${escaped(name)}</summary>${json(schema)}</details>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(document.info.title)}</title><style>${STYLE}</style></head><body>
<h1>${escaped(document.info.title)}</h1><p>${escaped(document.info.description ?? '')}</p>
<p>The same as <a href="/openapi.json">OpenAPI 3.1</a>.</p>
${sections.join('\n')}
<section><h2>Schemas</h2>${schemas.join('\n')}</section>
</body></html>`;
}

type Described = { summary?: string; parameters?: unknown; requestBody?: unknown; responses?: unknown };

function operationHtml(method: string, path: string, described: Described): string {
  const { summary = '', parameters, requestBody, responses } = described;
  return `<details><summary><span class="method">${method}</span> <code>${escaped(path)}</code> ${escaped(summary)}</summary>
${json({ parameters, requestBody, responses })}</details>`;
}

function json(value: unknown): string {
  return `<pre>${escaped(JSON.stringify(value, null, 2))}</pre>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
