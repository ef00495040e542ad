import type { ProtocolBody } from '../protocol-schema.ts';

type Randomisation = NonNullable<ProtocolBody['randomisation']>;

/**
 * The stratum that these levels (and the site, where the protocol stratifies by it) belong to, by its key; null when
 * the levels are not exactly those that the protocol asks for.
 */
export function stratumKey({ strata, bySite }: Pick<Randomisation, 'strata' | 'bySite'>, of: { levels: Record<string, string>; siteId: string }): string | null {
  const { levels, siteId } = of;
  if (Object.keys(levels).length !== strata.length) return null;
  const parts: string[] = [];
  for (const { code, levels: known } of strata) {
    const level = Object.hasOwn(levels, code) ? levels[code] : undefined;
    if (level === undefined || !known.includes(level)) return null;
    parts.push(`${code}=${level}`);
  }
  return [...parts, ...(bySite ? [`site=${siteId}`] : [])].join('/');
}

/** The keys of every stratum there can be; with `bySite` those of this site. At most a thousand (the protocol's schema). */
export function allStratumKeys({ strata, bySite }: Pick<Randomisation, 'strata' | 'bySite'>, siteId: string | null): string[] {
  const combinations = strata.reduce<string[][]>(
    (known, { code, levels }) => known.flatMap((parts) => levels.map((level) => [...parts, `${code}=${level}`])),
    [[]],
  );
  return combinations.map((parts) => [...parts, ...(bySite ? [`site=${siteId}`] : [])].join('/'));
}
