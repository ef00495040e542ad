import { readFileSync } from 'node:fs';

/** A chapter of docs/runbook.md: the commands of its blocks, as arguments of the command line. */
export type Chapter = { title: string; form: string | null; look: string[][]; heal: string[][]; proof: string[][] };

const TEXT = readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8');

/** Every chapter, in order. */
export const CHAPTERS: readonly Chapter[] = TEXT.split(/^## /m).slice(1).map((text) => {
  const title = text.slice(0, text.indexOf('\n'));
  return { title, form: /\(`(\w+)`\)$/.exec(title)?.[1] ?? null, look: commandsOf(text, 'look'), heal: commandsOf(text, 'heal'), proof: commandsOf(text, 'proof') };
});

/** The chapter of a form, or the one whose title begins so. */
export function chapter(named: string): Chapter {
  const found = CHAPTERS.find(({ form, title }) => form === named || title.startsWith(named));
  if (!found) throw new Error(`docs/runbook.md has no chapter ${named}`);
  return found;
}

/** Puts in what the runbook leaves open. */
export function filledIn(commands: readonly string[][], values: Record<string, string>): string[][] {
  return commands.map((args) => args.map((arg) => values[arg] ?? arg));
}

function commandsOf(text: string, kind: string): string[][] {
  const blocks = [...text.matchAll(new RegExp(`^\`\`\`sh ${kind}\\n([^]*?)^\`\`\``, 'gm'))].map(([, block = '']) => block);
  return blocks.flatMap((block) => block.trim().split('\n')).map((line) => {
    const [, rest] = /^npm run ops -- (.+)$/.exec(line) ?? [];
    if (rest === undefined) throw new Error(`the runbook says what is no command of ours: ${line}`);
    return [...rest.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, bare]) => double ?? single ?? bare ?? '');
  });
}
