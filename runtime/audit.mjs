// `npm run audit`: known weaknesses of what is delivered, where an advisory service can be reached. Not part of the tests.
import { spawnSync } from 'node:child_process';

const { status, stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
const report = parsed(stdout);
if (!report?.metadata) {
  console.error('audit: the registry at hand has no advisory service, or can\'t be reached. Nothing was checked; run it where registry.npmjs.org is reachable.');
  process.exit(2);
}
const found = Object.values(report.vulnerabilities ?? {});
for (const { name, severity, range, fixAvailable } of found) console.log(`${severity}: ${name} ${range}${fixAvailable ? ' (an update is there)' : ''}`);
console.log(`${found.length} known weaknesses in what is delivered`);
process.exit(status === 0 ? 0 : 1);

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
