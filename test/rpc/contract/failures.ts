/** What a caller may learn of an error: everything but its cause and stack. */
export async function failureOf(call: Promise<unknown>) {
  try {
    await call;
  } catch (error) {
    const { name, message, code, errorClass, publicText, retryable, details } = error as Record<string, unknown>;
    return { type: (error as object).constructor, name, message, code, errorClass, publicText, retryable, details };
  }
  throw new Error('was not refused');
}
