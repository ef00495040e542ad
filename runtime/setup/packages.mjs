import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { checkout, nodeModules, programNames, projectNode } from './checkout.mjs';
import { SetupError, reporting } from './report.mjs';

const TIMEOUT_MS = 15 * 60_000;
const OUTPUT_LIMIT_BYTES = 16 * 1024 * 1024;
const SHOWN_LINES = 12;
const OLDEST_NODE = 20;
const run = promisify(execFile);
const patches = join(checkout, 'runtime', 'setup', 'patches');
const stamp = join(nodeModules, '.set-up');

/** Whether node_modules was completed from just this package-lock.json and these patches, for this platform. */
export function packagesAreInstalled() {
  return existsSync(projectNode) && existsSync(stamp) && readFileSync(stamp, 'utf8') === expectedStamp();
}

/** `npm ci`; an interrupted one leaves no stamp and is repeated. */
export function installPackages() {
  return reporting('installing packages (npm ci)', async () => {
    const node = machineNode();
    const path = [dirname(node), ...foldersOnPath()].join(delimiter);
    const flags = ['--no-audit', '--no-fund', '--loglevel=error', '--include=dev', '--include=optional', '--ignore-scripts=false', '--engine-strict=false'];
    const { command, args } = npmCommand(node);
    try {
      const options = { cwd: checkout, env: { ...process.env, PATH: path }, timeout: TIMEOUT_MS, maxBuffer: OUTPUT_LIMIT_BYTES };
      await run(command, [...args, 'ci', ...flags], options);
    } catch (error) {
      throw new SetupError(`npm ci failed; mend what it says, then start again.\n${lastLines(error)}`);
    }
    if (!existsSync(projectNode)) throw new SetupError(`the package "node" has no binary for ${process.platform}-${process.arch}: use Linux or macOS.`);
    writeFileSync(stamp, expectedStamp());
  });
}

function expectedStamp() {
  const hash = createHash('sha256').update(readFileSync(join(checkout, 'package-lock.json')));
  // npm ci applies the patches, too.
  for (const name of readdirSync(patches).sort()) hash.update(name).update(readFileSync(join(patches, name)));
  return `${hash.digest('hex')} ${process.platform}-${process.arch}\n`;
}

function lastLines({ stderr, message }) {
  return (stderr?.trim() || message).split('\n').slice(-SHOWN_LINES).join('\n');
}

/** PATH without the checkout's own node_modules/.bin, which npm puts in front and `npm ci` deletes under our feet. */
function foldersOnPath() {
  return (process.env.PATH ?? '').split(delimiter).filter((folder) => folder && !folder.startsWith(nodeModules));
}

/** A Node from outside node_modules, where there is one. */
function machineNode() {
  const candidates = foldersOnPath().flatMap((folder) => programNames('node').map((name) => join(folder, name)));
  return candidates.find((path) => existsSync(path) && isNewEnough(path)) ?? process.execPath;
}

function isNewEnough(node) {
  try {
    return Number(execFileSync(node, ['-p', 'process.versions.node.split(".")[0]'], { encoding: 'utf8', timeout: 5_000 })) >= OLDEST_NODE;
  } catch {
    // Not a Node that runs here.
    return false;
  }
}

/** The very npm that runs us, else the one on PATH. */
function npmCommand(node) {
  const script = process.env.npm_execpath;
  if (script && basename(script) === 'npm-cli.js' && existsSync(script)) return { command: node, args: [script] };
  return { command: 'npm', args: [] };
}
