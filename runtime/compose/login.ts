// docker compose run --rm ops runtime/compose/login.ts: an access token of the token issuer for whoever logs in, in a
// browser, at the address that is shown (RFC 8628, with PKCE). The token alone on standard output.
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { PUBLIC } from './roster.ts';

const CLIENT = 'trial-cli';
const WITHIN_MS = 10_000;
/** Asked too early, or not answered by the person yet. */
const LATER = ['authorization_pending', 'slow_down'];

const started = z.object({ device_code: z.string(), verification_uri_complete: z.url(), expires_in: z.number(), interval: z.number().default(5) });
const answered = z.object({ access_token: z.string().optional(), error: z.string().optional() });

// Within the network it has another name than the one that its tokens and its pages say.
const realm = process.argv[2] ?? 'https://issuer:8444/realms/trial';
const verifier = randomBytes(32).toString('base64url');
const challenge = createHash('sha256').update(verifier).digest('base64url');

const device = started.parse(await asked('auth/device', { scope: 'openid', code_challenge: challenge, code_challenge_method: 'S256' }));
const page = device.verification_uri_complete.replace(new URL(realm).origin, PUBLIC.issuer);
console.error(`Log in at ${page}\nIt is waited for, for ${Math.round(device.expires_in / 60)} minutes.`);
const deadline = Date.now() + device.expires_in * 1000;
let token: string | undefined;
while (token === undefined) {
  await delay(device.interval * 1000);
  const { access_token, error } = answered.parse(await asked('token', { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: device.device_code, code_verifier: verifier }));
  if (access_token === undefined && (error === undefined || !LATER.includes(error) || Date.now() > deadline)) {
    console.error(`no token: ${error ?? 'no answer'}`);
    process.exit(1);
  }
  token = access_token;
}
console.log(token);

async function asked(what: string, form: Record<string, string>): Promise<unknown> {
  const body = new URLSearchParams({ client_id: CLIENT, ...form });
  const answer = await fetch(`${realm}/protocol/openid-connect/${what}`, { method: 'POST', body, signal: AbortSignal.timeout(WITHIN_MS) });
  return answer.json();
}
