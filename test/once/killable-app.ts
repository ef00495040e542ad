import { Client, Connection } from '@temporalio/client';
import { setTimeout as delay } from 'node:timers/promises';
import postgres from 'postgres';
import type { DevIssuer } from '../../runtime/dev-issuer.ts';
import { type Mailbox, startMailbox } from '../../runtime/embedded/mailbox.ts';
import type { Part } from '../../runtime/part.ts';
import { type AppProcess, childOf, databaseUrl, dataFolder, embeddedServers, gone, issuerOf, startApp } from '../start/app-process.ts';
import { fileKeyRing } from '../../db/encryption/key-ring.ts';
import { keyFiles } from '../../runtime/keys.ts';
import { dataConverterOf } from '../../runtime/temporal-codec/data-converter.ts';

/** The shape of production, in a hurry: what was under way at a kill is tried again after 3 s. */
const TIMING = { STEP_ATTEMPT_MS: '3000', STEP_RETRY_INITIAL_MS: '50', STEP_RETRY_MAXIMUM_MS: '500', STEP_ATTEMPTS: '20', STEP_ROUND_MS: '1000', CIRCUIT_OPEN_MS: '2000' };

type Inside = { app: AppProcess; issuer: DevIssuer; sql: postgres.Sql; client: Client };

/** An application of its own that is killed and started again on the same data. */
export class KillableApp {
  readonly #data = dataFolder();
  readonly #args: string[];
  #inside: Inside | null = null;

  constructor({ args = [] }: { args?: string[] } = {}) {
    this.#args = [...args, '--empty'];
  }

  async start(): Promise<void> {
    const dataDir = this.#data.path;
    const app = await startApp({ dataDir, args: this.#args, env: TIMING });
    const connection = await Connection.connect({ address: embeddedServers(app).temporalAddress });
    this.#inside = {
      app,
      issuer: await issuerOf(dataDir),
      sql: postgres(databaseUrl(dataDir), { max: 3, onnotice: () => undefined }),
      client: new Client({ connection, dataConverter: dataConverterOf(fileKeyRing(keyFiles(dataDir).payloadKeys)) }),
    };
  }

  /**
   * `kill -9`, and the next start. Its servers are `left` (taken over by that start, or ended by the warden meanwhile),
   * `awaited` (until the warden has ended them), or `killed` in the same moment.
   */
  async killAndStart({ servers = 'awaited' }: { servers?: 'left' | 'awaited' | 'killed' } = {}): Promise<void> {
    const { app } = this.#running();
    const embedded = embeddedServers(app);
    app.kill('SIGKILL');
    if (servers === 'killed') for (const pid of [embedded.postgres, embedded.temporal]) process.kill(pid, 'SIGKILL');
    await this.#close();
    if (servers !== 'left') for (const pid of [embedded.postgres, embedded.temporal]) await gone(pid);
    await this.start();
  }

  /** `kill -9` of one part of a split system, which starts it again; returns when it is ready. */
  async killPart(part: Part, meanwhile: () => Promise<void> = async () => undefined): Promise<void> {
    const { app } = this.#running();
    const readies = () => app.stdout().split(`ready ${part} `).length;
    const before = readies();
    process.kill(childOf(app, part === 'api' ? /runtime\/main\.ts api$/ : new RegExp(`runtime/main\\.ts worker --service ${part}$`)).pid, 'SIGKILL');
    await meanwhile();
    const deadline = Date.now() + 60_000;
    while (readies() === before) {
      if (Date.now() > deadline) throw new Error(`${part} is not started again: ${app.stderr()}`);
      await delay(20);
    }
  }

  async remove(): Promise<void> {
    if (this.#inside) {
      const { app } = this.#inside;
      const embedded = embeddedServers(app);
      app.kill('SIGKILL');
      await this.#close();
      await Promise.all([gone(embedded.postgres), gone(embedded.temporal)]);
    }
    this.#data.remove();
  }

  /** What the scenario and the invariants reach it by: always the process that runs now. */
  get url(): string {
    return this.#running().app.url;
  }
  get issuer(): DevIssuer {
    return this.#running().issuer;
  }
  get database(): { sql: postgres.Sql } {
    return this.#running();
  }
  get system(): { client: Client } {
    return this.#running();
  }
  get mailbox(): Pick<Mailbox, 'messages'> {
    // A second mailbox on the folder, opened for one look: it knows what lay there at its start, and nothing is sent to it.
    const look = async (limit?: number) => {
      const mailbox = await startMailbox({ dir: `${this.#data.path}/mailbox` });
      const messages = await mailbox.messages(limit);
      await mailbox.stop();
      return messages;
    };
    return { messages: look };
  }

  #running(): Inside {
    if (!this.#inside) throw new Error('the application is not running');
    return this.#inside;
  }

  async #close(): Promise<void> {
    const { app, sql, client } = this.#running();
    this.#inside = null;
    await Promise.all([app.exit(), sql.end({ timeout: 0 }), client.connection.close()]);
  }
}
