import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NativeConnection } from '@temporalio/worker';
import { type Promotion, takePart } from '../../runtime/deployment/take-part.ts';
import { patchesIn, versionOf } from '../../runtime/deployment/version.ts';
import { dataConverterOf } from '../../runtime/temporal-codec/data-converter.ts';
import { startWorkers } from '../../runtime/workers.ts';
import { buildWorkflowBundle } from '../../runtime/workflow-bundle.ts';
import { TASK_QUEUE } from '../../workflows/consent-to-enrollment/messages.ts';
import { testLog } from '../support/log.ts';
import { TEST_SECRETS } from '../support/secrets.ts';
import type { TestSystem } from '../support/system.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What the other version does and the code as it is doesn't: early in a run, and when its outcome has been recorded. */
export const EARLY = 'early-change-of-the-test';
export const LATE = 'late-change-of-the-test';

const CHANGES = [
  { file: 'workflow.ts', at: "  notices.begin('consent_recorded');\n", added: `  if (patched('${EARLY}')) await sleep(1);\n` },
  { file: 'outcome.ts', at: '  showOutcome(enrollment, outcome);\n', added: `  if (patched('${LATE}')) await sleep(1);\n` },
] as const;

/** Bundles the workflow code with two changes under `patched()`, in a folder of its own. */
export async function otherBundle(): Promise<{ path: string; remove(): Promise<void> }> {
  const root = await mkdtemp(join(tmpdir(), 'trial-enrollment-version-'));
  await cp(join(ROOT, 'workflows'), join(root, 'workflows'), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  for (const { file, at, added } of CHANGES) {
    const path = join(root, 'workflows', 'consent-to-enrollment', file);
    const text = await readFile(path, 'utf8');
    if (text.split(at).length !== 2) throw new Error(`${file} has no longer the place that this test changes`);
    await writeFile(path, `import { patched, sleep } from '@temporalio/workflow';\n${text.replace(at, `${added}${at}`)}`);
  }
  return { path: await buildWorkflowBundle(root), remove: () => rm(root, { recursive: true, force: true }) };
}

/** A worker of another version beside those of the system. */
export async function startVersion(at: TestSystem, how: { buildId: string; bundlePath: string; promote?: Promotion }): Promise<() => Promise<void>> {
  const native = await NativeConnection.connect({ address: at.temporal.address });
  const version = await versionOf(how.bundlePath, how.buildId);
  const workers = await startWorkers({
    connection: native,
    namespace: 'default',
    dataConverter: dataConverterOf(TEST_SECRETS.payloadKeys),
    services: {},
    workflowBundlePath: how.bundlePath,
    onUnexpected: () => undefined,
    log: testLog,
    queues: [TASK_QUEUE],
    version,
  });
  await takePart({ client: at.system.client, namespace: 'default', version, patches: await patchesIn(how.bundlePath), promote: how.promote ?? 'manual', log: testLog });
  return async () => {
    await workers.stop();
    await native.close();
  };
}
