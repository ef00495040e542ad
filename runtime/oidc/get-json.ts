const WITHIN_MS = 3000;
const MOST_BYTES = 256_000;

/** Where keys may be fetched from: over TLS, or on this machine, where nobody stands in between. */
export function isTrustworthyUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname));
}

/** A small JSON document, within 3 s, from this very URL: a redirect is not followed. Throws when anything is amiss. */
export async function getJson(url: string): Promise<unknown> {
  if (!isTrustworthyUrl(url)) throw new Error('not a URL to fetch keys from');
  const answer = await fetch(url, { redirect: 'error', headers: { Accept: 'application/json' }, signal: AbortSignal.timeout(WITHIN_MS) });
  if (answer.status !== 200 || answer.body === null) {
    await answer.body?.cancel();
    throw new Error(`answered ${answer.status}`);
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body) {
    bytes += chunk.byteLength;
    if (bytes > MOST_BYTES) throw new Error('too large');
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}
