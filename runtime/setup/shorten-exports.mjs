// Runs after every `npm ci` (`postinstall`), on any Node from 20 on.
import { readFileSync, writeFileSync } from 'node:fs';

const PACKAGE = new URL('../../node_modules/drizzle-orm/package.json', import.meta.url);

// Node 24 parses the `exports` of a package anew for every module of it that it loads. Drizzle's name each file, 130 KB,
// and some 400 are loaded: a third of the time that a command of ours took. Kept is what is meant to be named.
const description = JSON.parse(readFileSync(PACKAGE, 'utf8'));
const kept = Object.entries(description.exports).filter(([name]) => name.split('/').length <= 2);
writeFileSync(PACKAGE, `${JSON.stringify({ ...description, exports: Object.fromEntries(kept) }, null, 2)}\n`);
