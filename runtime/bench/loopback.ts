import type { Http2Server } from 'node:http2';
import type { AddressInfo, Server } from 'node:net';

/** Listens on a free port; its URL. */
export function listening(server: Server | Http2Server): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
}

export function closed(server: Server | Http2Server): Promise<void> {
  return new Promise((resolve) => void server.close(() => resolve()));
}
