import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Line } from '../report.ts';
import { compareSides, type Sizes } from '../sides/compare-sides.ts';

/**
 * What logs (at `info`, into a file), metrics and traces (one request in ten recorded, sent to a receiver that throws
 * them away) cost, against a system that tells nothing at all.
 */
export async function measureTelemetry({ dir, say, ...sizes }: Sizes & { dir: string; say: (what: string) => void }): Promise<Line> {
  let received = 0;
  const receiver = createServer((request, response) => {
    received += 1;
    request.resume().once('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
  });
  await new Promise<void>((resolve) => {
    receiver.listen(0, '127.0.0.1', resolve);
  });
  const otlpEndpoint = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  try {
    const line = await compareSides({
      ...sizes,
      say,
      name: `direct protocol with logs, metrics and traces (1 in 10) against without, throughput at ${sizes.inFlight} in flight`,
      sides: { with: { dir: join(dir, 'with'), protected: true, told: { otlpEndpoint } }, without: { dir: join(dir, 'without'), protected: true, told: false } },
      bound: { atLeast: 0.9 },
    });
    if (received === 0) throw new Error('the receiver of traces was sent nothing: what was measured is not what it says');
    return line;
  } finally {
    receiver.close();
    receiver.closeAllConnections();
  }
}
