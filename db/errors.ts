import { DrizzleQueryError } from 'drizzle-orm';

/** Why the database refused, in terms that the layers above may act on. */
export type DatabaseErrorKind =
  | 'unavailable'
  | 'busy'
  | 'unique_violation'
  | 'reference_violation'
  | 'check_violation'
  | 'invalid_value'
  | 'unexpected';

const PUBLIC_TEXT: Record<DatabaseErrorKind, string> = {
  unavailable: 'The database cannot be reached right now; try again with the same key.',
  busy: 'The database is busy right now; try again with the same key.',
  unique_violation: 'Something with the same unique value exists already.',
  reference_violation: 'Something that this refers to does not exist.',
  check_violation: 'A value is outside of what the record allows.',
  invalid_value: 'A value has a form that cannot be stored.',
  unexpected: 'The database answered with an unexpected error.',
};

/**
 * The only error that leaves the data layer. Its message never has parameters or values in it
 * (Drizzle's own does, and would end in Temporal's history); the driver's error is not kept as cause.
 */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
  readonly kind: DatabaseErrorKind;
  readonly code: string;
  readonly publicText: string;
  /** The same call may succeed later, under the same key. */
  readonly retryable: boolean;
  readonly sqlstate: string | undefined;
  readonly constraint: string | undefined;

  constructor(kind: DatabaseErrorKind, detail: { sqlstate?: string | undefined; constraint?: string | undefined }) {
    super(`${kind}${detail.sqlstate ? ` (${detail.sqlstate})` : ''}${detail.constraint ? ` on ${detail.constraint}` : ''}`);
    this.kind = kind;
    this.code = `database_${kind}`;
    this.publicText = PUBLIC_TEXT[kind];
    this.retryable = kind === 'unavailable' || kind === 'busy' || kind === 'unexpected';
    this.sqlstate = detail.sqlstate;
    this.constraint = detail.constraint;
  }
}

const NETWORK = /^(ECONN|EPIPE|ENOTFOUND|EHOST|ENET|ETIMEDOUT|EAI_|CONNECTION_|CONNECT_TIMEOUT|CLIENT_TIMEOUT)/;

function kindOf(code: string): DatabaseErrorKind {
  if (NETWORK.test(code) || /^(08|57P|53)/.test(code)) return 'unavailable';
  if (code === '40001' || code === '40P01' || code === '55P03' || code === '57014' || code === '25P03') return 'busy';
  if (code === '23505' || code === '23P01') return 'unique_violation';
  if (code === '23503') return 'reference_violation';
  if (code === '23514' || code === '23502') return 'check_violation';
  if (code.startsWith('22')) return 'invalid_value';
  return 'unexpected';
}

type DriverError = { code?: unknown; constraint_name?: unknown; cause?: unknown };

function driverError(error: unknown): DriverError {
  let at = error as DriverError | undefined;
  // Drizzle wraps the driver's error as cause, at most a few levels deep.
  for (let depth = 0; depth < 4 && at && typeof at.code !== 'string'; depth++) at = at.cause as DriverError | undefined;
  return at ?? {};
}

/** Is this what the PostgreSQL driver or Drizzle throws? Anything else is somebody else's error. */
export function isDriverError(error: unknown): boolean {
  if (error === null || typeof error !== 'object') return false;
  // Drizzle's error has no name of its own, and its message carries the parameters.
  if (error instanceof DrizzleQueryError || (error as Error).name === 'PostgresError') return true;
  const code = (error as DriverError).code;
  return typeof code === 'string' && NETWORK.test(code);
}

/** Maps a driver's error (SQLSTATE or network code) to a DatabaseError without values in it. */
export function databaseError(error: unknown): DatabaseError {
  if (error instanceof DatabaseError) return error;
  const { code, constraint_name } = driverError(error);
  const state = typeof code === 'string' ? code : '';
  return new DatabaseError(kindOf(state), {
    sqlstate: state || undefined,
    constraint: typeof constraint_name === 'string' ? constraint_name : undefined,
  });
}

/** Is it the violation of this unique constraint or index? */
export function violates(error: unknown, constraint: string): boolean {
  return error instanceof DatabaseError && error.kind === 'unique_violation' && error.constraint === constraint;
}
