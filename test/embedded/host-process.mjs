// A process that starts embedded servers, says so on stdout, and is then killed by the test.
// argv: the data folder, then which servers.
import { lockInstance } from '../../runtime/embedded/instance-lock.ts';

const [dataDir, ...servers] = process.argv.slice(2);
try {
  lockInstance(dataDir);
  const started = {};
  if (servers.includes('postgres')) {
    const { startPostgres } = await import('../../runtime/embedded/postgres.ts');
    const { url, pid } = await startPostgres({ dataDir: `${dataDir}/postgres`, settings: { fsync: 'off' }, log: `${dataDir}/postgres.log` });
    started.postgres = { url, pid };
  }
  if (servers.includes('temporal')) {
    const { startTemporal } = await import('../../runtime/embedded/temporal.ts');
    const { address, pid } = await startTemporal({ dbFile: `${dataDir}/temporal.db`, searchAttributes: { StudyCode: 'Keyword' } });
    started.temporal = { address, pid };
  }
  console.log(JSON.stringify(started));
  // Keeps the process alive when no server does; the test's own end closes stdin.
  process.stdin.resume().on('end', () => process.exit());
} catch (error) {
  console.log(JSON.stringify({ error: { code: error.code, pid: error.pid, message: error.message } }));
  process.exit(1);
}
