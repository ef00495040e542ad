import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { STUCK_KINDS } from '../../services/common/index.ts';
import { CHAPTERS } from './chapters.ts';

const FOLDER = new URL('.', import.meta.url);
const tests = readdirSync(FOLDER).filter((name) => name.endsWith('.test.ts') && name !== 'chapters.test.ts').map((name) => readFileSync(new URL(name, FOLDER), 'utf8')).join('\n');
const used = [...tests.matchAll(/chapter\('([^']+)'\)/g)].map(([, named = '']) => named);

describe('the runbook', () => {
  it.each(STUCK_KINDS)('has a chapter on %s, with what one sees and how one knows that it is over', (kind) => {
    const chapter = CHAPTERS.find(({ form }) => form === kind);
    expect({ look: chapter?.look.length, proof: chapter?.proof.length }).toEqual({ look: expect.any(Number), proof: 1 });
  });

  it.each(CHAPTERS)('is exercised by a test: $title', ({ form, title }) => {
    expect(used.some((named) => named === form || title.startsWith(named))).toBe(true);
  });
});
