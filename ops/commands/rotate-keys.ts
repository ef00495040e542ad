import { setTimeout as delay } from 'node:timers/promises';
import { Option, type Command } from 'commander';
import { addKey } from '../../db/encryption/add-key.ts';
import { newKeyId } from '../../db/encryption/key-ring.ts';
import type { Config } from '../../runtime/config.ts';
import { keyFiles } from '../../runtime/keys.ts';
import type { OpsServices } from '../../runtime/ops-services.ts';
import type { Ctx } from '../../services/common/index.ts';
import { acting, type Acting, ctxOf } from '../acting.ts';
import { EXIT, type Output } from '../output.ts';
import { withServices } from '../with-services.ts';

const AT_ONCE = 200;
/** A process that runs goes on wrapping with the old key for as long as it doesn't look into the file. */
const NOTICED_MS = 1500;

export function rotateKeysCommand(keys: Command, outputOf: (command: Command) => Output): void {
  acting(keys.command('rotate'))
    .description('Add a key-encryption key and wrap all data keys with it, while the system runs. Cut short, it goes on where it was.')
    .option('--payloads', 'add a key for what Temporal keeps instead: it seals from now on, the older ones go on opening')
    .addOption(new Option('--seals', 'add a key for the seals of the audit trail instead: it signs from now on, the older ones go on verifying').conflicts('payloads'))
    .action(async (options: Acting & { payloads?: true; seals?: true }, command: Command) => {
      const out = outputOf(command);
      const purpose = options.payloads ? 'payloads' : options.seals ? 'seals' : undefined;
      await withServices((at) => (purpose ? addOne(purpose, at, { options, out }) : rotate(at, { options, out })));
      process.exitCode = EXIT.done;
    });
}

const SAID = { payloads: 'What Temporal keeps is sealed by', seals: 'The audit trail is sealed by' };

type At = OpsServices & { config: Config };
type Asked = { options: Acting; out: Output };

async function addOne(purpose: keyof typeof SAID, at: At, { options, out }: Asked): Promise<void> {
  const files = keyFiles(at.config.DATA_DIR);
  const file = { payloads: at.config.PAYLOAD_KEYS_FILE ?? files.payloadKeys, seals: at.config.AUDIT_SEAL_KEYS_FILE ?? files.auditSealKeys }[purpose];
  const keyId = await addNoted(at, { ctx: ctxOf(options), file, purpose });
  out.result({ keyId }, `${SAID[purpose]} key ${keyId} from now on.`);
}

/** Into the trail first: a kill between the two leaves the name of a key that nothing uses, never a key that nobody noted. */
async function addNoted({ services, databases }: At, { ctx, file, purpose }: { ctx: Ctx; file: string; purpose: keyof typeof SAID | 'data-keys' }): Promise<string> {
  const id = newKeyId();
  await services.study.noteKeyChange({ ctx, key: `key-change/${id}`, input: { keyId: id, purpose } });
  await addKey(databases.find(({ schema }) => schema === 'study')!, { file, id });
  return id;
}

async function rotate(at: At, { options, out }: Asked): Promise<void> {
  const { config, services, secrets } = at;
  const ctx = ctxOf(options);
  const resumed = (await leftOver(services, ctx)) > 0;
  // What was cut short comes to its end first: a third key would help nobody.
  if (!resumed) await addNoted(at, { ctx, file: config.KEY_ENCRYPTION_KEYS_FILE ?? keyFiles(config.DATA_DIR).keyEncryptionKeys, purpose: 'data-keys' });
  await delay(NOTICED_MS);
  let rewrapped = 0;
  do {
    rewrapped += await rewrapAll(services, { ctx, out });
    await delay(NOTICED_MS);
  } while ((await leftOver(services, ctx)) > 0);
  const keyId = await secrets.keys.currentKeyId();
  const how = resumed ? ' A rotation that had been cut short has come to its end; repeat it for another key.' : '';
  out.result({ keyId, rewrapped, resumed }, `${rewrapped} data keys are wrapped by key ${keyId} now.${how}`);
}

const all = (services: OpsServices['services']) => [services.patient, services.study, services.site, services.edc, services.notification];

async function leftOver(services: OpsServices['services'], ctx: Ctx): Promise<number> {
  const counts = await Promise.all(all(services).map((service) => service.rewrapDataKeys({ ctx, input: { limit: 0 } })));
  return counts.reduce((sum, { left }) => sum + left, 0);
}

async function rewrapAll(services: OpsServices['services'], { ctx, out }: { ctx: Ctx; out: Output }): Promise<number> {
  let done = 0;
  for (const service of all(services)) {
    for (let left = 1; left > 0; ) {
      const answer = await service.rewrapDataKeys({ ctx, input: { limit: AT_ONCE } });
      done += answer.rewrapped;
      left = answer.left;
      out.progress(`${done} wrapped anew, ${left} left here`);
      // Somebody else has the rest under way.
      if (answer.rewrapped === 0 && left > 0) await delay(100);
    }
  }
  return done;
}
