import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ALL_STEPS, DETOURS, FAULTS, TABLE, UNDO_FAULTS, UNDO_TABLE } from './table.ts';

const WORKFLOW = new URL('../../workflows/consent-to-enrollment/', import.meta.url);

describe('the fault table knows everything that the workflow does', () => {
  const source = readdirSync(WORKFLOW).map((file) => readFileSync(new URL(file, WORKFLOW), 'utf8')).join('\n');
  const used = new Set([...source.matchAll(/activities\s*\.\s*(?:patient|study|site|edc|notification)\s*\.\s*(\w+)/g)].map(([, name = '']) => name));
  const undos = ALL_STEPS.flatMap((step) => step.undo ?? []);

  it('has rows for every activity of the workflow: as a step, as what undoes one, or as a detour', () => {
    const known = new Set([...ALL_STEPS.map((step) => step.activity), ...undos, ...Object.keys(DETOURS)]);
    expect([...used].toSorted()).toEqual([...known].toSorted());
  });

  it('reads the activities off the source in the one way in which they are called', () => {
    expect(source.match(/\.executeWithOptions\(/g)?.length).toBe(source.match(/activities\s*\.\s*\w+\s*\.\s*\w+\s*\.\s*executeWithOptions\(/g)?.length);
  });

  it.each(ALL_STEPS)('has every fault for the step $name', ({ name }) => {
    const faults = TABLE.filter((row) => row.step.name === name).map((row) => row.fault);
    expect(new Set(faults)).toEqual(new Set(FAULTS));
  });

  it.each(ALL_STEPS.filter((step) => step.side === 'before' || step.side === 'pivot'))('has what undoes or settles $name, with every fault', ({ name }) => {
    const faults = UNDO_TABLE.filter((row) => row.step.name === name).map((row) => row.fault);
    expect(faults).toEqual([...UNDO_FAULTS]);
  });
});
