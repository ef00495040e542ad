import { readFileSync } from 'node:fs';
import { SERVICES } from '../db/provision.ts';
import { StartupError } from './embedded/startup-error.ts';

/** Variables that hold a secret. Each may be given as a file instead: `HASH_KEY_FILE` names the file with the value of `HASH_KEY`. */
export const SECRET_VARIABLES: readonly string[] = [
  'DATABASE_URL',
  ...SERVICES.flatMap((name) => [`DATABASE_URL_${name.toUpperCase()}`, `DATABASE_OWNER_URL_${name.toUpperCase()}`]),
  'SMTP_URL',
  'HASH_KEY',
  'INDEX_KEY',
  'TEMPORAL_API_KEY',
];

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The environment with what its `<NAME>_FILE` name read into `<NAME>`, without the line end of the file. Throws
 * StartupError naming the variable, never what is in the file.
 */
export function withSecretFiles(env: Environment): Record<string, string | undefined> {
  const read = SECRET_VARIABLES.flatMap((name) => {
    const file = env[`${name}_FILE`];
    return file === undefined || file === '' ? [] : [[name, secretOf(name, { file, env })] as const];
  });
  const rest = Object.entries(env).filter(([name]) => !read.some(([secret]) => name === `${secret}_FILE`));
  return { ...Object.fromEntries(rest), ...Object.fromEntries(read) };
}

function secretOf(name: string, { file, env }: { file: string; env: Environment }): string {
  const wrong = (what: string, cause?: unknown) => new StartupError({ code: 'bad_configuration', message: `${name}_FILE ${what}. See the table in README.md.`, cause });
  if (env[name] !== undefined && env[name] !== '') throw wrong(`and ${name} are both set: give one of them`);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw wrong(`names a file that can't be read (${(cause as NodeJS.ErrnoException).code ?? 'unknown'})`, cause);
  }
  const secret = text.replace(/\r?\n$/, '');
  if (secret === '') throw wrong('names a file that is empty');
  return secret;
}
