import { z } from 'zod';
import { code, id, instant, text } from '../common/index.ts';

function isTimezone(value: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: value }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** A time zone by its IANA name, such as `Asia/Shanghai`; bare offsets are refused, they know no daylight saving. */
export const timezone = z
  .string()
  .max(64)
  .regex(/^[A-Za-z][\w+/-]*$/, 'an IANA time zone such as Asia/Shanghai')
  .refine(isTimezone, 'an IANA time zone such as Asia/Shanghai');

/** Body of POST /sites. */
export const createSiteInput = z.strictObject({ code, name: text(200), address: text(500).optional(), timezone });
export type CreateSite = z.output<typeof createSiteInput>;

/** Body of POST /studies/{studyId}/sites; the study's id comes from the path. */
export const activationBody = z.strictObject({
  siteId: id,
  /** How many participants the site may take at once, reserved and confirmed together. */
  cap: z.number().int().min(1).max(100_000),
  protocolVersion: text(40),
  ethicsApprovedAt: instant,
});
export type ActivateSite = z.output<typeof activationBody> & { studyId: string };

/** An institution. */
export type Site = {
  /** The same as `siteId`: what lists page by. */
  id: string;
  siteId: string;
  code: string;
  name: string;
  address: string | null;
  timezone: string;
  createdAt: string;
};

export type Approval = { protocolVersion: string; ethicsApprovedAt: string };

/** A site's part in a study: its cap, what is taken of it, and the protocol versions approved there (newest first). */
export type Activation = {
  activationId: string;
  studyId: string;
  siteId: string;
  site: { code: string; name: string; timezone: string };
  cap: number;
  reserved: number;
  confirmed: number;
  approvals: Approval[];
};
