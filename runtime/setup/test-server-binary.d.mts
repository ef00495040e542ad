/** Temporal's time-skipping test server in a cache, else undefined. */
export function findTestServer(): string | undefined;
