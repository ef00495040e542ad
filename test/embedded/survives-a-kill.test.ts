// Real: PostgreSQL, Temporal, the processes and the kill. Stand-in: a small host process instead of the whole application.
import { execFileSync } from 'node:child_process';
import { Client, Connection } from '@temporalio/client';
import postgres from 'postgres';
import { describe, expect, it } from 'vitest';
import { processStartTime } from '../../runtime/setup/process-identity.mjs';
import { afterwards, closedFolder, msUntilGone, startHost } from './host.ts';

const SERVERS = ['postgres', 'temporal'];

describe('what PostgreSQL and Temporal had acknowledged', () => {
  // One data folder through three kills: making a new one for each costs more than all the rest.
  it('should outlive kill -9 of the process, of the servers, and of process and warden together', { timeout: 60_000 }, async () => {
    const dataDir = closedFolder();
    const first = await startHost({ dataDir, servers: SERVERS });
    await write(first.postgres?.url);
    await startWorkflow(first.temporal?.address);

    await first.kill();
    const gone = await Promise.all(serverPids(first).map(msUntilGone));
    expect(Math.max(...gone), 'children end within 5 s').toBeLessThan(5_000);

    const second = await startHost({ dataDir, servers: SERVERS });
    expect(await whatIsKept(second)).toEqual({ notes: ['kept'], workflow: 'RUNNING' });
    for (const pid of serverPids(second)) process.kill(pid, 'SIGKILL');
    await second.kill();

    const third = await startHost({ dataDir, servers: SERVERS });
    suspendWarden(third.pid);
    await third.kill();
    expect(serverPids(third).map(processStartTime), 'they still run').toEqual([expect.any(String), expect.any(String)]);

    const fourth = await startHost({ dataDir, servers: SERVERS });
    expect(serverPids(third).map(processStartTime), 'they were taken over').toEqual([undefined, undefined]);
    expect(await whatIsKept(fourth)).toEqual({ notes: ['kept'], workflow: 'RUNNING' });
  });
});

type Host = Awaited<ReturnType<typeof startHost>>;

function serverPids({ postgres: database, temporal }: Host) {
  return [database?.pid ?? 0, temporal?.pid ?? 0];
}

async function whatIsKept({ postgres: database, temporal }: Host) {
  return { notes: await read(database?.url), workflow: await workflowStatus(temporal?.address) };
}

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
  const rows = await connect(url)<{ note: string }[]>`select note from notes`;
  return rows.map(({ note }) => note);
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
