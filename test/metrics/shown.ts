/** A series as it is shown: its name, its labels, its value. */
export type Series = { name: string; labels: Record<string, string>; value: number };

/** What a look at the metrics shows. */
export type Shown = {
  text: string;
  series: readonly Series[];
  /** The sum of the series of this name that have these labels; 0 when there is none. */
  sum(name: string, labels?: Record<string, string>): number;
};

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*?)\})? (\S+)(?: # .*)?$/;

/** Reads the text formats. Throws on a line that is none of theirs. */
export function shownIn(text: string): Shown {
  const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).map(seriesOf);
  return {
    text,
    series,
    sum: (name, labels = {}) =>
      series
        .filter((one) => one.name === name && Object.entries(labels).every(([label, value]) => one.labels[label] === value))
        .reduce((total, { value }) => total + value, 0),
  };
}

function seriesOf(line: string): Series {
  const [, name, labels = '', value] = LINE.exec(line) ?? [];
  if (name === undefined) throw new Error(`not a series: ${line}`);
  return { name, labels: Object.fromEntries([...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label = '', text = '']) => [label, text])), value: Number(value) };
}

/** What a process shows at the front door. */
export async function look(url: string, path = '/metrics', accept = 'text/plain'): Promise<Shown> {
  const answer = await fetch(`${url}${path}`, { headers: { accept } });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return shownIn(await answer.text());
}
