// Real: PostgreSQL, Temporal, the processes and the kill. Stand-in: a small host process instead of the whole application.
import { execFileSync } from 'node:child_process';
import { Client, Connection } from '@temporalio/client';
import postgres from 'postgres';
import { describe, expect, it } from 'vitest';
import { processStartTime } from '../../runtime/setup/process-identity.mjs';
import { afterwards, closedFolder, msUntilGone, startHost } from './host.ts';

const TIMEOUT = { timeout: 30_000 };

describe('when the process is killed with kill -9', () => {
  it('should keep what PostgreSQL and Temporal had acknowledged, and leave no child after 5 s', TIMEOUT, async () => {
    const dataDir = closedFolder();
    const first = await startHost({ dataDir, servers: ['postgres', 'temporal', 'durable'] });
    await write(first.postgres?.url);
    await startWorkflow(first.temporal?.address);
    await first.kill();
    const gone = await Promise.all([first.postgres, first.temporal].map((server) => msUntilGone(server?.pid ?? 0)));
    expect(Math.max(...gone)).toBeLessThan(5_000);

    const second = await startHost({ dataDir, servers: ['postgres', 'temporal'] });
    expect(await read(second.postgres?.url)).toEqual([{ note: 'kept' }]);
    expect(await workflowStatus(second.temporal?.address)).toBe('RUNNING');
  });

  it('should take over the servers that still run at the next start', TIMEOUT, async () => {
    const dataDir = closedFolder();
    const first = await startHost({ dataDir, servers: ['postgres', 'temporal'] });
    await write(first.postgres?.url);
    suspendWarden(first.pid);
    await first.kill();
    const leftovers = [first.postgres?.pid ?? 0, first.temporal?.pid ?? 0];
    expect(leftovers.map(processStartTime)).toEqual([expect.any(String), expect.any(String)]);
    const second = await startHost({ dataDir, servers: ['postgres', 'temporal'] });
    expect(leftovers.map(processStartTime)).toEqual([undefined, undefined]);
    expect(await read(second.postgres?.url)).toEqual([{ note: 'kept' }]);
  });

  it('should start again after the servers themselves were killed', TIMEOUT, async () => {
    const dataDir = closedFolder();
    const first = await startHost({ dataDir, servers: ['postgres', 'temporal'] });
    await write(first.postgres?.url);
    await startWorkflow(first.temporal?.address);
    for (const server of [first.postgres, first.temporal]) process.kill(server?.pid ?? 0, 'SIGKILL');
    await first.kill();
    const second = await startHost({ dataDir, servers: ['postgres', 'temporal'] });
    expect(await read(second.postgres?.url)).toEqual([{ note: 'kept' }]);
    expect(await workflowStatus(second.temporal?.address)).toBe('RUNNING');
  });
});

/** As if the warden had been killed together with its parent. */
function suspendWarden(parent: number | undefined) {
  const processes = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,command='], { encoding: 'utf8' }).split('\n');
  const line = processes.find((text) => text.includes('warden.mjs') && Number(text.trim().split(/\s+/)[1]) === parent);
  const pid = Number(line?.trim().split(/\s+/)[0]);
  process.kill(pid, 'SIGSTOP');
  afterwards(() => void process.kill(pid, 'SIGKILL'));
}

function connect(url = '') {
  const sql = postgres(url, { max: 1 });
  afterwards(() => sql.end({ timeout: 0 }));
  return sql;
}

async function write(url: string | undefined) {
  const sql = connect(url);
  await sql`create table notes (note text)`;
  await sql`insert into notes values ('kept')`;
  await sql.end();
}

async function read(url: string | undefined) {
  return [...(await connect(url)`select note from notes`)];
}

async function temporalClient(address = '') {
  const connection = await Connection.connect({ address });
  afterwards(() => connection.close());
  return new Client({ connection });
}

async function startWorkflow(address: string | undefined) {
  const client = await temporalClient(address);
  await client.workflow.start('unattended', { workflowId: 'kept', taskQueue: 'nobody' });
}

async function workflowStatus(address: string | undefined) {
  const client = await temporalClient(address);
  return (await client.workflow.getHandle('kept').describe()).status.name;
}
