import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { Check } from '../engine/diagnose.ts';
import type { Config } from '../../runtime/config.ts';
import type { ServiceDatabase } from '../../db/index.ts';
import { engineAt } from '../at-run.ts';
import { EXIT, type Output } from '../output.ts';
import { calm, loud, table } from '../text.ts';
import { withServices } from '../with-services.ts';
import { withTemporal } from '../with-temporal.ts';

const ANSWER_MS = 5000;

export function doctorCommand(program: Command, outputOf: (command: Command) => Output): void {
  program.command('doctor')
    .description('Look at everything that the system stands on: databases, migrations, clocks, Temporal, search attributes, queues, the watch, the codec, the API. Says what to do.')
    .action(async (_options: unknown, command: Command) => {
      const checks = [thisMachine(), ...(await databases()), ...(await temporal()), await api()];
      const isWell = checks.every(({ ok }) => ok);
      outputOf(command).result({ ok: isWell, checks }, textOf(checks));
      process.exitCode = isWell ? EXIT.done : EXIT.failed;
    });
}

function thisMachine(): Check {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
  return { check: 'this machine', ok: true, says: `release ${version}, Node ${process.version}`, todo: null };
}

async function databases(): Promise<Check[]> {
  const { ill } = await import('../engine/diagnose.ts');
  const checks: Check[] = [];
  try {
    await withServices(async ({ databases: all }) => {
      for (const db of all) checks.push(await database(db));
    });
  } catch (error) {
    const { StartupError } = await import('../../runtime/embedded/startup-error.ts');
    checks.push(ill('databases', error instanceof StartupError ? error.message : 'no answer', 'start PostgreSQL, or correct DATABASE_URL or the DATABASE_URL_<SERVICE> in question'));
  }
  return checks;
}

async function database(db: ServiceDatabase): Promise<Check> {
  const [{ stateOfDatabase }, { attempt, ill, MOST_SKEW_MS, well }] = await Promise.all([import('../../db/state-of.ts'), import('../engine/diagnose.ts')]);
  const name = `database ${db.schema}`;
  const look = async (): Promise<Check> => {
    const { version, skewMs, missing, unknown } = await stateOfDatabase(db);
    if (missing.length > 0) return ill(name, `lacks ${missing.join(', ')}`, 'start this release: it brings the schema up to date');
    if (unknown > 0) return ill(name, `has ${unknown} migrations that this release does not know`, 'run the commands of the release that the system runs');
    if (Math.abs(skewMs) > MOST_SKEW_MS) return ill(name, `its clock is ${skewMs} ms off this machine’s`, 'set the clocks by NTP');
    return well(name, `PostgreSQL ${version}, all migrations applied, clock within ${Math.abs(skewMs)} ms`);
  };
  return attempt(name, look, 'start it, or correct its URL');
}

async function temporal(): Promise<Check[]> {
  const { diagnose, ill } = await import('../engine/diagnose.ts');
  let checks: Check[] = [];
  try {
    await withTemporal(async (at) => {
      checks = await diagnose(engineAt(at));
    });
  } catch (error) {
    const { StartupError } = await import('../../runtime/embedded/startup-error.ts');
    if (!(error instanceof StartupError)) throw error;
    checks = [ill('temporal', 'no answer', error.message)];
  }
  return checks;
}

/** What the API says of its own dependencies: mail server, token issuer, services and circuits. */
async function api(): Promise<Check> {
  const [{ readConfig }, { ill, well }] = await Promise.all([import('../../runtime/config.ts'), import('../engine/diagnose.ts')]);
  const url = `${baseUrl(readConfig())}/readyz`;
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) });
    const { dependencies, circuits = {} } = (await answer.json()) as { dependencies: Record<string, string>; circuits?: Record<string, string> };
    const wrong = [...Object.entries(dependencies).filter(([, state]) => state !== 'ok'), ...Object.entries(circuits).filter(([, state]) => state === 'open').map(([name]) => [name, 'circuit open'])];
    return wrong.length === 0 ? well('api', `${url}: ready`) : ill('api', wrong.map(([name, state]) => `${name}: ${state}`).join(', '), 'mend what is named; /readyz of each process says the same of its own');
  } catch {
    return ill('api', `${url} does not answer`, 'start it, or set PUBLIC_URL (or PORT) to where it is');
  }
}

const baseUrl = ({ PUBLIC_URL, PORT }: Config) => PUBLIC_URL ?? `http://127.0.0.1:${PORT}`;

function textOf(checks: readonly Check[]): string {
  const rows = checks.map(({ check, ok, says }) => [ok ? calm('ok  ') : loud('BAD '), check, says]);
  const todo = checks.filter(({ ok }) => !ok).map(({ check, todo: what }) => `  ${check}: ${what ?? ''}`);
  return [table(rows), ...(todo.length > 0 ? ['', 'What to do:', ...todo] : [])].join('\n');
}
