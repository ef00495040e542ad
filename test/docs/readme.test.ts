import { readFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { savedLists } from '../../runtime/saved-lists/lists.ts';
import { ENVIRONMENT, readConfig } from '../../runtime/config.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const DOCUMENTS = ['README.md', 'docs/architecture.md', 'docs/replay.md', 'docs/compliance.md', 'docs/coordinators.md', 'docs/deploy.md'];

/** A row of the configuration table, from the schema that the process reads its environment with. */
function rows(): string[] {
  const defaults = readConfig({}) as unknown as Record<string, string | number | undefined>;
  return Object.entries(ENVIRONMENT.shape).map(([name, field]) => `| \`${name}\` | ${defaults[name] === undefined ? '' : `\`${String(defaults[name])}\``} | ${field.description ?? ''} |`);
}

describe('the documents', () => {
  it('list every variable of the configuration with its default', () => {
    const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
    for (const row of rows()) expect(readme).toContain(row);
  });

  it('have the lists of coordinators as the system makes them', () => {
    const guide = readFileSync(join(ROOT, 'docs/coordinators.md'), 'utf8');
    for (const { path } of savedLists({ now: new Date('2026-01-05T12:00:00Z'), siteCode: 'BJ-01' })) expect(guide).toContain(`\`${path}\``);
  });

  it.each(DOCUMENTS)('%s links only to files that exist', (document) => {
    const text = readFileSync(join(ROOT, document), 'utf8');
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, target]) => join(ROOT, document, '..', target!));
    expect(links.filter((path) => !existsSync(path))).toEqual([]);
  });

  it.each(DOCUMENTS)('%s names only paths that exist', (document) => {
    const text = readFileSync(join(ROOT, document), 'utf8');
    const paths = [...text.matchAll(/`((?:workflows|activities|services|api|db|runtime|test|docs)\/[\w./-]*)`/g)].map(([, path]) => path!);
    expect(paths.length).toBeGreaterThan(0);
    expect(paths.filter((path) => !existsSync(join(ROOT, path)) && !/\/x\//.test(path))).toEqual([]);
  });
});
