/** Two neighbouring steps of a function, exchanged in its source. */
export type Swap = { name: string; source: string };

/** What takes effect outside, or says what has: everything else a function does is bookkeeping between two such steps. */
const STEP = /await |\.begin\(|\.enter\(|\bundo\(/;
const BODY_INDENT = /^ {2}(?=[^\s}])/;

/** Every way to exchange two neighbouring steps of the function `name` in `source`; what stands between them stays. */
export function neighbourSwaps(source: string, name: string): Swap[] {
  const lines = source.split('\n');
  const head = lines.findIndex((line) => line.startsWith(`async function ${name}(`));
  if (head < 0) throw new Error(`there is no function ${name}`);
  const end = lines.findIndex((line, at) => at > head && line === '}');
  const statements = statementsOf(lines.slice(head + 1, end));
  const steps = statements.flatMap((text, at) => (STEP.test(text) ? [at] : []));
  return steps.slice(1).map((second, at) => {
    const first = steps[at] ?? 0;
    const swapped = statements.with(first, statements[second] ?? '').with(second, statements[first] ?? '');
    const changed = [...lines.slice(0, head + 1), ...swapped, ...lines.slice(end)].join('\n');
    return { name: `${name}: ${label(statements[first])} ⇄ ${label(statements[second])}`, source: changed };
  });
}

/** The statements of a body that is formatted as ours are: each begins at the body's indentation. */
function statementsOf(body: string[]): string[] {
  const statements: string[] = [];
  for (const line of body) {
    if (BODY_INDENT.test(line) || statements.length === 0) statements.push(line);
    else statements[statements.length - 1] += `\n${line}`;
  }
  return statements;
}

function label(statement = ''): string {
  const code = statement.split('\n').find((line) => STEP.test(line)) ?? statement;
  return code.trim().replace(/;$/, '').slice(0, 60);
}
