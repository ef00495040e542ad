import type { Services } from '../../../runtime/services.ts';
import { type Channels, openChannels } from '../../../runtime/rpc/channels.ts';
import { DomainError } from '../../../services/common/index.ts';
import type { SiteClient } from '../../../services/site/client.ts';
import { startTcpProxy, through, type TcpProxy } from '../../outages/tcp-proxy.ts';
import { ctx, overHttp2, type OverHttp2 } from '../support.ts';

/** A stand-in for the Site service: it keeps what reached it, and answers when it is let. */
export class StandInSite {
  /** The reads that came, and the keys of the commands. */
  reads = 0;
  readonly commands: string[] = [];
  /** The most calls that were here at once. */
  most = 0;
  /** What the site that is read is called: long enough for its answer to have a middle. */
  name = 'Site'.padEnd(200, '.');
  #here = 0;
  #held: Promise<void> = Promise.resolve();
  #release = () => {};

  /** Calls that come from now on wait; returns how to let them, and those after them, go. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    [this.#held, this.#release] = [promise, resolve];
    return resolve;
  }
  release(): void {
    this.#release();
  }
  timesOf(key: string): number {
    return this.commands.filter((one) => one === key).length;
  }

  async #come(): Promise<void> {
    this.#here += 1;
    this.most = Math.max(this.most, this.#here);
    await this.#held;
    this.#here -= 1;
  }

  get services(): Partial<Services> {
    const getSite = async () => {
      this.reads += 1;
      await this.#come();
      return { id: 's', siteId: 's', code: 'S', name: this.name, address: null, timezone: 'UTC', createdAt: '2026-01-01T00:00:00.000Z' };
    };
    const createSite = async ({ key }: { key: string }) => {
      this.commands.push(key);
      await this.#come();
      return { siteId: key.padEnd(200) };
    };
    return { site: { getSite, createSite } } as unknown as Partial<Services>;
  }
}

export type BehindProxy = {
  wire: OverHttp2;
  proxy: TcpProxy;
  service: StandInSite;
  /** A caller of its own: its connection, and a policy for each of its clients. */
  caller(options?: CallerOptions): Caller;
  stop(): Promise<void>;
};
export type CallerOptions = { deadlineMs?: number; circuitOpenMs?: number; callConcurrency?: number };
export type Caller = {
  channels: Channels;
  /** What they come to, see outcomeOf. */
  read(): Promise<string>;
  command(key: string): Promise<string>;
  /** The same as they are. */
  plain: { read(siteId?: string): Promise<{ name: string }>; command(key: string, name?: string): Promise<{ siteId: string }> };
};

/** The stand-in behind a real gRPC server, which callers reach through a proxy that can be told to fail. */
export async function siteBehindProxy(): Promise<BehindProxy> {
  const service = new StandInSite();
  const wire = await overHttp2({ services: service.services });
  const proxy = await startTcpProxy(Number(new URL(wire.server.url).port));
  const opened: Channels[] = [];
  return {
    wire,
    proxy,
    service,
    caller: ({ deadlineMs = 20_000, circuitOpenMs = 30_000, ...more } = {}) => {
      const peers = { site: new URL(through(wire.server.url, proxy)).origin };
      const channels = openChannels({ ...wire.reach, peers, callDeadlineMs: deadlineMs, edgeDeadlineMs: deadlineMs, circuitOpenMs, ...more });
      opened.push(channels);
      return { channels, ...callsOf(channels.clientsOf('api').site) };
    },
    stop: async () => {
      service.release();
      for (const channels of opened) channels.close();
      await proxy.stop();
      await wire.stop();
    },
  };
}

function callsOf(site: SiteClient) {
  const plain = {
    read: async (siteId = 's') => site.getSite({ ctx, input: { siteId } }),
    command: async (key: string, name = 'Site') => site.createSite({ ctx, key, input: { code: 'S', name, timezone: 'UTC' } }),
  };
  return { plain, read: () => outcomeOf(plain.read()), command: (key: string) => outcomeOf(plain.command(key)) };
}

/** `answer`, or the code of the refusal, after its class where that is not `unavailable`; anything else is thrown. */
export async function outcomeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'answer';
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return error.errorClass === 'unavailable' ? error.code : `${error.errorClass} ${error.code}`;
  }
}
