import type { DevIssuer } from '../../api/auth/dev-issuer.ts';
import { DEMO } from './study.ts';

/** Tells whoever started the system where to look and with what: URLs, ready-made tokens, a request to try. */
export async function printWelcome(options: { url: string; uiUrl: string | undefined; issuer: DevIssuer }): Promise<void> {
  const { url, uiUrl, issuer } = options;
  const sites = Object.values(DEMO.siteCodes);
  const people = [
    { id: 'demo-clinician', name: 'Demo clinician', role: 'clinician', sites, studies: [] },
    { id: 'demo-ops', name: 'Demo operator', role: 'ops', sites: [], studies: [] },
  ] as const;
  const [clinician, ops] = await Promise.all(people.map((person) => issuer.sign({ ...person, sites: [...person.sites], studies: [] })));
  const lines = [
    '',
    `API and its documentation   ${url}/docs`,
    ...(uiUrl ? [`Temporal UI                 ${uiUrl}/namespaces/default/workflows`, `  what needs attention      ${uiUrl}/namespaces/default/workflows?query=NeedsAttention%3Dtrue`] : []),
    '',
    `token of a clinician of ${sites.join(', ')} (12 hours):`,
    `  ${clinician}`,
    'token of an operator:',
    `  ${ops}`,
    '',
    'Try:',
    `  curl -s -H "Authorization: Bearer $(npm run --silent token -- --role clinician --site ${DEMO.siteCodes.roomy})" '${url}/api/v1/enrollments?limit=3'`,
    'One participant waits for an eligibility signature. See who, and sign (POST …/enrollments/{enrollmentId}/eligibility-decision) as:',
    `  npm run --silent token -- --role investigator --user doctor-bj-01 --site ${DEMO.siteCodes.roomy}`,
    `  curl -s -H "Authorization: Bearer …" '${url}/api/v1/enrollments?awaiting=eligibility'`,
    'More tokens: npm run --silent token -- --role ROLE. Stop with Ctrl-C.',
    '',
  ];
  console.log(lines.join('\n'));
}
