/** A job for the load generator: plain data, because it crosses to another process. */
export type Job =
  /** Each connection sends the next request as soon as it has the answer to the one before. */
  | { kind: 'hammer'; url: string; paths: string[]; token: string; connections: number; durationMs: number }
  /** One request after the other. After a POST that `settles`, waits (unmeasured) until that enrollment has its outcome. */
  | { kind: 'sequence'; url: string; token: string; requests: { method: 'GET' | 'POST'; path: string; body?: unknown; key?: string }[]; settles: boolean }
  /** GetPatient by so many callers at once, with our client or with Connect's own. */
  | { kind: 'rpc'; bare: boolean; url: string; keysFile: string; siteId: string; ids: string[]; inFlight: number; durationMs: number };

/** Milliseconds of each request in the order of the answers, and how many answers had which status. */
export type JobResult = { latencies: number[]; statuses: Record<number, number>; elapsedMs: number };
