// Runs a part of the tests and ends with the line `N passed, N failed`: `node test/run.mjs [slow|split] [files …]`.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What is run on the whole system: each guarantee has to hold as well for parts that reach each other over HTTP/2. */
const OF_THE_SYSTEM = ['concealment', 'enrollment', 'faults', 'once', 'outages', 'races', 'randomisation', 'time', 'walks'].map((dir) => `test/${dir}`);

const usual = (files) => ({ args: files });
const slow = (files) => ({ args: ['--config', 'vitest.slow.config.ts', ...files] });
const split = (files) => ({ args: files, env: { TOPOLOGY: 'split' } });

const [kind, ...files] = process.argv.slice(2);
const all = partsOf().map(run);
const sum = (what) => all.reduce((total, counts) => total + counts[what], 0);
const [passed, failed, skipped] = [sum('passed'), sum('failed'), sum('skipped')];
for (const { failures } of all) for (const failure of failures) console.log(failure);
console.log(`${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);

function partsOf() {
  if (kind === 'split') return [split(files.length > 0 ? files : OF_THE_SYSTEM)];
  if (kind !== 'slow') return [usual(process.argv.slice(2))];
  return files.length > 0 ? [slow(files)] : [slow([]), split(OF_THE_SYSTEM)];
}

function run({ args, env = {} }) {
  const dir = mkdtempSync(join(tmpdir(), 'trial-enrollment-run-'));
  const report = join(dir, 'report.json');
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  // Many tests start processes of the application: each would read and strip its files anew.
  const { status } = spawnSync(process.execPath, [vitest, 'run', ...args, ...reporters], { cwd: root, stdio: 'inherit', env: { ...process.env, NODE_COMPILE_CACHE: join(dir, 'compiled'), ...env } });
  const counts = countsOf(report, status);
  rmSync(dir, { recursive: true, force: true });
  return counts;
}

function countsOf(report, status) {
  try {
    const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(readFileSync(report, 'utf8'));
    // A file that does not even load counts as one failure, and so does whatever else made the run fail.
    const broken = testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length;
    return { passed: numPassedTests, failed: numFailedTests + broken || (status === 0 ? 0 : 1), skipped: numPendingTests, failures: failuresOf(testResults) };
  } catch {
    return { passed: 0, failed: 1, skipped: 0, failures: [] };
  }
}

/** Said again at the end, each in a line, so that the end of a long log is enough to know what failed. */
function failuresOf(testResults) {
  const line = (...parts) => `FAILED ${parts.join(' ')}`.replaceAll(/\s+/g, ' ').slice(0, 800);
  return testResults.filter((file) => file.status === 'failed').flatMap((file) => {
    const name = relative(root, file.name);
    const tests = file.assertionResults.filter((test) => test.status === 'failed');
    return tests.length === 0 ? [line(name, file.message ?? '')] : tests.map((test) => line(name, '>', test.fullName, '|', ...test.failureMessages));
  });
}
