import { Connection, type ConnectionOptions } from '@temporalio/client';
import { REQUIRED_SEARCH_ATTRIBUTES } from '../workflows/search-attributes.ts';
import { StartupError } from './embedded/startup-error.ts';
import { INDEXED_VALUE_TYPE } from './embedded/temporal-ready.ts';

/**
 * Makes sure that the server knows our search attributes: a start with an unknown one is refused, an upsert hangs.
 * Throws StartupError when they are missing and may not be added by us, with the command that adds them.
 */
export async function ensureSearchAttributes(temporal: { connection: ConnectionOptions; namespace: string }): Promise<void> {
  const { namespace } = temporal;
  const connection = await connect(temporal.connection);
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    const missing = Object.entries(REQUIRED_SEARCH_ATTRIBUTES).filter(([name]) => customAttributes?.[name] === undefined);
    if (missing.length === 0) return;
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map(([name, type]) => [name, INDEXED_VALUE_TYPE[type]])),
    });
  } catch (cause) {
    const names = Object.entries(REQUIRED_SEARCH_ATTRIBUTES).map(([name, type]) => `--name ${name} --type ${type}`).join(' ');
    const message = `Temporal's namespace ${namespace} lacks search attributes, and they can't be added from here: run "temporal operator search-attribute create ${names}".`;
    throw new StartupError({ code: 'dependency_unreachable', message, cause });
  } finally {
    await connection.close();
  }
}

async function connect(options: ConnectionOptions): Promise<Connection> {
  try {
    return await Connection.connect({ ...options, connectTimeout: '10s' });
  } catch (cause) {
    const message = `Temporal does not answer at ${options.address ?? 'its address'}: start it, or correct TEMPORAL_ADDRESS.`;
    throw new StartupError({ code: 'dependency_unreachable', message, cause });
  }
}
