import type { Ctx } from '../common/index.ts';
import type { EdcDeps } from './deps.ts';

/** What planning needs of Study and Site. Asked before the transaction: no connection waits for another service. */
export async function protocolAndSite(
  { study, site }: EdcDeps,
  { ctx, protocolVersionId, siteId }: { ctx: Ctx; protocolVersionId: string; siteId: string },
) {
  const [protocol, { timezone }] = await Promise.all([
    study.getProtocol({ ctx, input: { protocolVersionId } }),
    site.getSite({ ctx, input: { siteId } }),
  ]);
  return { body: protocol.body, timezone };
}
