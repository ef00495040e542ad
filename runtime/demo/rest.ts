import { setTimeout as delay } from 'node:timers/promises';

/** What the demonstration needs of the REST API: JSON in, JSON out, an idempotency key on every POST. */
export type Rest = {
  get<T>(path: string): Promise<T>;
  /** Throws RestError when the answer is not 2xx. */
  post<T>(path: string, body: unknown, key: string): Promise<T>;
};

export class RestError extends Error {
  override readonly name = 'RestError';
  readonly status: number;
  readonly code: string;

  constructor(answer: { status: number; code: string; path: string }) {
    super(`${answer.path} answered ${answer.status} ${answer.code}`);
    this.status = answer.status;
    this.code = answer.code;
  }
}

const TIMEOUT_MS = 15_000;

/** So long a request is repeated: sixteen enrollments at once keep a small machine busy. */
const WITHIN_MS = 60_000;

/** A caller with this token. A 503 is answered as it asks for: the same request again, after a while. */
export function restClient(options: { url: string; token: string }): Rest {
  const call = async <T>(path: string, init: Omit<RequestInit, 'headers'> & { headers?: Record<string, string> }): Promise<T> => {
    const deadline = Date.now() + WITHIN_MS;
    for (;;) {
      const response = await fetch(`${options.url}/api/v1${path}`, {
        ...init,
        headers: { authorization: `Bearer ${options.token}`, 'content-type': 'application/json', ...init.headers },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const body = (await response.json()) as T & { code?: string };
      if (response.ok) return body;
      if (response.status !== 503 || Date.now() > deadline) throw new RestError({ status: response.status, code: body.code ?? '', path });
      await delay(1000 * Number(response.headers.get('retry-after') ?? 1));
    }
  };
  return {
    get: (path) => call(path, { method: 'GET' }),
    post: (path, body, key) => call(path, { method: 'POST', body: JSON.stringify(body), headers: { 'idempotency-key': key } }),
  };
}
