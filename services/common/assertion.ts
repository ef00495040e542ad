import { type CryptoKey, errors, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { contentHash } from '../../db/index.ts';
import { accessOf, type OperationId } from './authority/policy.ts';
import { type Ctx, ROLES, type User } from './context.ts';
import { DomainError } from './errors.ts';

const AUDIENCE = 'trial-enrollment/commands';
const TYPE = 'command+jwt';

/** How the person has proved to be there: 21 CFR 11.200(a)(1)(i) wants both components for the first signing of a session. */
export type Authentication = { authTime?: number; acr?: string; components: 'both' | 'one' };

/** What a person has asked for through the API, and the API answers for. */
export type Asserted = {
  actor: User;
  operation: OperationId;
  /** The enrollment; of a consent outside of one, the person. */
  about: string;
  /** The caller's idempotency key: one assertion is one command. */
  key: string;
  /** Keyed hash over operation, what it is about, and content. */
  contentHash: string;
  /** Codes of the content that a later step needs by themselves. */
  said?: Readonly<Record<string, string>>;
  /** Of a signature. */
  authentication?: Authentication;
  /** When the API took it, seconds since the epoch. */
  at: number;
};

export type AssertionSigner = (asserted: Omit<Asserted, 'at' | 'contentHash'> & { content: unknown }) => Promise<string>;
export type AssertionVerifier = (assertion: string) => Promise<Asserted | null>;

const claims = z.object({
  sub: z.string(),
  iat: z.number(),
  name: z.string(),
  role: z.enum(ROLES),
  operation: z.string().transform((name) => name as OperationId),
  about: z.string(),
  key: z.string(),
  contentHash: z.string(),
  said: z.record(z.string(), z.string()).optional(),
  authentication: z.object({ authTime: z.number().exactOptional(), acr: z.string().exactOptional(), components: z.enum(['both', 'one']) }).optional(),
});

/** What is hashed of a command: the same for whoever signs and whoever verifies. */
export function assertedHash(hashKey: Parameters<typeof contentHash>[0], of: { operation: OperationId; about: string; content: unknown }): string {
  return contentHash(hashKey, { operation: of.operation, about: of.about, content: of.content });
}

/** Signs as the API (Ed25519). Without an end: a step may be tried for months; what it may be used for is one command. */
export function assertionSigner(options: { privateKey: CryptoKey; hashKey: Uint8Array; clock: () => Date }): AssertionSigner {
  const { privateKey, hashKey, clock } = options;
  return ({ actor, operation, about, key, content, said, authentication }) =>
    new SignJWT({ name: actor.name, role: actor.role, operation, about, key, contentHash: assertedHash(hashKey, { operation, about, content }), said, authentication })
      .setProtectedHeader({ alg: 'EdDSA', typ: TYPE, kid: 'api' })
      .setIssuer('api')
      .setSubject(actor.id)
      .setAudience(AUDIENCE)
      .setIssuedAt(Math.floor(clock().getTime() / 1000))
      .sign(privateKey);
}

/** What an assertion says, or null when the API has signed it by none of these keys. */
export function assertionVerifier(publicKeys: readonly CryptoKey[]): AssertionVerifier {
  return async (assertion) => {
    for (const publicKey of publicKeys) {
      const asserted = await verifiedBy(publicKey, assertion);
      if (asserted) return asserted;
    }
    return null;
  };
}

async function verifiedBy(publicKey: CryptoKey, assertion: string): Promise<Asserted | null> {
  try {
    const { payload } = await jwtVerify(assertion, publicKey, { algorithms: ['EdDSA'], typ: TYPE, issuer: 'api', audience: AUDIENCE, requiredClaims: ['sub', 'iat'] });
    const { sub: id, iat: at, name, role, said, authentication, ...rest } = claims.parse(payload);
    return {
      ...rest,
      actor: { id, name, role },
      at,
      ...(said === undefined ? {} : { said }),
      ...(authentication === undefined ? {} : { authentication }),
    };
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof z.ZodError) return null;
    throw error;
  }
}

export const WHY_NOT_AUTHENTIC = ['missing', 'not_signed', 'other_command', 'other_person', 'other_content', 'not_allowed', 'replayed'] as const;
export type WhyNotAuthentic = (typeof WHY_NOT_AUTHENTIC)[number];

/** A command that nobody has given through the API: a message sent past it, changed, or sent twice. */
export function notAuthentic(why: WhyNotAuthentic): DomainError {
  return new DomainError('forbidden', 'command_not_authentic', 'This command was not given through the API by the person it names.', { details: { why } });
}

/** `content`: what the verb acts upon; by operation where the same verb serves several. */
type Expected = { ctx: Ctx; operations: readonly OperationId[]; about: string; content?: (operation: OperationId) => unknown };

/** Told of a command that is not authentic, before it is refused. */
export type OnMisuse = (misuse: { ctx: Ctx; about: string; operation: OperationId; why: WhyNotAuthentic }) => Promise<void>;

export type CommandCheck = {
  /**
   * Holds a command that comes by a workflow against its assertion: signed by the API, about this enrollment, by this person,
   * this content, by a role that may. Null for what comes another way, where the guard has been asked. Throws
   * `command_not_authentic`, with `why`, once that is noted.
   */
  check(expected: Expected): Promise<Asserted | null>;
};

export function commandCheck(options: { hashKey: Uint8Array; verify: AssertionVerifier; onMisuse: OnMisuse }): CommandCheck {
  const { hashKey, verify, onMisuse } = options;
  const judged = async ({ ctx, operations, about, content }: Expected): Promise<Asserted | WhyNotAuthentic> => {
    if (ctx.assertion === undefined) return 'missing';
    const asserted = await verify(ctx.assertion);
    if (!asserted) return 'not_signed';
    const { actor, operation } = asserted;
    if (!operations.includes(operation) || asserted.about !== about) return 'other_command';
    const who = ctx.actor.kind === 'workflow' ? ctx.actor.onBehalfOf : ctx.actor.kind === 'user' ? ctx.actor : null;
    if (who?.id !== actor.id || who.name !== actor.name || who.role !== actor.role) return 'other_person';
    if (['403', '404'].includes(accessOf(operation, actor.role))) return 'not_allowed';
    if (content && assertedHash(hashKey, { operation, about, content: content(operation) }) !== asserted.contentHash) return 'other_content';
    return asserted;
  };
  return {
    check: async (expected) => {
      const { ctx, operations, about } = expected;
      if (ctx.actor.kind !== 'workflow' && ctx.assertion === undefined) return null;
      const asserted = await judged(expected);
      if (typeof asserted !== 'string') return asserted;
      await onMisuse({ ctx, about, operation: operations[0]!, why: asserted });
      throw notAuthentic(asserted);
    },
  };
}
