import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { keptPort } from '../../runtime/embedded/free-port.ts';
import { startReadOnlyUi } from '../../runtime/embedded/read-only-ui.ts';
import { savedLists } from '../../runtime/saved-lists/lists.ts';
import { dataFolder, endApps, printed, startApp } from '../start/app-process.ts';

/**
 * `npm run screenshots`: starts the whole system with its demonstration cohort in a folder of its own, opens the
 * Temporal UI, read only as in production, in Debian's chromium (`CHROMIUM` names another one), and keeps what
 * coordinators see in docs/images/. Look at what came out: the texts are for people.
 */
const IMAGES = fileURLToPath(new URL('../../docs/images/', import.meta.url));
const RUNS = '/namespaces/default/workflows';
/** What a coordinator adds to the list once in the browser, where they are kept; there is no link for it. */
const COLUMNS = ['Status', 'Workflow ID', 'SiteCode', 'EnrollmentStage', 'Awaiting', 'AwaitedUntil', 'StuckStep', 'EnrollmentOutcome'];
const LIST = { width: 1960, height: 860 };
const CASE = { width: 1360, height: 1180 };
/** Pixels of the menu on the left. */
const NAVIGATION = 260;
/** The timeline stands below arguments and result, which are sealed. */
const TIMELINE = { width: 1280, height: 1560 };

const folder = dataFolder();
let browser: Browser | undefined;
let readOnly: { stop(): Promise<void> } | undefined;
try {
  await mkdir(IMAGES, { recursive: true });
  const port = await keptPort();
  const app = await startApp({ dataDir: folder.path, args: [], env: { TEMPORAL_UI_ORIGINS: `http://127.0.0.1:${port}` } });
  await printed(app, 'Stop with Ctrl-C');
  const shown = await startReadOnlyUi({ port, uiUrl: `http://127.0.0.1:${app.uiPort}` });
  readOnly = shown;
  browser = await chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium' });
  const page = await browser.newPage({ colorScheme: 'light', timezoneId: 'UTC', locale: 'en-GB', baseURL: shown.url });
  await page.addInitScript(`localStorage.setItem('namespace-workflow-table-columns', '${JSON.stringify({ default: COLUMNS.map((label) => ({ label })) })}')`);
  await list(page);
  await casePage(page, { name: 'case', query: 'Awaiting = "eligibility"', until: 'eligibility signature from' });
  await casePage(page, { name: 'parked-case', query: 'NeedsAttention = true', until: 'Needs an operator' });
  await timeline(page, { name: 'compensated-timeline', query: 'EnrollmentOutcome = "voided"', until: 'UNDO: release the slot' });
  await timeline(page, { name: 'parked-timeline', query: 'NeedsAttention = true', until: 'Next round of: notices' });
} finally {
  await browser?.close();
  await readOnly?.stop();
  await endApps();
  folder.remove();
}

type Shot = { name: string; query: string; until: string };

async function list(page: Page): Promise<void> {
  await page.setViewportSize(LIST);
  const [all] = savedLists({ now: new Date(), siteCode: '' });
  await page.goto(all?.path ?? RUNS);
  await page.getByText('screen_failed').waitFor();
  await keep(page, 'list');
}

async function casePage(page: Page, { name, query, until }: Shot): Promise<void> {
  await page.setViewportSize(CASE);
  await page.goto(`${await runOf(page, query)}/user-metadata`);
  await page.frameLocator('iframe').last().getByText(until).waitFor();
  await keep(page, name);
}

async function timeline(page: Page, { name, query, until }: Shot): Promise<void> {
  await page.setViewportSize(TIMELINE);
  await page.goto(`${await runOf(page, query)}/timeline`);
  await page.getByText(until).first().waitFor();
  const top = (await page.getByText('Timeline', { exact: true }).last().boundingBox())?.y ?? 0;
  await keep(page, name, { x: NAVIGATION, y: top - 20, width: TIMELINE.width - NAVIGATION, height: TIMELINE.height - top + 20 });
}

/** The case page of the first run that the query finds. */
async function runOf(page: Page, query: string): Promise<string> {
  const answer = await page.request.get(`/api/v1${RUNS}?query=${encodeURIComponent(query)}`);
  const { executions } = (await answer.json()) as { executions: { execution: { workflowId: string; runId: string } }[] };
  const { workflowId = '', runId = '' } = executions[0]?.execution ?? {};
  return `${RUNS}/${encodeURIComponent(workflowId)}/${runId}`;
}

async function keep(page: Page, name: string, clip?: { x: number; y: number; width: number; height: number }): Promise<void> {
  // Pictures and frames of text settle a moment after they are there.
  await page.waitForTimeout(1500);
  await page.screenshot({ path: `${IMAGES}${name}.png`, ...(clip ? { clip } : {}) });
  console.log(`docs/images/${name}.png`);
}
