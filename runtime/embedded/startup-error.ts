export type StartupErrorCode =
  | 'already_running'
  | 'data_dir_not_writable'
  | 'port_taken'
  | 'postgres_binaries_missing'
  | 'postgres_no_unprivileged_user'
  | 'postgres_password_missing'
  | 'postgres_not_started'
  | 'temporal_binary_missing'
  | 'temporal_not_started'
  | 'process_not_ended'
  | 'bad_configuration'
  | 'dependency_unreachable'
  | 'part_failed'
  | 'no_token_issuer';

/** A reason why the program can't start: `message` is one line for the person at the terminal and says what to do. */
export class StartupError extends Error {
  override readonly name = 'StartupError';
  readonly code: StartupErrorCode;
  /** The process that stands in the way, where there is one. */
  readonly pid: number | undefined;

  constructor({ code, message, pid, cause }: { code: StartupErrorCode; message: string; pid?: number; cause?: unknown }) {
    super(message, cause === undefined ? {} : { cause });
    this.code = code;
    this.pid = pid;
  }
}
