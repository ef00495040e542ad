import { join } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import type { Finding, Verdict } from '../../db/audit/index.ts';
import { SERVICES, type ServiceName } from '../../db/provision.ts';
import { EXIT, type Output } from '../output.ts';
import { withServices } from '../with-services.ts';

type Options = { service?: ServiceName; seals?: string };

export function verifyAuditCommand(audit: Command, outputOf: (command: Command) => Output): void {
  audit.command('verify')
    .description('Recompute the audit trail of all services: every entry, every chain, every seal. Says what was removed, altered, moved or inserted.')
    .option('--service <name>', `only that of one service: ${SERVICES.join(', ')}`, serviceName)
    .option('--seals <dir>', 'where the seals were written down outside of the database; default: where this installation does it')
    .action(async (options: Options, command: Command) => {
      const out = outputOf(command);
      const [{ sealKeysOf, verifyTrail }, { readWitness }] = await Promise.all([import('../../db/audit/index.ts'), import('../../runtime/audit-seals/witness.ts')]);
      await withServices(async ({ config, databases, secrets }) => {
        const dir = options.seals ?? config.AUDIT_SEALS_DIR ?? join(config.DATA_DIR, 'audit-seals');
        const verdicts: Partial<Record<string, Verdict>> = {};
        let seen = 0;
        for (const db of databases.filter(({ schema }) => options.service === undefined || schema === options.service)) {
          const onEntries = (count: number) => out.progress(`${db.schema}: ${(seen += count)} looked at`);
          verdicts[db.schema] = await verifyTrail({ db, keys: sealKeysOf(secrets.auditSealKeys), witnessed: await readWitness(dir, db.schema), onEntries });
        }
        const isIntact = Object.values(verdicts).every((verdict) => verdict?.count === 0);
        out.result({ intact: isIntact, services: verdicts }, textOf(verdicts));
        process.exitCode = isIntact ? EXIT.done : EXIT.failed;
      });
    });
}

function serviceName(value: string): ServiceName {
  const known = SERVICES.find((name) => name === value);
  if (known) return known;
  throw new InvalidArgumentError(`one of ${SERVICES.join(', ')}.`);
}

function textOf(verdicts: Partial<Record<string, Verdict>>): string {
  return Object.entries(verdicts).flatMap(([service, verdict]) => {
    if (!verdict) return [];
    const { sealed, unsealed, seals, findings, count } = verdict;
    const more = count > findings.length ? [`  … and ${count - findings.length} more`] : [];
    return [`${service}: ${count === 0 ? 'intact' : `${count} findings`}; ${sealed} entries under ${seals} seals, ${unsealed} since the last one`, ...findings.map((finding) => `  ${told(finding)}`), ...more];
  }).join('\n');
}

function told({ kind, entry, seal }: Finding): string {
  const { id, number, entity, entityId, position } = entry ?? {};
  const record = entity === undefined ? '' : ` of ${entity}/${entityId ?? ''}, position ${position ?? '?'}`;
  const which = entry ? ` ${number === undefined ? '' : `number ${number}`}${record}${id === undefined ? '' : ` (${id})`}` : '';
  return `${kind}${which}${seal === undefined ? '' : `, seal ${seal}`}`;
}
