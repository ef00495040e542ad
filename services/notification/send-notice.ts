import type { Call } from '../common/index.ts';
import { deliver, type Sent } from './deliver.ts';
import type { NotificationDeps } from './deps.ts';
import { recipientsOf } from './recipients.ts';
import type { SendNotice } from './schemas.ts';
import { mailFor } from './templates.ts';

/** Tells everybody concerned of something about an enrollment by mail; how often and what it throws: `deliver.ts`. */
export async function sendNotice(deps: NotificationDeps, { ctx, key, input }: Call<SendNotice>): Promise<Sent> {
  const recipients = await recipientsOf(deps, ctx, input);
  return deliver(deps, { ctx, key, verb: 'sendNotice', content: input, about: input, recipients, mail: (role) => mailFor(input, role) });
}
