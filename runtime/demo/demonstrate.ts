import { createDevIssuer } from '../../api/auth/dev-issuer.ts';
import type { Config } from '../config.ts';
import { keyFiles } from '../keys.ts';
import { enrolCohort, isEmpty } from './cohort.ts';
import { printWelcome } from './welcome.ts';

const issuerOf = ({ DATA_DIR }: Config) => createDevIssuer({ keyFile: keyFiles(DATA_DIR).issuer });

/** On an empty database only. A demonstration that fails is said so, and doesn't take the system down with it. */
export async function enrolDemonstration(config: Config, url: string): Promise<void> {
  try {
    const at = { url, issuer: await issuerOf(config) };
    if (await isEmpty(at)) console.log(`cohort enrolled: ${await enrolCohort(at)}`);
  } catch (error) {
    console.error(`trial-enrollment: the demonstration cohort was not enrolled (${error instanceof Error ? error.message : 'unknown'}).`);
  }
}

/** Where to look and with what. */
export async function welcome(config: Config, at: { url: string; uiUrl: string | undefined }): Promise<void> {
  await printWelcome({ ...at, issuer: await issuerOf(config), dataDir: config.DATA_DIR });
}
