/** The Temporal binary to use: the one on PATH when it is 1.9 or later, else the one in a cache, else undefined. */
export function findTemporalBinary(): Promise<{ path: string; source: 'PATH' | 'cache' } | undefined>;
