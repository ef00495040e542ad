/** How a command ends: it did what was asked; it could not, or found something wrong; it was asked wrongly. */
export const EXIT = { done: 0, failed: 1, usage: 2 } as const;

export type Output = {
  /** The result, once, at the end: a JSON line with `--json`, otherwise the text. */
  result(value: Record<string, unknown>, text: string): void;
  /** How far a long work has come; on a terminal only. */
  progress(text: string): void;
};

export function output({ json }: { json: boolean }): Output {
  return {
    result: (value, text) => console.log(json ? JSON.stringify(value) : text),
    progress: (text) => {
      if (process.stderr.isTTY) process.stderr.write(`\r\u001b[2K${text}`);
    },
  };
}
