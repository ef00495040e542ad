import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import type { TestProject } from 'vitest/node';
import { migrateService } from '../../db/migrate.ts';
import { ownerOf, provision, roleOf, SERVICES, type ServiceName } from '../../db/provision.ts';
import { startPostgres } from '../../runtime/embedded/postgres.ts';
import { buildWorkflowBundle } from '../../runtime/workflow-bundle.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    adminUrl: string;
    template: string;
    workflowBundlePath: string;
    passwords: Record<ServiceName, string>;
  }
}

/** One real PostgreSQL for the run, and in it a migrated template that each test file copies. */
export default async function globalSetup(project: TestProject): Promise<() => Promise<void>> {
  const dir = await mkdtemp(join(tmpdir(), 'trial-enrollment-test-'));
  const server = await startPostgres({
    dataDir: join(dir, 'postgres'),
    // The data of a test need not outlive a power cut.
    settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' },
    log: join(dir, 'postgres.log'),
  });
  const passwords = Object.fromEntries(SERVICES.map((name) => [name, randomBytes(12).toString('hex')])) as Record<
    ServiceName,
    string
  >;
  const sql = postgres(server.url, { max: 1, onnotice: () => undefined });
  await sql`create database template_trial`;
  await sql.end();
  const template = new URL(server.url);
  template.pathname = '/template_trial';
  await provision(template.href, passwords);
  await Promise.all(SERVICES.map((name) => migrateService(name, { url: template.href, owner: ownerOf(name), role: roleOf(name) })));
  project.provide('adminUrl', server.url);
  project.provide('template', 'template_trial');
  project.provide('passwords', passwords);
  project.provide('workflowBundlePath', await buildWorkflowBundle());
  return async () => {
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  };
}
