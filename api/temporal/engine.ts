import type { Client } from '@temporalio/client';
import type { SearchAttributePair } from '@temporalio/common';
import { within } from '../../services/common/index.ts';
import type { Stage } from '../../workflows/consent-to-enrollment/types.ts';
import { searchAttributes } from '../../workflows/search-attributes.ts';
import type { TimingProfile } from '../../workflows/timing.ts';
import { LateError } from './errors.ts';

/** How long the API waits, in milliseconds. */
export type GatewayWaits = {
  /** For the answer of an Update, and for a Signal to be stored. */
  answerMs: number;
  /** For live details. */
  viewMs: number;
  /** For a started run to show up in Temporal's list, and between two looks. */
  visibleMs: number;
  lookEveryMs: number;
};

/** Temporal's client with the API's bounds on it. */
export type Engine = {
  client: Client;
  /** Given to each new run, which keeps it. */
  timing: TimingProfile;
  /** Where the REST API is reached, for the links in the Temporal UI. */
  publicUrl: string;
  waits: GatewayWaits;
  /** A hard bound, LateError beyond it: the client's own deadline does not cover its waits between retries. */
  within<T>(ms: number, work: () => Promise<T>): Promise<T>;
};

const WAITS: GatewayWaits = { answerMs: 2000, viewMs: 500, visibleMs: 2000, lookEveryMs: 50 };
/** Lets the client's own, better explained error come first. */
const GRACE_MS = 50;

export type EngineOptions = Omit<Engine, 'waits' | 'within'> & { waits?: Partial<GatewayWaits> };

export function temporalEngine({ waits, ...options }: EngineOptions): Engine {
  return {
    ...options,
    waits: { ...WAITS, ...waits },
    within: (ms, work) =>
      within(ms + GRACE_MS, options.client.withDeadline(Date.now() + ms, work), () => new LateError('no answer in time')),
  };
}

type Searchable = { enrollmentId: string; studyCode: string; siteCode: string; stage: Stage };

/** What a new run can be searched for by. */
export function searchAttributesOf({ enrollmentId, studyCode, siteCode, stage }: Searchable): SearchAttributePair[] {
  return [
    { key: searchAttributes.enrollmentId, value: enrollmentId },
    { key: searchAttributes.stage, value: stage },
    { key: searchAttributes.studyCode, value: studyCode },
    { key: searchAttributes.siteCode, value: siteCode },
    { key: searchAttributes.needsAttention, value: false },
  ];
}
