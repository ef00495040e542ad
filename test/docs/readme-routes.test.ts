import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

type Operation = { parameters?: { in: string; name: string }[] };

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');
const readme = read('README.md');
const { paths } = JSON.parse(read('openapi.json')) as { paths: Record<string, Record<string, Operation>> };

/** A path without the names of its parameters: `/enrollments/{}/resolve`. */
const shape = (path: string) => path.replace(/^\/api\/v1/, '').replaceAll(/\{\w+\}/g, '{}');
const operations = new Map<string, Operation>(
  Object.entries(paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, one]) => [`${method.toUpperCase()} ${shape(path)}`, one] as const)),
);
const named = [...readme.matchAll(/(GET|POST|PATCH) `?((?:\/[\w{}.-]+)+)(?:\?([\w=&…-]+))?/g)].map(([, method, path, query = '']) => ({
  operation: `${method} ${shape(path!)}`,
  query: query.split('&').flatMap((pair) => pair.split('=').slice(0, 1)).filter((name) => name !== ''),
}));

describe('README', () => {
  it('names only routes that the API has', () => {
    expect(named.length).toBeGreaterThan(8);
    expect(named.map(({ operation }) => operation).filter((operation) => !operations.has(operation))).toEqual([]);
  });

  it('names only query parameters that those routes take', () => {
    const queries = named.filter(({ query }) => query.length > 0);
    expect(queries.length).toBeGreaterThan(0);
    for (const { operation, query } of queries) {
      const taken = operations.get(operation)?.parameters?.filter((one) => one.in === 'query').map(({ name }) => name);
      expect(taken).toEqual(expect.arrayContaining(query));
    }
  });
});
