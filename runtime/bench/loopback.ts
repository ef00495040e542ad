import type { Http2Server } from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import { urlOf } from '../listen.ts';

/** Listens on a free port; its URL. */
export function listening(server: Server | Http2Server): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(urlOf(server.address() as AddressInfo)));
  });
}

export function closed(server: Server | Http2Server): Promise<void> {
  return new Promise((resolve) => void server.close(() => resolve()));
}
