import type { AuditEntryInfo } from './list-audit-entries.ts';

const ACTIONS: Record<string, string> = { C: 'created', R: 'read', U: 'changed', D: 'deleted', E: 'done' };

/** One entry for people to read (21 CFR 11.10(b)), with the electronic signature where it records one (11.50(b)). */
export function asText(service: string, entry: AuditEntryInfo): string {
  const { actor, reason, before, after, origin, requestId, erased } = entry.told;
  const lines = [
    `${service} ${entry.number}: ${entry.at.replace('T', ' ').replace('Z', ' UTC')}, ${entry.verb}`,
    `  ${entry.entity} ${entry.entityId}, entry ${entry.position}: ${ACTIONS[entry.action] ?? entry.action}`,
    `  by ${whoIs(actor)}${origin.address === undefined ? '' : `, from ${origin.address}`}; request ${requestId}${origin.traceId === undefined ? '' : `, trace ${origin.traceId}`}`,
    ...(reason === null ? [] : [`  why: ${oneLine(reason)}`]),
    ...(erased ? ['  values: erased with the key of this participant'] : [...valuesOf('before', before), ...valuesOf('after', after)]),
    ...signatureOf(entry),
    `  SHA-256 ${entry.hash}`,
  ];
  return `${lines.join('\n')}\n\n`;
}

type Signed = { name: string; meaning: string };
type Person = { id: string; name?: string; role: string };

function whoIs(actor: Record<string, unknown>): string {
  const person = ({ id, name, role }: Person) => `${name === undefined ? '' : `${oneLine(name)} `}(${id}, ${role})`;
  if (actor['kind'] === 'user') return person(actor as Person);
  if (actor['kind'] === 'workflow') return `the workflow ${String(actor['workflow'])} on behalf of ${person(actor['onBehalfOf'] as Person)}`;
  return `the service ${String(actor['service'])}`;
}

const valuesOf = (when: string, value: unknown) => (value === null || value === undefined ? [] : [`  ${when}: ${JSON.stringify(value)}`]);

/** Of a consent by who recorded it, and of a decision on eligibility: printed name, time, meaning (21 CFR 11.50). */
function signatureOf({ at, told: { after } }: AuditEntryInfo): string[] {
  const { attestedBy, signerName, meaning } = (after ?? {}) as { attestedBy?: Signed | null; signerName?: string; meaning?: string };
  const by = attestedBy ?? (signerName === undefined || meaning === undefined ? null : { name: signerName, meaning });
  return by ? [`  electronic signature: ${oneLine(by.name)}, ${at}, meaning: ${oneLine(by.meaning)}`] : [];
}

/** Line breaks and direction marks of a text can't pass for lines of the copy. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, ' ');
}
