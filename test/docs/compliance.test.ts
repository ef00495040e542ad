import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const [map = '', missing = ''] = readFileSync(join(ROOT, 'docs/compliance.md'), 'utf8').split('## Not built yet');
const rows = map.split('\n').filter((line) => /^\| (?!rule|---)/.test(line)).map((line) => line.split(' | '));
const proofs = rows.flatMap(([rule = '', , , proof = '']) => [...proof.matchAll(/`(test\/[\w./-]+)`: "([^"]+)"/g)].map(([, file = '', name = '']) => ({ rule: rule.slice(2), file, name })));

describe('the compliance map', () => {
  it('has each rule with its code and at least one test', () => {
    expect(rows.length).toBeGreaterThan(15);
    for (const [rule, what, code, proof] of rows) {
      expect(what, rule).toBeTruthy();
      expect(code, rule).toMatch(/`[\w./-]+\.ts`/);
      expect(proof, rule).toMatch(/`test\/[\w./-]+\.ts`: "/);
    }
  });

  it('names only paths that exist', () => {
    const paths = [...`${map}${missing}`.matchAll(/`([\w-]+\/[\w./-]+\.\w+)`/g)].map(([, path = '']) => path);
    expect(paths.length).toBeGreaterThan(40);
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it.each(proofs)('$rule: $file has the test "$name"', ({ file, name }) => {
    const text = readFileSync(join(ROOT, file), 'utf8');
    const titles = [...text.matchAll(/(?:\b(?:it|test|describe)(?:\.\w+)*(?:\([^'"`]*\))?\(\s*|\)\(\s*)(['"`])((?:(?!\1)[^\\]|\\.)*)\1/g)].map(([, , title = '']) => title);
    expect(titles.some((title) => title.includes(name)), titles.join('\n')).toBe(true);
  });

  it('says what is missing', () => {
    expect(missing.trim()).not.toBe('');
  });
});
