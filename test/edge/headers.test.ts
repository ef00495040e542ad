import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HttpServer, listenHttp } from '../../runtime/listen.ts';
import { startTestApi, type TestApi } from '../api/support.ts';

let api: TestApi;
let server: HttpServer;
const FRIEND = 'https://ui.trial.example';
beforeAll(async () => {
  api = await startTestApi({ deps: { rules: { corsOrigins: [FRIEND], https: true } } });
  server = await listenHttp(api.app.fetch, { host: '127.0.0.1', port: 0 });
});
afterAll(async () => {
  await server.stop();
  await api.stop();
});

describe('every answer', () => {
  it.each(['/api/v1/sites', '/api/v1/nothing', '/codec/decode', '/healthz', '/metrics', '/openapi.json', '/docs', '/elsewhere'])('tells browsers to be careful, and nobody what it runs on: %s', async (path) => {
    const { headers } = await fetch(`${server.url}${path}`);
    expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
    expect(headers.get('Referrer-Policy')).toBe('no-referrer');
    expect(headers.get('Strict-Transport-Security')).toMatch(/max-age=\d{8}/);
    expect(headers.get('Content-Security-Policy')).toContain("default-src 'none'");
    for (const banner of ['Server', 'X-Powered-By']) expect(headers.has(banner)).toBe(false);
    if (/^\/(api|codec)\//.test(path)) expect(headers.get('Cache-Control')).toBe('no-store');
  });

  it('keeps the page of the documentation readable', async () => {
    expect((await fetch(`${server.url}/docs`)).headers.get('Content-Security-Policy')).toContain('style-src');
  });
});

describe('scripts in browsers', () => {
  const preflight = (origin: string) => fetch(`${server.url}/api/v1/patients/search`, { method: 'OPTIONS', headers: { Origin: origin, 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'authorization' } });

  it('of a listed origin may ask, without cookies', async () => {
    const answer = await preflight(FRIEND);
    expect(answer.status).toBe(204);
    expect(answer.headers.get('Access-Control-Allow-Origin')).toBe(FRIEND);
    expect(answer.headers.has('Access-Control-Allow-Credentials')).toBe(false);
    const asked = await fetch(`${server.url}/api/v1/sites`, { headers: { Origin: FRIEND } });
    expect([asked.status, asked.headers.get('Access-Control-Allow-Origin')]).toEqual([401, FRIEND]);
  });

  it.each(['https://evil.example', 'null', `${FRIEND}.evil.example`, 'http://ui.trial.example', 'https://UI.trial.example:8443'])('of any other may not: %s', async (origin) => {
    for (const answer of [await preflight(origin), await fetch(`${server.url}/api/v1/sites`, { headers: { Origin: origin } })]) {
      expect(answer.headers.has('Access-Control-Allow-Origin')).toBe(false);
    }
  });
});

describe('the server', () => {
  /** What it answers to these bytes, until it or we hang up. */
  const raw = (text: string) =>
    new Promise<string>((resolve) => {
      let said = '';
      const socket = connect(Number(new URL(server.url).port), '127.0.0.1', () => socket.write(text));
      socket.on('data', (chunk) => (said += chunk.toString())).on('close', () => resolve(said)).on('error', () => resolve(said));
      setTimeout(() => socket.end(), 500);
    });

  it('refuses headers of more than 16 KiB', async () => {
    expect(await raw(`GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431/);
    expect(await raw(`GET /healthz?${'a'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431/);
  });

  it('takes no request that says its length in two ways, and no line break within a header', async () => {
    const both = 'POST /api/v1/sites HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n';
    const answer = await raw(both);
    expect(answer).toMatch(/^HTTP\/1\.1 400/);
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(await raw('GET /healthz HTTP/1.1\r\nHost: x\r\nX-Request-Id: a\rSet-Cookie: b\r\n\r\n')).toMatch(/^HTTP\/1\.1 400/);
  });
});
