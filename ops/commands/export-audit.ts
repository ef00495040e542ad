import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ServiceDatabase } from '../../db/index.ts';
import { SERVICES, type ServiceName } from '../../db/provision.ts';
import { StartupError } from '../../runtime/embedded/startup-error.ts';
import type { OpsServices } from '../../runtime/ops-services.ts';
import { asCsv, CSV_HEADER } from '../../services/common/audit/as-csv.ts';
import { asText } from '../../services/common/audit/as-text.ts';
import type { AuditEntryInfo } from '../../services/common/index.ts';
import { acting, type Acting, ctxOf } from '../acting.ts';
import { EXIT, type Output } from '../output.ts';
import { withServices } from '../with-services.ts';

const FORMATS = ['text', 'csv', 'json'] as const;
const AT_ONCE = 500;

type Options = Acting & { format: (typeof FORMATS)[number]; out: string; service?: ServiceName; enrollment?: string; from?: string; until?: string; identified?: true };

export function exportAuditCommand(audit: Command, outputOf: (command: Command) => Output): void {
  acting(audit.command('export'))
    .description('A copy of the audit trail for an inspector, with electronic signatures and the last seal of each service. What identifies participants is withheld unless asked for.')
    .addOption(new Option('--format <format>', 'for people, for spreadsheets, or a JSON object in each line').choices(FORMATS).default('text'))
    .requiredOption('--out <file>', 'a new file, mode 0600')
    .addOption(new Option('--service <name>', 'that of one service').choices(SERVICES))
    .option('--enrollment <id>', 'what is about one enrollment, and what its run has done')
    .option('--from <instant>', 'written then or later, ISO 8601', instant)
    .option('--until <instant>', 'written before, ISO 8601; default: now', instant)
    .option('--identified', 'with what identifies participants; that is in the trail of each service then')
    .action(async (options: Options, command: Command) => {
      const out = outputOf(command);
      await withServices(async ({ services, databases }) => {
        const file = createWriteStream(options.out, { flags: 'wx', mode: 0o600 });
        try {
          await once(file, 'open').catch((error: NodeJS.ErrnoException) => Promise.reject(unwritable(options.out, error)));
          const until = options.until ?? new Date().toISOString();
          const counts = await writeAll({ services, databases, file, out }, { ...options, until });
          file.end();
          await once(file, 'finish');
          const count = Object.values(counts).reduce((sum, one) => sum + one, 0);
          out.result({ file: options.out, until, entries: counts }, `${count} entries are in ${options.out}.`);
        } finally {
          file.destroy();
        }
      });
      process.exitCode = EXIT.done;
    });
}

type Writing = { services: OpsServices['services']; databases: readonly ServiceDatabase[]; file: Writable; out: Output };

async function writeAll({ services, databases, file, out }: Writing, options: Options & { until: string }): Promise<Record<string, number>> {
  const { format, from, until, enrollment: enrollmentId, identified = false } = options;
  const counts: Record<string, number> = {};
  if (format === 'csv') await write(file, CSV_HEADER);
  for (const db of databases.filter(({ schema }) => options.service === undefined || schema === options.service)) {
    const service = db.schema as ServiceName;
    counts[service] = 0;
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const input = { limit: AT_ONCE, until, from, enrollmentId, identified, cursor };
      const page = await services[service].listAuditEntries({ ctx: ctxOf(options), input });
      await write(file, page.items.map((item) => WRITTEN[format](service, item)).join(''));
      out.progress(`${service}: ${(counts[service] += page.items.length)} written`);
      cursor = page.nextCursor;
    }
    if (format !== 'csv') await write(file, await sealOf(db, format));
  }
  return counts;
}

const WRITTEN: Record<Options['format'], (service: string, item: AuditEntryInfo) => string> = {
  text: asText,
  csv: asCsv,
  json: (service, { told, ...entry }) => `${JSON.stringify({ service, ...entry, ...told })}\n`,
};

/** Under which signature the trail stood when the copy was made. */
async function sealOf(db: ServiceDatabase, format: 'text' | 'json'): Promise<string> {
  const [{ lastSeal }, { read }] = await Promise.all([import('../../db/audit/index.ts'), import('../../db/index.ts')]);
  const seal = await read(db, (orm) => lastSeal(orm, db.schema));
  if (!seal) return '';
  const { number, at, upTo, keyId } = seal;
  const told = { service: db.schema, seal: number, at: at.toISOString(), upTo, root: seal.root.toString('hex'), keyId, signature: seal.signature.toString('base64') };
  if (format === 'json') return `${JSON.stringify(told)}\n`;
  return `${db.schema}: sealed up to number ${upTo} by seal ${number} of ${told.at}\n  Merkle root ${told.root}\n  Ed25519 signature ${told.signature} by key ${keyId}\n\n`;
}

async function write(file: Writable, text: string): Promise<void> {
  if (!file.write(text)) await once(file, 'drain');
}

function unwritable(path: string, { code }: NodeJS.ErrnoException): StartupError {
  const why = code === 'EEXIST' ? 'is there already: name a new one' : `can't be written (${code ?? 'unknown'})`;
  return new StartupError({ code: 'bad_configuration', message: `The file ${path} ${why}.` });
}

function instant(value: string): string {
  const date = new Date(value);
  if (/^\d{4}-\d\d-\d\d/.test(value) && !Number.isNaN(date.getTime())) return date.toISOString();
  throw new InvalidArgumentError('an instant such as 2026-11-24T08:00:00Z.');
}
