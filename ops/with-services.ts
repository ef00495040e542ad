import type { Config } from '../runtime/config.ts';
import type { OpsServices } from '../runtime/ops-services.ts';

/**
 * Does `work` on the services of this installation, and closes them. They are loaded only now: help, and what is wrong
 * with an argument, are said without waiting for them.
 */
export async function withServices(work: (at: OpsServices & { config: Config }) => Promise<void>): Promise<void> {
  const [{ readConfig }, { openOpsServices }] = await Promise.all([import('../runtime/config.ts'), import('../runtime/ops-services.ts')]);
  const config = readConfig();
  const opened = await openOpsServices(config);
  try {
    await work({ ...opened, config });
  } finally {
    await opened.close();
  }
}
