import type { DevIssuer } from '../dev-issuer.ts';
import { savedLists } from '../saved-lists/lists.ts';
import { restClient } from './rest.ts';
import { DEMO, doctorOf } from './study.ts';

const SITE = DEMO.siteCodes.roomy;
const DOCTOR = doctorOf('roomy');

/** Tells whoever started the system where to look and with what: URLs, ready-made tokens, a request to try. */
export async function printWelcome(options: { url: string; uiUrl: string | undefined; temporalAddress: string | undefined; issuer: DevIssuer; dataDir: string }): Promise<void> {
  const { url, uiUrl, issuer } = options;
  // Whoever tries a request does so in another shell, which has to find the same keys.
  const token = `${options.dataDir === '.data' ? '' : `DATA_DIR='${options.dataDir}' `}npm run --silent token -- --role`;
  const sites = Object.values(DEMO.siteCodes);
  const people = [
    { id: 'demo-clinician', name: 'Demo clinician', role: 'clinician', sites, studies: [] },
    { id: DOCTOR, name: `Doctor at ${SITE}`, role: 'investigator', sites: [SITE], studies: [] },
    { id: 'demo-ops', name: 'Demo operator', role: 'ops', sites: [], studies: [] },
  ] as const;
  const [clinician = '', investigator = '', ops = ''] = await Promise.all(people.map((person) => issuer.sign({ ...person, sites: [...person.sites], studies: [] })));
  const [unsigned, unrandomised] = await Promise.all([waitingFor('eligibility', { url, token: investigator }), waitingFor('randomisation', { url, token: investigator })]);
  const lines = [
    '',
    `API and its documentation   ${url}/docs`,
    ...(uiUrl ? [`Temporal UI                 ${uiUrl}/namespaces/default/workflows`, ...listsOf(uiUrl)] : []),
    ...(options.temporalAddress ? [`Temporal's command line     --address ${options.temporalAddress}`] : []),
    `Traces of late, metrics     ${url}/debug/traces, ${url}/metrics`,
    '',
    `token of a clinician of ${sites.join(', ')} (12 hours):`,
    `  ${clinician}`,
    `token of the investigator of ${SITE}:`,
    `  ${investigator}`,
    'token of an operator:',
    `  ${ops}`,
    '',
    'Try:',
    `  curl -s -H "Authorization: Bearer $(${token} clinician --site ${SITE})" '${url}/api/v1/enrollments?limit=3'`,
    ...(unsigned ? signing({ url, token, enrollmentId: unsigned }) : []),
    ...(unrandomised ? randomising({ url, token, enrollmentId: unrandomised }) : []),
    `More tokens: ${token} ROLE. Stop with Ctrl-C.`,
    '',
  ];
  console.log(lines.join('\n'));
}

function listsOf(uiUrl: string): string[] {
  return savedLists({ now: new Date(), siteCode: SITE }).map(({ name, path }) => `  ${name.toLowerCase().padEnd(25)} ${uiUrl}${path}`);
}

/** The newest enrollment at this investigator's site that waits for this, if one does. */
async function waitingFor(what: string, investigator: { url: string; token: string }): Promise<string | undefined> {
  try {
    const { items } = await restClient(investigator).get<{ items: { enrollmentId: string }[] }>(`/enrollments?awaiting=${what}&limit=1`);
    return items[0]?.enrollmentId;
  } catch {
    // A request to try, nothing more: the system runs without it.
    return undefined;
  }
}

type Try = { url: string; token: string; enrollmentId: string };

const headersOf = ({ token, enrollmentId }: Try, verb: string) =>
  `-H "Authorization: Bearer $(${token} investigator --user ${DOCTOR} --site ${SITE})" -H 'Idempotency-Key: ${verb}-${enrollmentId}' -H 'Content-Type: application/json'`;

function randomising(one: Try): string[] {
  const body = JSON.stringify({ strata: { sex: 'female' }, confirmedBy: DOCTOR });
  return [
    `One at ${SITE} waits for the randomisation, which nothing undoes. To ask for it:`,
    `  curl -s ${headersOf(one, 'randomise')} -d '${body}' '${one.url}/api/v1/enrollments/${one.enrollmentId}/randomisation'`,
  ];
}

function signing(one: Try): string[] {
  const body = JSON.stringify({ decision: 'eligible', signature: { meaning: 'I have reviewed the criteria' } });
  return [
    `An eligibility decision at ${SITE} waits for a signature. To sign it:`,
    `  curl -s ${headersOf(one, 'sign')} -d '${body}' '${one.url}/api/v1/enrollments/${one.enrollmentId}/eligibility-decision'`,
  ];
}
