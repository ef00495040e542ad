import type { Ctx } from '../../services/common/index.ts';
import type { ApiDeps } from '../deps.ts';

type Deps = Pick<ApiDeps, 'enrollments'> & { clients: { study: Pick<ApiDeps['clients']['study'], 'listUntoldCodeBreaks'> } };
type Asked = { requestId: string; input: { after?: string; codeBreakId?: string; limit: number }; signal?: AbortSignal };

/**
 * Starts the report of code-breaks that nobody has been told of, each once whoever starts it; the process goes on by
 * itself from then on. Answers behind which one to go on, null from the start. Throws when the engine is away: they stay untold.
 */
export async function reportUntold({ clients, enrollments }: Deps, { requestId, input, signal }: Asked): Promise<string | null> {
  // The edge's own work: whoever broke the code need not be allowed to read who was told.
  const ctx: Ctx = { actor: { kind: 'service', service: 'api' }, requestId };
  const { items } = await clients.study.listUntoldCodeBreaks({ ctx, input });
  for (const report of items) {
    if (signal?.aborted) return null;
    await enrollments.reportCodeBreak(report);
  }
  return items.length === input.limit ? (items.at(-1)?.codeBreakId ?? null) : null;
}

/** The same for one, without anybody waiting for it; what fails now is taken up by the sweep. */
export function reportSoon(deps: Deps & Pick<ApiDeps, 'log'>, { requestId, codeBreakId }: { requestId: string; codeBreakId: string }): void {
  reportUntold(deps, { requestId, input: { codeBreakId, limit: 1 } }).catch(() => {
    deps.log.warn({ code_break_id: codeBreakId }, 'a code-break will be reported by the sweep');
  });
}
