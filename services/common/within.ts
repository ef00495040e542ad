/**
 * What `work` comes to, or the error of `late` once `ms` have passed. The work itself is not stopped: it may still
 * take effect, and a failure that comes after the bound is swallowed.
 */
export async function within<T>(ms: number, work: Promise<T>, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const bound = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), ms);
  });
  try {
    return await Promise.race([work, bound]);
  } finally {
    clearTimeout(timer);
  }
}
