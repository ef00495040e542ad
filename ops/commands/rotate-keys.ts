import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { addKey } from '../../db/encryption/key-ring.ts';
import { readConfig } from '../../runtime/config.ts';
import { keyFiles } from '../../runtime/keys.ts';
import { openOpsServices, type OpsServices } from '../../runtime/ops-services.ts';
import type { Ctx } from '../../services/common/index.ts';
import { acting, type Acting, ctxOf } from '../acting.ts';
import { EXIT, type Output } from '../output.ts';

const AT_ONCE = 200;
/** A process that runs goes on wrapping with the old key for as long as it doesn't look into the file. */
const NOTICED_MS = 1500;

export function rotateKeysCommand(keys: Command, outputOf: (command: Command) => Output): void {
  acting(keys.command('rotate'))
    .description('Add a key-encryption key and wrap all data keys with it, while the system runs. Cut short, it goes on where it was.')
    .option('--payloads', 'add a key for what Temporal keeps instead: it seals from now on, the older ones go on opening')
    .action(async (options: Acting & { payloads?: true }, command: Command) => {
      const out = outputOf(command);
      process.exitCode = await (options.payloads ? addPayloadKey(options, out) : rotate(options, out));
    });
}

async function addPayloadKey(options: Acting, out: Output): Promise<number> {
  const config = readConfig();
  const { services, close } = await openOpsServices(config);
  try {
    const keyId = await addKey(config.PAYLOAD_KEYS_FILE ?? keyFiles(config.DATA_DIR).payloadKeys);
    await services.study.noteKeyChange({ ctx: ctxOf(options), key: `key-change/${keyId}`, input: { keyId, purpose: 'payloads' } });
    out.result({ keyId }, `What Temporal keeps is sealed by key ${keyId} from now on.`);
    return EXIT.done;
  } finally {
    await close();
  }
}

async function rotate(options: Acting, out: Output): Promise<number> {
  const config = readConfig();
  const { services, secrets, close } = await openOpsServices(config);
  const ctx = ctxOf(options);
  try {
    const resumed = (await leftOver(services, ctx)) > 0;
    // What was cut short comes to its end first: a third key would help nobody.
    if (!resumed) await addKey(config.KEY_ENCRYPTION_KEYS_FILE ?? keyFiles(config.DATA_DIR).keyEncryptionKeys);
    await delay(NOTICED_MS);
    let rewrapped = 0;
    do {
      rewrapped += await rewrapAll(services, { ctx, out });
      await delay(NOTICED_MS);
    } while ((await leftOver(services, ctx)) > 0);
    const keyId = await secrets.keys.currentKeyId();
    const how = resumed ? ' A rotation that had been cut short has come to its end; repeat it for another key.' : '';
    out.result({ keyId, rewrapped, resumed }, `${rewrapped} data keys are wrapped by key ${keyId} now.${how}`);
    return EXIT.done;
  } finally {
    await close();
  }
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
