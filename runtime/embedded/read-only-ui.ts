import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { pipeline } from 'node:stream';

const SETTINGS = '/api/v1/settings';
/** The one thing that is asked by POST: the current details of a case page among them. */
const QUERY = /^\/api\/v1\/namespaces\/[^/]+\/workflows\/[^/]+\/query\/[^/]+$/;

type ReadOnlyUi = { url: string; stop(): Promise<void> };

/**
 * Temporal's web interface with its write actions off: what it does carries no identity. The development server has
 * no setting for that (CLI 1.9.1), so this stands in front of it: tells the interface that they are off, and refuses
 * whatever is not reading (403).
 */
export async function startReadOnlyUi({ port, uiUrl }: { port: number; uiUrl: string }): Promise<ReadOnlyUi> {
  const server = createServer((asked, answer) => {
    const path = (asked.url ?? '/').split('?')[0] ?? '/';
    const reads = asked.method === 'GET' || asked.method === 'HEAD' || (asked.method === 'POST' && QUERY.test(path));
    if (!reads) return void answer.writeHead(403, { 'content-type': 'application/json' }).end(JSON.stringify({ message: 'Write actions are off here: they carry no identity.' }));
    pass({ asked, answer, uiUrl, changed: path === SETTINGS ? writeActionsOff : undefined });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const stop = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { url: `http://127.0.0.1:${port}`, stop };
}

type Passing = { asked: IncomingMessage; answer: ServerResponse; uiUrl: string; changed: ((body: string) => string) | undefined };

function pass({ asked, answer, uiUrl, changed }: Passing): void {
  // Plain, since the settings are read here.
  const { 'accept-encoding': _compressed, ...headers } = asked.headers;
  const { hostname, port } = new URL(uiUrl);
  const passed = request({ hostname, port, path: asked.url, method: asked.method, headers });
  passed.on('response', (got) => {
    const status = got.statusCode ?? 502;
    if (!changed || status !== 200) return void pipeline(got, answer.writeHead(status, got.headers), noMatter);
    const { 'content-length': _length, ...rest } = got.headers;
    const parts: Buffer[] = [];
    got.on('data', (part: Buffer) => parts.push(part));
    got.on('end', () => answer.writeHead(status, rest).end(changed(Buffer.concat(parts).toString())));
  });
  passed.on('error', () => (answer.headersSent ? answer.destroy() : answer.writeHead(502).end()));
  pipeline(asked, passed, noMatter);
}

/** Either side may go away at any moment; both are closed then. */
const noMatter = () => undefined;

function writeActionsOff(settings: string): string {
  const said = JSON.parse(settings) as { Codec?: object };
  const Codec = { ...said.Codec, DefaultErrorMessage: 'Arguments and results stay sealed here: this page has no login.' };
  return JSON.stringify({ ...said, Codec, DisableWriteActions: true });
}
