// Study and Patient are stand-ins here: one person for each role that is asked for.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { NotificationDeps } from '../../services/notification/deps.ts';
import { recipientsOf } from '../../services/notification/recipients.ts';
import { NOTICE_KINDS, type NoticeKind, type SendNotice } from '../../services/notification/schemas.ts';
import { criteria } from '../../services/study/eligibility/criterion-schema.ts';

const readme = readFileSync(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8');

/** The second column of the row that has this in its first. */
function row(name: string): string {
  const line = readme.split('\n').find((one) => one.startsWith('|') && one.split('|')[1]?.includes(`\`${name}\``));
  return line?.split('|')[2]?.trim() ?? `no row of ${name}`;
}

async function told(kind: NoticeKind): Promise<string[]> {
  const deps = {
    opsEmail: 'ops@trial.example',
    study: {
      listRecipients: ({ input }: { input: { roles: string[] } }) =>
        Promise.resolve({ items: input.roles.map((role) => ({ userId: role, role, name: role, email: `${role}@hospital.example` })) }),
    },
    patient: { contactOf: () => Promise.resolve({ email: 'participant@people.example' }) },
  } as unknown as NotificationDeps;
  const recipients = await recipientsOf(deps, { actor: { kind: 'service', name: 'test' }, requestId: 'test' } as never, { kind } as SendNotice);
  return recipients.map(({ role }) => role).toSorted();
}

const comparison = { code: 'I01', kind: 'inclusion', text: 'text', item: 'ITEM' };
const accepted = (more: Record<string, unknown>) => criteria.safeParse([{ ...comparison, ...more }]).success;

describe('README says of', () => {
  it.each(NOTICE_KINDS)('the notice %s who is told', async (kind) => {
    expect(row(kind).replaceAll(/ \([^)]*\)/g, '').split(', ')).toEqual(await told(kind));
  });

  it('criteria which operators there are, and what they compare', () => {
    const [orders = '', others = ''] = row('operator').split('; ');
    const date = { relativeTo: 'consent', offset: '-P28D' };
    const values = { number: 1, date, text: 'a', boolean: true, list: ['a'] };
    const comparable = (operator: string) => Object.entries(values).filter(([, value]) => accepted({ operator, value })).map(([name]) => name);
    const operatorsIn = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, operator]) => operator!);
    const compared = (cell: string) => Object.fromEntries(operatorsIn(cell).map((operator) => [operator, comparable(operator)]));
    const [ordered, scalars] = [['number', 'date'], ['number', 'text', 'boolean']];
    expect(compared(orders)).toEqual({ '<': ordered, '<=': ordered, '>': ordered, '>=': ordered });
    expect(compared(others)).toEqual({ '=': scalars, '!=': scalars, in: ['list'], 'not in': ['list'] });
  });

  it('a missing value what `ifMissing` may be, and what it is without a word', () => {
    const named = [...row('ifMissing').matchAll(/`([^`]+)`/g)].map(([, value]) => value!);
    expect(named.filter((ifMissing) => accepted({ operator: '=', value: 1, ifMissing }))).toEqual(['wait', 'met', 'failed']);
    expect(criteria.parse([{ ...comparison, operator: '=', value: 1 }])).toMatchObject([{ ifMissing: named[0] }]);
  });
});
