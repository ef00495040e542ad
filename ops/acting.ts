import { randomUUID } from 'node:crypto';
import { InvalidArgumentError, type Command } from 'commander';
import type { Ctx } from '../services/common/index.ts';
import { userId } from '../services/common/schemas.ts';

/** Who acts and why: whatever changes or shows something is audited with both. */
export type Acting = { as: string; reason: string };

/** Adds the two options without which nothing is changed or shown. */
export function acting(command: Command): Command {
  return command
    .requiredOption('--as <user>', 'who you are, as the audit trail shall name you', user)
    .requiredOption('--reason <text>', 'why, for the audit trail', reasonText);
}

export function ctxOf({ as, reason }: Acting): Ctx {
  return { actor: { kind: 'user', id: as, name: as, role: 'ops' }, requestId: `ops/${randomUUID()}`, reason };
}

function user(value: string): string {
  if (userId.safeParse(value).success) return value;
  throw new InvalidArgumentError('letters, digits, ".", "_", "@", "-", at most 80.');
}

function reasonText(value: string): string {
  if (value.trim().length > 0 && value.length <= 500) return value;
  throw new InvalidArgumentError('a text of at most 500 characters.');
}
