import { type DevIssuer, embeddedIssuer } from '../dev-issuer.ts';
import type { Config } from '../config.ts';
import type { Infrastructure } from '../infrastructure.ts';
import { enrolCohort, isEmpty } from './cohort.ts';
import { printWelcome } from './welcome.ts';

/** Says `ready`, enrols the demonstration cohort if asked to, and tells where to look and with what. */
export async function demonstrate(config: Config, { temporal, withCohort }: { temporal: Infrastructure['temporal']; withCohort: boolean }): Promise<void> {
  const url = `http://127.0.0.1:${config.PORT}`;
  console.log(`ready ${url}`);
  if (config.OIDC_ISSUER !== undefined) {
    // Nobody here can sign the tokens that a demonstration needs.
    console.log(`API and its documentation   ${url}/docs\nTokens are those of ${config.OIDC_ISSUER}; a demonstration cohort needs the embedded issuer.`);
    return;
  }
  const issuer = await embeddedIssuer(config);
  if (withCohort) await enrolDemonstration({ url, issuer });
  await printWelcome({ url, uiUrl: temporal.uiUrl, temporalAddress: temporal.connection.address, issuer, dataDir: config.DATA_DIR });
}

/** On an empty database only. A demonstration that fails is said so, and doesn't take the system down with it. */
async function enrolDemonstration(at: { url: string; issuer: DevIssuer }): Promise<void> {
  try {
    if (await isEmpty(at)) console.log(`cohort enrolled: ${await enrolCohort(at)}`);
  } catch (error) {
    console.error(`trial-enrollment: the demonstration cohort was not enrolled (${error instanceof Error ? error.message : 'unknown'}).`);
  }
}
