// Makes a checkout ready to run: packages, the Temporal binary, the workflow bundle. Runs before anything is installed,
// on any Node from 20 on (so: plain JavaScript), before every start and every test; does nothing when all is in place.
// With `--for-tests` also Temporal's time-skipping test server.
const OLDEST_NODE = 20;

if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
  console.error(`set-up: Node ${process.versions.node} is too old: install Node ${OLDEST_NODE} or later from https://nodejs.org, then start again.`);
  process.exit(1);
}

// Loaded only now: an older Node might not even read them.
const { setUp } = await import('./setup/set-up.mjs');
process.exit(await setUp({ forTests: process.argv.includes('--for-tests') }));
